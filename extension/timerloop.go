package extension

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// The names of what runs timer triggers without the Functions host. No function has such a name by itself.
const (
	timerOrchestrator = "azdurable-timer"
	timerActivity     = "azdurable-timer-run"
	// timerPrefix begins the ids of the instances, one for each timer trigger; the name of the function follows, in lower case.
	timerPrefix = "azdurable-timer-"
	timerEvent  = "azdurable-timer-changed"
)

// What the orchestration of a timer calls and waits for.
var (
	timerRun     = durabletask.DeclareActivity[timerCall, durabletask.None](timerActivity)
	timerChanged = durabletask.NewEvent[timerChange](timerEvent)
)

// How late is late, and what happens while the workers of a hub don't all have the same functions.
const (
	// punctual is how late an occurrence may be before it counts as missed, if the worker that runs it was there when it was due: longer than a message in Azure
	// Storage may wait for the next look into its queue (30 s unless maxQueuePollingInterval says otherwise).
	punctual = time.Minute
	// A run that lands on a worker without the function is tried again so many times, after so long: during a deployment there are some.
	strayAttempts = 10
	strayPause    = 30 * time.Second
)

// errNoTimer is how a run ends on a worker whose app does not have the function.
const errNoTimer = durabletask.ErrorKind("TimerFunctionNotFound")

// timerSettings are what a timer trigger and the app's settings say. They travel with the orchestration, so that a replay does not depend on what
// this worker was deployed with.
type timerSettings struct {
	// Schedule is an NCRONTAB expression or a time span, Zone the IANA name of the time zone whose clock it goes by; empty means UTC.
	Schedule    string `json:"schedule"`
	Zone        string `json:"zone,omitempty"`
	Unmonitored bool   `json:"unmonitored,omitempty"`
	// Retry is the function's policy; its zero value is none.
	Retry bindings.Retry `json:"retry,omitzero"`
}

