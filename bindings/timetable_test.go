package bindings_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // not every machine has the database

	"github.com/azdurable/azdurable/bindings"
	"pgregory.net/rapid"
)

func timetable(t interface{ Fatal(args ...any) }, text string) *bindings.Timetable {
	table, err := bindings.ParseTimetable(text)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func zone(t interface{ Fatal(args ...any) }, name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// When schedules are due, one occurrence after the other.
func TestOccurrences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schedule, zone, after string
		want                  string
	}{
		{"0 */5 * * * *", "UTC", "2026-03-01T00:04:59Z", "00:05:00 00:10:00"},
		{"0 */5 * * * *", "UTC", "2026-03-01T00:05:00Z", "00:10:00"},
		{"0 */5 * * * *", "UTC", "2026-03-01T00:05:00.5Z", "00:10:00"},
		{"*/15 * * * * *", "UTC", "2026-03-01T23:59:31Z", "23:59:45 00:00:00"},
		{"30 0 3 * * *", "UTC", "2026-12-31T03:00:30Z", "2027-01-01T03:00:30"},
		{"0 3 * * *", "UTC", "2026-12-31T03:00:30Z", "2027-01-01T03:00:00"}, // five fields
		{"5/20 0 0 1 1 *", "UTC", "2026-03-01T00:00:00Z", "2027-01-01T00:00:05 2027-01-01T00:00:25 2027-01-01T00:00:45 2028-01-01T00:00:05"},
		{"0 0 0 1,15 * *", "UTC", "2026-01-15T00:00:00Z", "2026-02-01T00:00:00 2026-02-15T00:00:00"},
		{"0 0 0 13 * FRI", "UTC", "2026-01-01T00:00:00Z", "2026-02-13T00:00:00 2026-03-13T00:00:00 2026-11-13T00:00:00"}, // both days match
		{"0 0 9 * * mon-Fri", "UTC", "2026-05-01T09:00:00Z", "2026-05-04T09:00:00"},
		{"0 0 9 * jan,JULY 0", "UTC", "2026-02-01T09:00:00Z", "2026-07-05T09:00:00"},
		{"0 0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00 2026-05-31T00:00:00"},
		{"0 0 0 29 2 *", "UTC", "2026-01-31T00:00:00Z", "2028-02-29T00:00:00 2032-02-29T00:00:00"},
		{"0 0 0 29 2 MON", "UTC", "2072-03-01T00:00:00Z", "2112-02-29T00:00:00"}, // 40 years: there is no 2100-02-29
		{"  0  0  0 *  * * ", "UTC", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00"},
		{"00:00:07", "UTC", "2026-01-31T00:00:00.25Z", "00:00:07.25 00:00:14.25"},
		{"1.00:00:00", "UTC", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00"},

		{"0 30 9 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T04:00:00 2026-01-02T04:00:00"},
		// The clock goes from 2:00 to 3:00, at 10:00 UTC.
		{"0 30 * * * *", "America/Los_Angeles", "2018-03-11T08:00:00Z", "08:30:00 09:30:00 10:30:00 11:30:00"},
		{"0 30 2 * * *", "America/Los_Angeles", "2018-03-10T08:00:00Z", "2018-03-10T10:30:00 2018-03-11T10:30:00 2018-03-12T09:30:00"},
		{"0 30 2,3 * * *", "America/Los_Angeles", "2018-03-11T08:00:00Z", "2018-03-11T10:30:00 2018-03-12T09:30:00"},
		{"0 0/20 * * * *", "America/Los_Angeles", "2018-03-11T09:30:00Z", "09:40:00 10:00:00 10:20:00"},
		// The clock goes from 2:00 back to 1:00, at 9:00 UTC.
		{"0 */20 * * * *", "America/Los_Angeles", "2018-11-04T07:30:00Z", "07:40:00 08:00:00 08:20:00 08:40:00 09:00:00 09:20:00 09:40:00 10:00:00 10:20:00"},
		{"0 30 * * * *", "America/Los_Angeles", "2018-11-04T07:00:00Z", "07:30:00 08:30:00 09:30:00 10:30:00"},
		{"0 30 1 * * *", "America/Los_Angeles", "2018-11-03T07:00:00Z", "2018-11-03T08:30:00 2018-11-04T08:30:00 2018-11-05T09:30:00"},
		{"0 30 1 * * *", "America/Los_Angeles", "2018-11-04T09:29:00Z", "2018-11-05T09:30:00"}, // started in the hour that comes again
		{"0 15,45 1 * * *", "America/Los_Angeles", "2018-11-04T08:20:00Z", "2018-11-04T08:45:00 2018-11-05T09:15:00"},
		{"0 0 0-1 * * *", "America/Los_Angeles", "2018-11-04T08:00:00Z", "2018-11-04T09:00:00 2018-11-05T08:00:00"},
		{"0 0 0 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-30T10:00:00 2011-12-31T10:00:00"}, // there was no December 30th
	} {
		at, err := time.Parse(time.RFC3339Nano, c.after)
		if err != nil {
			t.Fatal(err)
		}
		table := timetable(t, c.schedule)
		for want := range strings.FieldsSeq(c.want) {
			at = table.Next(at.In(zone(t, c.zone)))
			got := at.UTC().Format("2006-01-02T15:04:05.999999999")
			if !strings.HasSuffix(got, want) {
				t.Errorf("%s in %s after %s: %s, want %s of %s", c.schedule, c.zone, c.after, got, want, c.want)
				break
			}
		}
	}
}

func TestBadSchedules(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		"":                      "0 fields instead of six",
		"* * * *":               "4 fields",
		"0 0 0 0 0 0 0":         "7 fields",
		"60 * * * * *":          "60 is not between 0 and 59",
		"0 0 24 * * *":          `"24" in the field hour`,
		"0 0 0 0 * *":           "between 1 and 31",
		"0 0 0 * 13 *":          "between 1 and 12",
		"0 0 0 * * 7":           "Sunday is 0",
		"0 0 0 * FEBRUARI *":    "a name such as FEB",
		"0 0 0 * * MOON":        "a name such as MON",
		"0 0 22-6 * * *":        "write two, as in 22-23,0-6",
		"0 0 * * * FRI-MON":     "as in FRI-6,0-MON",
		"*/0 * * * * *":         "not a positive number",
		"*/-5 * * * * *":        "not a positive number",
		"1,,2 * * * * *":        `"" is not a number`,
		",1 * * * * *":          `"" is not a number`,
		"1- * * * * *":          `"" is not a number`,
		"-1 * * * * *":          `"" is not a number`,
		"? * * * * *":           `"?" is not a number`,
		"0 0 0 L * *":           `"L" is not a number`,
		"99999999999 * * * * *": "is not a number",
		"0\t0 0 0 * * *":        "is not a number",
		"0 0 0 30 2 *":          "never be due",
		"0 0 0 31 4,6 *":        "never be due",
		"@hourly":               "1 fields",
		"24:00:00":              "as in 1.00:00:00",
		"00:00:00":              "not a positive time span",
		"-00:01:00":             "not a positive time span",
		"9999999.00:00:00":      "longer than",
	} {
		_, err := bindings.ParseTimetable(schedule)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("%q", schedule)) {
			t.Errorf("%q: %v, want %q", schedule, err, want)
		}
		if got := panicOf(func() { bindings.Timer("Tick", bindings.Schedule{Cron: schedule}, tick) }); !strings.Contains(got, want) {
			t.Errorf("%q panics with %s, want %q", schedule, got, want)
		}
	}
}

