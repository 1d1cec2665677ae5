package bindings

import (
	"fmt"
	"strings"
	"time"
)

// Timetable says when a timer is due, time after time: by an NCRONTAB expression, or at an interval.
type Timetable struct {
	cron  *ncrontab
	every time.Duration
}

// ParseTimetable reads a schedule: an NCRONTAB expression ("0 */5 * * * *": every five minutes) or a time span ("00:05:00"). The error says what is
// wrong and what to write instead.
func ParseTimetable(text string) (*Timetable, error) {
	if strings.Contains(text, ":") {
		every, err := ParseTimeSpan(text)
		if err != nil {
			return nil, fmt.Errorf("the schedule %w", err)
		}
		if every <= 0 {
			return nil, fmt.Errorf("the schedule %q is not a positive time span; write it as 00:05:00", text)
		}
		return &Timetable{every: every}, nil
	}
	cron, err := parseNCrontab(text)
	if err != nil {
		return nil, fmt.Errorf(`the schedule %q: %w; write it as "second minute hour day month day-of-week", for example "0 30 3 * * MON-FRI", or as a time span`,
			text, err)
	}
	return &Timetable{cron: cron}, nil
}

// Frequent reports whether the timer is due more than once a minute. Such timers are not monitored.
func (t *Timetable) Frequent() bool {
	if t.cron == nil {
		return t.every < time.Minute
	}
	return t.cron.frequent()
}

// Next returns when the timer is due for the first time after the given one. The clock that a cron expression goes by is that of after's location.
// It returns zero if the timer is never due again.
//
// Where clocks are put forward, what is due in the hour left out is due that much later. Where they are put back, a schedule of intervals ("every 20
// minutes") goes on through the hour that comes twice, and one of points in time ("at 1:30") is due the first time only (host:
// CronSchedule.TryAdjustAmbiguousTime).
func (t *Timetable) Next(after time.Time) time.Time {
	if t.cron == nil {
		return after.Add(t.every)
	}
	return t.cron.after(after)
}

// maxTransitions is how many changes of the clock are looked through: more than there are in the longest wait.
const maxTransitions = 4 * longestWait

// after is Next for a cron expression: it looks for a reading of the clock from one change of the clock to the next.
func (c *ncrontab) after(now time.Time) time.Time {
	reading := wallClock(now)
	begin, end := now.ZoneBounds()
	if !begin.IsZero() {
		reading = c.skipRepeated(reading, wallClock(begin.Add(-time.Second)))
	}
	_, offset := now.Zone()
	for range maxTransitions {
		next, ok := c.next(reading)
		if !ok {
			break
		}
		due := instant(next, offset, now.Location())
		if end.IsZero() || due.Before(end) {
			return due
		}
		change := end
		old, fresh := change.UTC().Add(time.Duration(offset)*time.Second), wallClock(change)
		reading = c.skipRepeated(fresh.Add(-time.Second), wallClock(change.Add(-time.Second)))
		_, offset = change.Zone()
		if !next.Before(old) && next.Before(fresh) { // in the hour left out
			if other, ok := c.next(reading); ok && instant(other, offset, now.Location()).Before(due) {
				due = instant(other, offset, now.Location())
			}
			return due
		}
		_, end = change.ZoneBounds()
	}
	return time.Time{}
}

// skipRepeated returns from where to look for the next reading after the clock has been changed: a point in time is not due again before the clock has
// passed what it showed last.
func (c *ncrontab) skipRepeated(reading, last time.Time) time.Time {
	if !c.interval() && reading.Before(last) {
		return last
	}
	return reading
}

// wallClock is what a clock shows at t, as a time in UTC.
func wallClock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// instant is when a clock that is so many seconds ahead of UTC shows a reading.
func instant(reading time.Time, offset int, l *time.Location) time.Time {
	return reading.Add(-time.Duration(offset) * time.Second).In(l)
}
