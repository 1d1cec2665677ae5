package main

import (
	"testing"
	"time"
)

func noon() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

func TestRelativeTimes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		ago  time.Duration
		want string
	}{
		{0, "just now"},
		{-500 * time.Millisecond, "just now"},
		{999 * time.Millisecond, "just now"},
		{time.Second, "1s ago"},
		{59 * time.Second, "59s ago"},
		{3*time.Minute + 59*time.Second, "3m ago"},
		{119 * time.Minute, "1h ago"},
		{47 * time.Hour, "47h ago"},
		{48 * time.Hour, "2d ago"},
		{29 * day, "29d ago"},
		{30 * day, "2026-10-28"},
		{-90 * time.Minute, "in 1h"},
	} {
		if got := relative(noon().Add(-tc.ago), noon()); got != tc.want {
			t.Errorf("%v ago is told as %q, want %q", tc.ago, got, tc.want)
		}
	}
	if got := relative(time.Time{}, noon()); got != "" {
		t.Errorf("no time is told as %q", got)
	}
	if got := exact(noon().Add(-time.Hour), noon()); got != "2026-11-27T11:00:00Z (1h ago)" {
		t.Errorf("exactly: %q", got)
	}
}

func TestTimesInFlags(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"", "0001-01-01T00:00:00Z"},
		{"2026-11-01", "2026-11-01T00:00:00Z"},
		{"2026-11-01T10:30", "2026-11-01T10:30:00Z"},
		{"2026-11-01 10:30", "2026-11-01T10:30:00Z"},
		{"2026-11-01T10:30:00.5Z", "2026-11-01T10:30:00.5Z"},
		{"2026-11-01T10:30:00+02:00", "2026-11-01T08:30:00Z"},
		{"2h", "2026-11-27T10:00:00Z"},
		{"-24h", "2026-11-26T12:00:00Z"},
		{"7d", "2026-11-20T12:00:00Z"},
		{"1.5d", "2026-11-26T00:00:00Z"},
	} {
		if got, err := parseTime("--created-after", tc.text, noon()); err != nil || got.Format(time.RFC3339Nano) != tc.want {
			t.Errorf("%q is %v, %v; want %s", tc.text, got, err, tc.want)
		}
	}
	for _, text := range []string{"yesterday", "--1h", "d", "-d", "1e9d", "24", "2026-13-01"} {
		if got, err := parseTime("--created-after", text, noon()); codeOf(err) != exitUsage {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}