func tick(context.Context, *bindings.TimerInfo, *bindings.DurableClient) error { return nil }

func TestSchedulesInSettings(t *testing.T) {
	t.Parallel()
	settings := func(name string) (string, bool) {
		text, ok := map[string]string{"Nightly": "0 0 3 * * *", "Bad": "soon"}[name]
		return text, ok
	}
	for cron, want := range map[string]string{"%Nightly%": "", "%Missing%": "no app setting Missing", "%Bad%": `"soon"`} {
		s := bindings.Timer("Tick", bindings.Schedule{Cron: cron}, tick).Schedule()
		if _, err := s.Timetable(settings); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", cron, err, want)
		}
	}
}

func TestFrequentSchedules(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]bool{
		"*/10 * * * * *": true, "0,1 * * * * *": true, "0 * * * * *": false, "* * * * *": false, "*/10 */2 * * * *": false,
		"* * * * * MON": false, "00:00:59": true, "00:01:00": false, "* 0-59 0-23 1-31 1-12 0-6": true,
	} {
		if got := timetable(t, schedule).Frequent(); got != want {
			t.Errorf("%s: %v", schedule, got)
		}
	}
}

func TestTimerRetries(t *testing.T) {
	t.Parallel()
	s := bindings.Schedule{Cron: "0 0 3 * * *", Retry: &bindings.Retry{Strategy: "fixedDelay", MaxRetryCount: 3, DelayInterval: "00:00:05"}}
	r := bindings.Timer("Tick", s, tick).Function().Retry
	if first, longest, err := r.Delays(); first != 5*time.Second || longest != first || err != nil {
		t.Errorf("%v, %v, %v", first, longest, err)
	}
	for want, r := range map[string]bindings.Retry{
		"the strategy":       {MaxRetryCount: 3},
		"MaxRetryCount":      {Strategy: "fixedDelay", DelayInterval: "00:00:05"},
		"not a time span":    {Strategy: "fixedDelay", MaxRetryCount: 1, DelayInterval: "5s"},
		`"" is not a time`:   {Strategy: "exponentialBackoff", MaxRetryCount: -1, MinimumInterval: "00:00:01"},
		"are not possible":   {Strategy: "exponentialBackoff", MaxRetryCount: -1, MinimumInterval: "00:00:02", MaximumInterval: "00:00:01"},
		"delays from 00:00:": {Strategy: "fixedDelay", MaxRetryCount: 1, DelayInterval: "00:00:00"},
	} {
		if got := panicOf(func() { bindings.Timer("Tick", bindings.Schedule{Cron: "0 0 3 * * *", Retry: &r}, tick) }); !strings.Contains(got, want) {
			t.Errorf("%+v panics with %s, want %q", r, got, want)
		}
	}
}

