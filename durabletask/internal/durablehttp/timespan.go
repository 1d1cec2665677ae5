package durablehttp

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// TimeSpan is a duration in the stored form of .NET: [-][d.]hh:mm:ss[.fffffff]. The longest one stands for no limit.
type TimeSpan time.Duration

// NoLimit is the longest time span. .NET's is longer than a time.Duration can be; every one that is too long reads as this.
const (
	NoLimit       = TimeSpan(math.MaxInt64)
	longestInText = "10675199.02:48:05.4775807"
)

// tick is the resolution of time spans.
const tick = 100 * time.Nanosecond

func formatTimeSpan(d time.Duration) string {
	if TimeSpan(d) == NoLimit {
		return longestInText
	}
	var b strings.Builder
	ticks := int64(d / tick)
	if ticks < 0 {
		b.WriteByte('-')
		ticks = -ticks
	}
	seconds, fraction := ticks/int64(time.Second/tick), ticks%int64(time.Second/tick)
	const day = 24 * 60 * 60
	if days := seconds / day; days > 0 {
		fmt.Fprintf(&b, "%d.", days)
	}
	fmt.Fprintf(&b, "%02d:%02d:%02d", seconds%day/3600, seconds%3600/60, seconds%60)
	if fraction > 0 {
		fmt.Fprintf(&b, ".%07d", fraction)
	}
	return b.String()
}

var timeSpan = regexp.MustCompile(`^(-)?(?:(\d{1,8})\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,7}))?$`)

func parseTimeSpan(text string) (time.Duration, error) {
	m := timeSpan.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%.40q is not a time span", text)
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(m[i], 10, 64) // the pattern lets only digits through; none is 0
		return n
	}
	seconds := ((number(2)*24+number(3))*60+number(4))*60 + number(5)
	if seconds >= math.MaxInt64/int64(time.Second) {
		return time.Duration(NoLimit), nil
	}
	ticks, _ := strconv.ParseInt((m[6] + "0000000")[:7], 10, 64)
	d := time.Duration(seconds)*time.Second + time.Duration(ticks)*tick
	if m[1] != "" {
		d = -d
	}
	return d, nil
}

// MarshalJSON writes the time span as a text.
func (s TimeSpan) MarshalJSON() ([]byte, error) {
	return json.Marshal(formatTimeSpan(time.Duration(s)))
}

// UnmarshalJSON reads it.
func (s *TimeSpan) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	d, err := parseTimeSpan(text)
	*s = TimeSpan(d)
	return err
}
