package extension

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// timers runs the app's timer triggers when the Functions host doesn't: each by an orchestration of the app's own hub, so that one worker of many runs
// it, and another goes on if that one dies. (host: TimerListener, which holds a lock on a blob.)
//
// Its orchestrator and its activity are not in the table of the app's functions. Every worker knows them, for the instances of timers that are gone have to be
// ended, too.
type timers struct {
	functions *bindings.Table
	app       *bindings.Table
	version   *string // that an instance must have to be run here; nil if any may
	strict    bool
	log       *slog.Logger
	wanted    []wantedTimer
	// client is what functions are handed, and started since when this worker can run them. They are set before the worker starts.
	client  *bindings.DurableClient
	started time.Time
}

// wantedTimer is a timer trigger of the app that is to be run here.
type wantedTimer struct {
	function string
	settings timerSettings
	startup  bool
}

// id is that of the trigger's instance.
func (w *wantedTimer) id() string { return timerPrefix + strings.ToLower(w.function) }

// newTimers makes ready to run the app's timer triggers, or none if the host runs them. It returns an error that says what to change.
func newTimers(e *Extension) (*timers, error) {
	t := &timers{
		app: e.table, log: e.log, version: e.settings.defaultVersion,
		strict: durabletask.VersionMatch(e.settings.versionMatch) == durabletask.MatchStrict,
	}
	t.functions = register(durabletask.New(
		durabletask.NewOrchestrator(runTimer, durabletask.Named(timerOrchestrator)),
		timerRun.Implement(t.perform),
	), nil)
	for _, trigger := range t.functions.All() {
		if _, taken := e.table.Lookup(trigger.Name()); taken {
			return nil, fmt.Errorf("the name %q is reserved for what runs timers; give your function another one", trigger.Name())
		}
	}
	if e.options.Settings.UnderHost() {
		return t, nil
	}
	for _, trigger := range e.table.All() {
		timer, ok := trigger.(*bindings.TimerTrigger)
		if !ok {
			continue
		}
		w, err := wantTimer(timer, e.options.Settings.TimeZone, e.options.lookup)
		if err != nil {
			return nil, fmt.Errorf("the timer function %s: %w", timer.Name(), err)
		}
		t.wanted = append(t.wanted, *w)
	}
	return t, nil
}

// wantTimer reads what a trigger says.
func wantTimer(trigger *bindings.TimerTrigger, zone string, lookup func(string) (string, bool)) (*wantedTimer, error) {
	schedule := trigger.Schedule()
	text, err := schedule.Resolve(lookup)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what to change
	}
	table, err := bindings.ParseTimetable(text)
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	if _, err := timeZone(zone); err != nil {
		return nil, err
	}
	w := &wantedTimer{
		function: trigger.Name(), startup: schedule.RunOnStartup,
		settings: timerSettings{Schedule: text, Zone: zone, Unmonitored: schedule.Unmonitored || table.Frequent()},
	}
	if retry := trigger.Function().Retry; retry != nil {
		w.settings.Retry = *retry
		if _, longest, err := retry.Delays(); err != nil || longest > longestRetry {
			return nil, errors.Join(err, fmt.Errorf("its retries pause for at most %v", longestRetry))
		}
	}
	return w, durabletask.CheckID(w.id())
}

// longestRetry is the longest pause that a RetryPolicy takes.
const longestRetry = 6 * 24 * time.Hour

// perform is the activity: it runs a timer function. One that is not monitored and has been missed is left out.
func (t *timers) perform(ctx context.Context, c timerCall) (durabletask.None, error) {
	found, _ := t.app.Lookup(c.Function)
	trigger, ok := found.(*bindings.TimerTrigger)
	if !ok {
		return durabletask.None{}, durabletask.Permanent(errNoTimer.New("this worker's app has no timer function %s", c.Function))
	}
	missed := c.missed(time.Now(), t.started)
	if missed && c.Unmonitored {
		return durabletask.None{}, nil
	}
	return durabletask.None{}, trigger.Invoke(ctx, &bindings.TimerInfo{PastDue: missed, Status: c.Status}, t.client)
}

