package bindings

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// ncrontab is a schedule in the syntax that the Functions host reads (NCRONTAB): six fields, "second minute hour day month day-of-week", or five
// without the second, which is then 0.
//
// It is written here because the cron libraries for Go keep the rule of Vixie cron, by which a day is right if the day of the month or the day of the
// week is. In NCRONTAB both must be. They also read names and ranges in other ways, and a schedule must mean the same with and without the host.
//
// Differs from NCRONTAB, which reads a range that goes backwards (22-6, FRI-MON) from the other end, and a step of 0 as 1: both are refused,
// because they don't do what whoever wrote them wants.
type ncrontab struct {
	second, minute, hour, day, month, weekday uint64 // bit n stands for the value n
}

// ncrontabField is what may stand in one field.
type ncrontabField struct {
	name        string
	first, last int
	names       []string // of first and those that follow; nil for numbers only
}

// ncrontabFields are the fields in their order.
var ncrontabFields = [...]ncrontabField{
	{"second", 0, 59, nil},
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day", 1, 31, nil},
	{"month", 1, 12, []string{
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
	}},
	{"day-of-week", 0, 6, []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}},
}

// parseNCrontab reads a schedule. Its error says what is wrong in which field.
func parseNCrontab(text string) (*ncrontab, error) {
	fields := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }) // the host takes no other blanks
	if len(fields) == len(ncrontabFields)-1 {
		fields = append([]string{"0"}, fields...)
	}
	if len(fields) != len(ncrontabFields) {
		return nil, fmt.Errorf("%d fields instead of six: second minute hour day month day-of-week", len(fields))
	}
	var c ncrontab
	for i, set := range []*uint64{&c.second, &c.minute, &c.hour, &c.day, &c.month, &c.weekday} {
		f := &ncrontabFields[i]
		for element := range strings.SplitSeq(fields[i], ",") {
			values, err := f.parse(element)
			if err != nil {
				return nil, fmt.Errorf("%q in the field %s: %w", fields[i], f.name, err)
			}
			*set |= values
		}
	}
	if !c.possible() {
		return nil, fmt.Errorf("no month of %q has a day of %q, so it would never be due", fields[4], fields[3])
	}
	return &c, nil
}

// parse reads one element of a field's list: *, a value, or a range, each with a step or without.
func (f *ncrontabField) parse(element string) (uint64, error) {
	base, every, stepped := strings.Cut(element, "/")
	step := 1
	if stepped {
		var err error
		if step, err = number(every); err != nil || step < 1 {
			return 0, fmt.Errorf("the step %q is not a positive number", every)
		}
	}
	low, high, isRange := strings.Cut(base, "-")
	first, last := f.first, f.last
	if base != "*" {
		var err error
		if first, err = f.value(low); err != nil {
			return 0, err
		}
		switch {
		case isRange:
			if last, err = f.value(high); err != nil {
				return 0, err
			}
		case !stepped: // with a step, a value is where it begins
			last = first
		}
	}
	if first > last {
		return 0, fmt.Errorf("the range %s goes backwards; write two, as in %s-%d,%d-%s", base, low, f.last, f.first, high)
	}
	var values uint64
	for v := first; v <= last; v += step {
		values |= 1 << v
	}
	return values, nil
}

// value reads a number or a name. The host takes the beginning of a name, too, such as MON.
func (f *ncrontabField) value(text string) (int, error) {
	if n, err := number(text); err == nil {
		if n < f.first || n > f.last {
			return 0, fmt.Errorf("%d is not between %d and %d%s", n, f.first, f.last, f.hint(n))
		}
		return n, nil
	}
	for i, name := range f.names {
		if text != "" && len(text) <= len(name) && strings.EqualFold(name[:len(text)], text) {
			return f.first + i, nil
		}
	}
	if f.names != nil {
		return 0, fmt.Errorf("%q is neither a number between %d and %d nor a name such as %s", text, f.first, f.last, strings.ToUpper(f.names[1][:3]))
	}
	return 0, fmt.Errorf("%q is not a number between %d and %d", text, f.first, f.last)
}

// hint helps with what other kinds of cron allow.
func (f *ncrontabField) hint(n int) string {
	if f.last == 6 && n == 7 {
		return "; Sunday is 0"
	}
	return ""
}

// number reads a number without a sign, of a length that can't overflow.
func number(text string) (int, error) {
	const digits = 9
	if len(text) > digits || strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(text) //nolint:wrapcheck // callers say what is wrong
}

// possible reports whether any month has any of the days. Each such day falls on each day of the week, in time.
func (c *ncrontab) possible() bool {
	for month := 1; month <= 12; month++ {
		if has(c.month, month) && bits.TrailingZeros64(c.day) <= daysIn(month) {
			return true
		}
	}
	return false
}

// daysIn is how many days a month can have.
func daysIn(month int) int {
	const leapYear = 2000
	return time.Date(leapYear, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// longestWait is how many years can pass between two occurrences: February 29th falls on each day of the week within 40 years, if there is one at
// each turn of a century.
const longestWait = 41

// next returns the first reading of a clock after wall that the schedule matches. Both are clocks' readings, not instants: times in UTC. It returns
// false if there is none in longestWait years.
func (c *ncrontab) next(wall time.Time) (time.Time, bool) {
	t := wall.Truncate(time.Second).Add(time.Second)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	for end := year + longestWait; ; {
		switch {
		case year > end:
			return time.Time{}, false
		case !has(c.month, int(month)):
			year, month, day = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC).Date()
		case !has(c.day, day) || !has(c.weekday, int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday())):
			year, month, day = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC).Date()
		default:
			if h, m, s, ok := c.clock(hour, minute, second); ok {
				return time.Date(year, month, day, h, m, s, 0, time.UTC), true
			}
			year, month, day = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC).Date()
		}
		hour, minute, second = 0, 0, 0
	}
}

// clock returns the first time of day from the one given on that the schedule matches.
func (c *ncrontab) clock(hour, minute, second int) (h, m, s int, ok bool) {
	for h, ok = from(c.hour, hour); ok; h, ok = from(c.hour, h+1) {
		if h > hour {
			minute, second = 0, 0
		}
		for m, ok = from(c.minute, minute); ok; m, ok = from(c.minute, m+1) {
			if m > minute {
				second = 0
			}
			if s, ok = from(c.second, second); ok {
				return h, m, s, true
			}
		}
	}
	return 0, 0, 0, false
}

// interval reports whether the schedule is one of intervals, which goes on while the clock shows an hour for the second time, rather than one of
// points in time, of which each is due once a day: whether seconds, minutes or hours have two values in a row (host: CronSchedule.IsInterval).
func (c *ncrontab) interval() bool {
	for _, set := range []uint64{c.second, c.minute, c.hour} {
		if set&(set>>1) != 0 {
			return true
		}
	}
	return false
}

// frequent reports whether the schedule is due more than once in every minute (host: TimerSchedule.ShouldDisableScheduleMonitor).
func (c *ncrontab) frequent() bool {
	for i, set := range []uint64{c.minute, c.hour, c.day, c.month, c.weekday} {
		f := ncrontabFields[i+1]
		if bits.OnesCount64(set) != f.last-f.first+1 {
			return false
		}
	}
	return bits.OnesCount64(c.second) > 1
}

func has(set uint64, value int) bool { return set>>value&1 != 0 }

// from returns the first value of a set that is not less than the one given.
func from(set uint64, value int) (int, bool) {
	rest := set >> value << value
	return bits.TrailingZeros64(rest), rest != 0
}
