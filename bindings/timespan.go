package bindings

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// timeSpan is the form of durations in host.json and function.json.
var timeSpan = regexp.MustCompile(`^\s*(-)?(?:(\d{1,7})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?\s*$`)

// maxDays keeps a time span within what a time.Duration holds.
const maxDays = 100_000

// ParseTimeSpan reads a duration as .NET writes it: [d.]hh:mm[:ss[.fffffff]]. Its error says what to write instead.
func ParseTimeSpan(text string) (time.Duration, error) {
	m := timeSpan.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is not a time span; write it as [d.]hh:mm:ss[.fff], such as 00:05:00", text)
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(m[i]) // the pattern lets only digits through; none is 0
		return n
	}
	if number(3) > 23 || number(4) > 59 || number(5) > 59 {
		return 0, fmt.Errorf("%q is not a time span: hours go to 23, minutes and seconds to 59; days stand before a dot, as in 1.00:00:00", text)
	}
	if number(2) > maxDays {
		return 0, fmt.Errorf("%q is longer than %d days", text, maxDays)
	}
	seconds := ((number(2)*24+number(3))*60+number(4))*60 + number(5)
	ticks, _ := strconv.Atoi((m[6] + "0000000")[:7])
	const tick = 100 * time.Nanosecond
	d := time.Duration(seconds)*time.Second + time.Duration(ticks)*tick
	if m[1] != "" {
		d = -d
	}
	return d, nil
}
