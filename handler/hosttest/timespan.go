package hosttest

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var timeSpan = regexp.MustCompile(`^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$`)

// parseTimeSpan reads hh:mm:ss with days before and fractions behind.
func parseTimeSpan(s string) (time.Duration, error) {
	m := timeSpan.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a time span, such as 00:00:30", s)
	}
	part := func(i int) int {
		n, _ := strconv.Atoi("0" + m[i]) // digits only
		return n
	}
	const hoursADay, minutesAnHour, secondsAMinute = 24, 60, 60
	seconds := ((part(2)*hoursADay+part(3))*minutesAnHour+part(4))*secondsAMinute + part(5)
	d := time.Duration(seconds) * time.Second
	if m[6] != "" {
		fraction, _ := strconv.Atoi((m[6] + "0000000")[:7])
		d += time.Duration(fraction) * 100
	}
	if m[1] != "" {
		d = -d
	}
	return d, nil
}