// field is a field of a schedule with a predicate that says what it means, written another way than the parser's.
type field struct {
	text  string
	match func(int) bool
}

func drawField(t *rapid.T, name string, first, last int) field {
	value := rapid.IntRange(first, last)
	switch rapid.IntRange(0, 3).Draw(t, name) {
	case 0:
		return field{"*", func(int) bool { return true }}
	case 1:
		step := rapid.IntRange(1, last).Draw(t, "step")
		return field{fmt.Sprintf("*/%d", step), func(v int) bool { return (v-first)%step == 0 }}
	case 2:
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		a, b = min(a, b), max(a, b)
		step := rapid.IntRange(1, 7).Draw(t, "step")
		return field{fmt.Sprintf("%d-%d/%d", a, b, step), func(v int) bool { return v >= a && v <= b && (v-a)%step == 0 }}
	default:
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		return field{fmt.Sprintf("%d,%d", a, b), func(v int) bool { return v == a || v == b }}
	}
}

// The next occurrence is after the time given, all fields match it, and none between matches.
func TestNextIsTheNext(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC, zone(t, "America/Los_Angeles"), zone(t, "Australia/Lord_Howe"), zone(t, "Asia/Kolkata")}
	rapid.Check(t, func(t *rapid.T) {
		fields := []field{
			drawField(t, "second", 0, 59), drawField(t, "minute", 0, 59), drawField(t, "hour", 0, 23),
			drawField(t, "day", 1, 31), drawField(t, "month", 1, 12), drawField(t, "weekday", 0, 6),
		}
		texts := make([]string, len(fields))
		for i, f := range fields {
			texts[i] = f.text
		}
		table, err := bindings.ParseTimetable(strings.Join(texts, " "))
		if err != nil {
			if strings.Contains(err.Error(), "never be due") {
				t.Skip("never due")
			}
			t.Fatal(err)
		}
		l := rapid.SampledFrom(zones).Draw(t, "zone")
		const from, to = 1_500_000_000, 1_900_000_000
		after := time.Unix(rapid.Int64Range(from, to).Draw(t, "after"), rapid.Int64Range(0, 1).Draw(t, "fraction")).In(l)
		matches := func(at time.Time) bool {
			h, m, s := at.Clock()
			_, month, d := at.Date()
			for i, v := range []int{s, m, h, d, int(month), int(at.Weekday())} {
				if !fields[i].match(v) {
					return false
				}
			}
			return true
		}
		next := table.Next(after)
		switch {
		case next.IsZero():
			t.Fatalf("%v is never due", texts)
		case !next.After(after):
			t.Fatalf("%v is not after %v", next, after)
		case next.Location() != l:
			t.Fatalf("%v is not in %v", next, l)
		case l == zones[0] || l == zones[3]: // clocks that are never changed
			if !matches(next) {
				t.Fatalf("%v after %v: %v does not match", texts, after, next)
			}
		}
		// A window of seconds after the start, and one of seconds before the end.
		const window = 5000
		for i := range window {
			for _, at := range []time.Time{after.Truncate(time.Second).Add(time.Duration(i+1) * time.Second), next.Add(-time.Duration(i+1) * time.Second)} {
				if at.After(after) && at.Before(next) && matches(at) && !repeated(at) {
					t.Fatalf("%v after %v: %v, but %v matches, too", texts, after, next, at)
				}
			}
		}
	})
}

// repeated reports whether the clock showed the same a while before: then only schedules of intervals are due again.
func repeated(at time.Time) bool {
	begin, _ := at.ZoneBounds()
	const shown = "2006-01-02 15:04:05"
	return !begin.IsZero() && at.Format(shown) <= begin.Add(-time.Second).Format(shown)
}

func FuzzTimetable(f *testing.F) {
	for _, text := range []string{
		"0 */5 * * * *", "* * * * *", "0 30 9 * JAN-mar,DEC 1-5/2", "0 0 0 29 2 MON", "0 0 0 30 2 *", "5/20 0 0 1 1 *", "00:05:00", "1.02:03:04.5", "%NAME%",
		"0 0 22-6 * * *", "0 0 0 * * 7", "1,,2 * * * * *", "٣ * * * * *", "*/999999999 * * * * *",
	} {
		f.Add(text, int64(1_700_000_000))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		table, err := bindings.ParseTimetable(text)
		if err != nil {
			return
		}
		const year9000 = 221845392000
		after := time.Unix(unix%year9000, 0).UTC()
		if next := table.Next(after); !next.After(after) {
			t.Errorf("%q after %v: %v", text, after, next)
		}
	})
}