// timerState is the input of the orchestration: what has been and what comes next. Each occurrence is an execution of its own, so that the history
// does not grow.
type timerState struct {
	timerSettings

	Function string    `json:"function"`
	Next     time.Time `json:"next"`
	// Last is when the function was run last, Updated when Next was decided on.
	Last    time.Time `json:"last,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
	// Free is when the last run ended. An occurrence that was due before that is not late: it waited for its predecessor.
	Free time.Time `json:"free,omitzero"`
	// Startup asks for a run at once.
	Startup bool `json:"startup,omitempty"`
}

// timerChange is the event by which an app that starts says what its trigger is like now.
type timerChange struct {
	timerSettings

	At      time.Time `json:"at"`
	Startup bool      `json:"startup,omitempty"`
}

// timerCall is the input of the activity that runs the function.
type timerCall struct {
	Function string `json:"function"`
	// Due is since when it could have been run; zero for a run that no schedule asks for.
	Due         time.Time             `json:"due,omitzero"`
	Unmonitored bool                  `json:"unmonitored,omitempty"`
	Status      *bindings.TimerStatus `json:"status,omitempty"`
}

// missed reports whether the run comes too late: nobody was there when it was due (host: the listener starts after that), or somebody was but couldn't.
func (c *timerCall) missed(now, started time.Time) bool {
	return !c.Due.IsZero() && (c.Due.Before(started) || now.Sub(c.Due) > punctual)
}

// next returns when the timer is due after a time.
func (s *timerSettings) next(after time.Time) (time.Time, error) {
	table, err := bindings.ParseTimetable(s.Schedule)
	if err != nil {
		return time.Time{}, err //nolint:wrapcheck // it says which schedule
	}
	zone, err := timeZone(s.Zone)
	if err != nil {
		return time.Time{}, err
	}
	next := table.Next(after.In(zone))
	if next.IsZero() {
		return next, fmt.Errorf("the schedule %q is never due again", s.Schedule)
	}
	return next.UTC(), nil
}

// runTimer is the orchestrator of a timer trigger. It waits for the next occurrence or a change of the trigger, and then goes on as new. It works
// out when the timer is due only where nothing but that follows, so no replay depends on it.
func runTimer(ctx durabletask.Context, s timerState) (durabletask.None, error) {
	startup := s.Startup && s.Next.After(ctx.Now()) // else the one that is due does for both
	if !startup {
		changed := timerChanged.Next(ctx)
		due := durabletask.After(ctx, s.Next.Sub(ctx.Now()))
		durabletask.WhenAny(ctx, due, changed)
		if changed.Done() { // first, even if the timer is due, too: by the new schedule it may not be
			change, err := changed.Await(ctx)
			if err != nil {
				ctx.Logger().Error("a change of a timer can't be read", "function", s.Function, "error", err)
				return durabletask.ContinueAsNew[durabletask.None](ctx, s)
			}
			return s.change(ctx, change)
		}
		changed.Cancel(ctx) // what comes during the run is for the next execution
	}
	now := ctx.Now()
	call := timerCall{Function: s.Function, Due: latest(s.Next, s.Free), Unmonitored: s.Unmonitored}
	if startup {
		call.Due = time.Time{}
	}
	if err := s.run(ctx, call); err != nil {
		ctx.Logger().Error("a timer function failed", "function", s.Function, "error", err)
	}
	s.Last, s.Updated, s.Free, s.Startup = now, now, ctx.Now(), false
	return s.goOn(ctx, now)
}

// change takes over what the trigger is like now (host: ScheduleMonitor.CheckPastDueAsync): what the new schedule would have been due in the past
// is not made up for.
func (s *timerState) change(ctx durabletask.Context, c timerChange) (durabletask.None, error) {
	moved := s.Schedule != c.Schedule || s.Zone != c.Zone
	s.timerSettings = c.timerSettings
	s.Startup = c.Startup && s.Last.Before(c.At) // several workers may start at once
	if !moved {
		return durabletask.ContinueAsNew[durabletask.None](ctx, s)
	}
	s.Last, s.Updated, s.Free = time.Time{}, ctx.Now(), time.Time{}
	return s.goOn(ctx, ctx.Now())
}

// goOn begins the next execution, for the first occurrence after a time.
func (s *timerState) goOn(ctx durabletask.Context, after time.Time) (durabletask.None, error) {
	var err error
	if s.Next, err = s.next(after); err != nil {
		return durabletask.None{}, err
	}
	return durabletask.ContinueAsNew[durabletask.None](ctx, s)
}

// run runs the function as an activity, with the retries of its policy, and waits for a worker that has it.
func (s *timerState) run(ctx durabletask.Context, call timerCall) error {
	if !s.Unmonitored {
		call.Status = &bindings.TimerStatus{Last: s.Last, Next: s.Next, LastUpdated: s.Updated}
	}
	options, err := s.retries()
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		_, err = timerRun.Call(ctx, call, options...)
		stray := errors.Is(err, errNoTimer) || errors.Is(err, durabletask.ErrorKind(kindNoFunction)) // the latter by a version that knows no timers
		if !stray || attempt == strayAttempts {
			return err
		}
		if err := durabletask.Sleep(ctx, strayPause); err != nil {
			return err
		}
	}
}

// retries puts the policy into the form of the engine's.
func (s *timerState) retries() ([]durabletask.CallOption, error) {
	if s.Retry.Strategy == "" {
		return nil, nil
	}
	first, longest, err := s.Retry.Delays()
	if err != nil {
		return nil, fmt.Errorf("the retries of %s: %w", s.Function, err)
	}
	p := durabletask.RetryPolicy{MaxAttempts: s.Retry.MaxRetryCount + 1, First: first, Max: longest, Backoff: 1}
	if longest > first {
		p.Backoff = 2
	}
	if s.Retry.MaxRetryCount < 0 {
		p.MaxAttempts = math.MaxInt32
	}
	return []durabletask.CallOption{p}, nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
