package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// day is what d means in a span of time.
const day = 24 * time.Hour

// relative is how a time is told to people who look at now.
func relative(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return ""
	case d < -time.Second:
		return "in " + span(-d)
	case d < time.Second:
		return "just now"
	case d < 30*day:
		return span(d) + " ago"
	default:
		return t.UTC().Format("2006-01-02")
	}
}

// span is a duration in its largest unit.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 2*day:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	default:
		return strconv.Itoa(int(d/day)) + "d"
	}
}

// exact is a time as programs write it, with how long ago that is.
func exact(t, now time.Time) string {
	return t.UTC().Format(time.RFC3339) + " (" + relative(t, now) + ")"
}

// layouts are how a time may be given; without a zone it is UTC.
func layouts() []string {
	return []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}
}

// parseTime reads a time in a flag: absolute, or as how long ago. An empty text is no time.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range layouts() {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	ago, err := parseSpan(strings.TrimPrefix(text, "-"))
	if err != nil {
		return time.Time{}, fail(exitUsage, "%s %q is no time: write 2026-11-27, 2026-11-27T10:00:00Z, or how long ago: 90m, 24h, 7d", flag, text)
	}
	return now.UTC().Add(-ago), nil
}

// parseSpan reads a duration, which may also be in days.
func parseSpan(text string) (time.Duration, error) {
	if number, ok := strings.CutSuffix(text, "d"); ok {
		days, err := strconv.ParseFloat(number, 64)
		if err != nil || days < 0 || days > 36500 {
			return 0, fmt.Errorf("%q is no number of days", number)
		}
		return time.Duration(days * float64(day)), nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = fmt.Errorf("%s is negative", d)
	}
	return d, err //nolint:wrapcheck // callers say what it is for
}
