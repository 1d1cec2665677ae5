package bindings

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// TimerFunc runs when a timer is due.
type TimerFunc func(ctx context.Context, timer *TimerInfo, client *DurableClient) error

// TimerInfo is what a timer function is told.
type TimerInfo struct {
	// PastDue says that the timer is late, for example because no instance of the app ran when it was due.
	PastDue bool `json:"IsPastDue"` //nolint:tagliatelle // as the host spells it
	// Status is when the timer ran and will run; nil if the schedule is not monitored.
	Status *TimerStatus `json:"ScheduleStatus"` //nolint:tagliatelle // as above
}

// TimerStatus says when a timer ran and will run.
type TimerStatus struct {
	// Last is the last run, Next the coming one, LastUpdated when this was written.
	Last        time.Time `json:"Last"`        //nolint:tagliatelle // as the host spells it
	Next        time.Time `json:"Next"`        //nolint:tagliatelle // as above
	LastUpdated time.Time `json:"LastUpdated"` //nolint:tagliatelle // as above
}

// Schedule says when a timer is due.
type Schedule struct {
	// Cron is an NCRONTAB expression with six fields: second minute hour day month day-of-week. Day of month and day of week must both match. The clock is
	// that of the app setting WEBSITE_TIME_ZONE; default: UTC. It may also be a time span (00:05:00), or the name of an app setting that has one of
	// these, as %NAME%.
	Cron string
	// RunOnStartup also runs the timer whenever the app starts. Don't use it in production.
	RunOnStartup bool
	// Unmonitored keeps no record of the runs, so that none is made up for. Default for intervals below one minute.
	Unmonitored bool
	// Retry says how a run that fails is repeated; nil for not.
	Retry *Retry
}

// Timetable reads the schedule. What stands as %NAME% is looked up by setting. The error says what is wrong and what to write instead.
func (s Schedule) Timetable(setting func(name string) (string, bool)) (*Timetable, error) {
	text, err := s.Resolve(setting)
	if err != nil {
		return nil, err
	}
	return ParseTimetable(text)
}

// Resolve returns the expression, with %NAME% replaced by the app setting of that name. It returns an error if there is no such setting.
func (s Schedule) Resolve(setting func(name string) (string, bool)) (string, error) {
	name, ok := s.setting()
	if !ok {
		return s.Cron, nil
	}
	if text, ok := setting(name); ok {
		return text, nil
	}
	return "", fmt.Errorf("the schedule %s: there is no app setting %s; set it to a schedule such as \"0 */5 * * * *\"", s.Cron, name)
}

// setting returns the name of the app setting that has the schedule, if it is in one.
func (s Schedule) setting() (string, bool) {
	name, begins := strings.CutPrefix(s.Cron, "%")
	name, ends := strings.CutSuffix(name, "%")
	return name, begins && ends && name != "" && !strings.Contains(name, "%")
}

// TimerTrigger calls a function when it is due.
type TimerTrigger struct {
	name, place string
	schedule    Schedule
	fn          TimerFunc
}

// timerBinding is the name of the binding in invocations.
const timerBinding = "timer"

// Timer makes the trigger of a timer function. It panics if the schedule can't be read; one that stands in an app setting is read when the app starts.
func Timer(name string, schedule Schedule, fn TimerFunc) *TimerTrigger {
	if strings.TrimSpace(name) == "" || fn == nil {
		panic(`bindings: a timer function needs a name and a function: bindings.Timer("Nightly", bindings.Schedule{Cron: "0 0 3 * * *"}, nightly)`)
	}
	if _, later := schedule.setting(); !later {
		if _, err := ParseTimetable(schedule.Cron); err != nil {
			panic(fmt.Sprintf("bindings: the timer function %s: %v", name, err))
		}
	}
	if schedule.Retry != nil {
		if _, _, err := schedule.Retry.Delays(); err != nil {
			panic(fmt.Sprintf("bindings: the retries of the timer function %s: %v", name, err))
		}
	}
	t := &TimerTrigger{name: name, schedule: schedule, fn: fn}
	if _, file, line, ok := runtime.Caller(1); ok {
		t.place = fmt.Sprintf("%s:%d", file, line)
	}
	return t
}

// Name returns the name of the function.
func (t *TimerTrigger) Name() string { return t.name }

// Type returns TypeTimer.
func (t *TimerTrigger) Type() string { return TypeTimer }

// Place returns where the trigger was made.
func (t *TimerTrigger) Place() string { return t.place }

// Schedule returns when the function is due.
func (t *TimerTrigger) Schedule() Schedule { return t.schedule }

// Invoke runs the function.
func (t *TimerTrigger) Invoke(ctx context.Context, timer *TimerInfo, client *DurableClient) error {
	return t.fn(ctx, timer, client)
}

// Function is what function.json says of the function.
func (t *TimerTrigger) Function() Function {
	properties := map[string]any{"schedule": t.schedule.Cron}
	if t.schedule.RunOnStartup {
		properties["runOnStartup"] = true
	}
	if t.schedule.Unmonitored {
		properties["useMonitor"] = false
	}
	return Function{Retry: t.schedule.Retry, Bindings: []Binding{{Type: TypeTimer, Direction: DirectionIn, Name: timerBinding, Properties: properties}}}
}

// Answer runs the function for an invocation.
func (t *TimerTrigger) Answer(ctx context.Context, in *Invocation, client *DurableClient) (*Outcome, error) {
	raw, err := in.Value(timerBinding)
	if err != nil {
		return nil, err
	}
	var timer TimerInfo
	if err := json.Unmarshal(raw, &timer); err != nil {
		return nil, fmt.Errorf("the timer in the invocation of %s: %w", t.name, err)
	}
	return &Outcome{}, t.fn(ctx, &timer, client)
}