// reconcile makes the hub's instances of timers what the app's triggers want: those that are missing are started, those whose trigger has changed are told,
// those whose trigger is gone are ended. It is called before the worker starts, so that a new schedule gets ahead of what the old one has missed.
func (t *timers) reconcile(ctx context.Context, client *bindings.DurableClient) error {
	t.client, t.started = client, time.Now().UTC()
	known, err := t.instances(ctx)
	if err != nil {
		return fmt.Errorf("look for the instances of timers: %w", err)
	}
	for i := range t.wanted {
		w := &t.wanted[i]
		state := known[w.id()]
		delete(known, w.id())
		if err := t.keep(ctx, w, state, t.started); err != nil {
			return fmt.Errorf("schedule the timer function %s: %w", w.function, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		if err := t.end(ctx, known[id]); err != nil {
			return fmt.Errorf("end the schedule of a timer function that is gone: %w", err)
		}
	}
	return nil
}

// instances returns the hub's instances of timers by their ids.
func (t *timers) instances(ctx context.Context) (map[string]*durabletask.State, error) {
	found := make(map[string]*durabletask.State)
	for q := (durabletask.Query{Prefix: timerPrefix}); ; {
		page, err := t.client.List(ctx, q)
		if err != nil {
			return nil, err //nolint:wrapcheck // the caller says what it was for
		}
		for _, s := range page.Instances {
			if s.Name == timerOrchestrator {
				found[s.Instance.ID] = s
			}
		}
		if q.Token = page.Next; q.Token == "" {
			return found, nil
		}
	}
}

// keep starts the instance of a trigger, or tells it what has changed. State is what is known of it; nil if there is none.
func (t *timers) keep(ctx context.Context, w *wantedTimer, state *durabletask.State, now time.Time) error {
	var s timerState
	if state == nil || state.Status.Terminal() {
		return t.start(ctx, w, s, now)
	}
	if state.Input == nil || json.Unmarshal([]byte(*state.Input), &s) != nil {
		s = timerState{} // whatever it is, it differs
	}
	if t.strict && deref(state.Version) != deref(t.version) { // no worker of this version would run it
		return t.start(ctx, w, s, now, durabletask.Refuse())
	}
	if s.timerSettings == w.settings && !w.startup {
		return nil
	}
	err := timerChanged.Raise(ctx, t.client.Client, w.id(), timerChange{timerSettings: w.settings, At: now, Startup: w.startup})
	if errors.Is(err, durabletask.ErrInstanceFinished) || errors.Is(err, durabletask.ErrInstanceNotFound) {
		return t.start(ctx, w, timerState{}, now)
	}
	return err //nolint:wrapcheck // the caller says which function
}

// start starts the instance of a trigger. What is known from an earlier one is kept if the schedule is the same.
func (t *timers) start(ctx context.Context, w *wantedTimer, s timerState, now time.Time, options ...durabletask.StartOption) error {
	if s.Next.IsZero() || s.Schedule != w.settings.Schedule || s.Zone != w.settings.Zone {
		next, err := w.settings.next(now)
		if err != nil {
			return err
		}
		s = timerState{Next: next, Updated: now}
	}
	s.timerSettings, s.Function, s.Startup = w.settings, w.function, w.startup
	options = append(options, durabletask.InstanceID(w.id()), durabletask.AsReceived())
	if !t.strict {
		options = append(options, durabletask.Version("")) // which every worker runs
	}
	_, err := t.client.Schedule(ctx, timerOrchestrator, s, options...)
	if _, exists := errors.AsType[*durabletask.InstanceExistsError](err); exists { // another worker has got ahead
		return nil
	}
	return err //nolint:wrapcheck // the caller says which function
}

// end ends the instance of a trigger that the app doesn't have any more; one that has ended is removed.
func (t *timers) end(ctx context.Context, state *durabletask.State) error {
	id := state.Instance.ID
	var err error
	if state.Status.Terminal() {
		err = t.client.Purge(ctx, id)
	} else {
		t.log.Info("the app has no timer function for this instance any more, or the Functions host runs it; the instance is ended", "instance", id)
		reason := "The app that started last does not run this timer function itself."
		err = t.client.Terminate(ctx, id, &reason)
	}
	if errors.Is(err, durabletask.ErrInstanceNotFound) || errors.Is(err, durabletask.ErrInstanceFinished) || errors.Is(err, durabletask.ErrInstanceRunning) {
		return nil // another worker has got ahead
	}
	return err //nolint:wrapcheck // the caller says what it was for
}

// deref is a text, or the empty one for none.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
