package dispatch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// nextOrchestration takes an orchestration from the backend and carries it through one episode.
func (d *Dispatcher) nextOrchestration(ctx context.Context) error {
	w, err := d.backend.NextOrchestration(ctx)
	if err != nil {
		return err
	}
	if d.wedged.has(w.Instance.ID) {
		d.abandon(ctx, w, errWedged, d.Watchdog)
		return nil
	}
	// The body is this episode's until its checkpoint is committed: if anything goes wrong it has run ahead of storage.
	x, _ := w.Session.Body().(*replay.Execution)
	w.Session.Park(nil)
	if x == nil {
		x = replay.New()
	}
	if err := contain(func() error { return d.episode(ctx, w, x) }); err != nil {
		x.End()
		if !errors.Is(err, backend.ErrSessionLost) {
			d.abandon(ctx, w, err, redelivery(w.Attempt))
		}
	}
	return nil
}

// episode runs the orchestrator on the work's messages and commits what it decided. With an error the work is not over.
func (d *Dispatcher) episode(ctx context.Context, w *backend.InstanceWork, x *replay.Execution) error {
	o, err := d.open(ctx, w, x)
	if err != nil {
		return err
	}
	if o == nil { // messages for an execution that never started
		return d.commit(ctx, w, backend.Checkpoint{})
	}
	decided, err := d.decide(ctx, w, o)
	if err != nil {
		return err
	}
	if decided, err = d.inline(ctx, w, o, decided); err != nil {
		return err
	}
	if decided.Outcome == nil {
		w.Session.Park(x)
	}
	if err := d.commit(ctx, w, d.checkpoint(decided)); err != nil {
		w.Session.Park(nil)
		return err
	}
	d.tell(decided)
	if decided.Outcome != nil {
		x.End()
	}
	return nil
}

// decide sends the orchestration through the pipeline and returns what it decided.
func (d *Dispatcher) decide(ctx context.Context, w *backend.InstanceWork, o *Orchestration) (*replay.Decisions, error) {
	o.Decisions = nil
	if err := d.guarded(ctx, w, o); err != nil {
		return nil, err
	}
	if o.Decisions == nil {
		return nil, fmt.Errorf("run orchestrator %q: no handler ran it; is there a middleware that doesn't call next?", o.Name)
	}
	return o.Decisions, nil
}

// open gathers what the episode starts from: the history, unless the execution is live. It returns nil if there is neither a
// history nor a start.
func (d *Dispatcher) open(ctx context.Context, w *backend.InstanceWork, x *replay.Execution) (*Orchestration, error) {
	o := &Orchestration{Instance: w.Instance, Attempt: w.Attempt}
	o.Episode = replay.Episode{
		New: w.Messages, Now: d.begun(w), Execution: x,
		Host: d.Logger, StoreInputs: d.StoreInputs, MaxCalls: d.MaxCalls, ReorderWindow: d.EntityOptions.ReorderWindow, DefaultVersion: d.Versions.Default,
	}
	for _, m := range w.Messages {
		if e := replay.Unknown([]history.Event{m.Event}); e != nil {
			return nil, fmt.Errorf("a message has an event of kind %v, which this version does not know: run a version that does", e.Type())
		}
	}
	start := x.Start()
	if start == nil {
		past, err := d.backend.LoadHistory(ctx, w)
		if err != nil {
			return nil, fmt.Errorf("load history: %w", err)
		}
		if e := replay.Unknown(past); e != nil {
			return nil, fmt.Errorf("the history has an event of kind %v, which this version does not know: run a version that does", e.Type())
		}
		o.Episode.Past = past
		start = findStart(past, w.Messages)
	}
	if start == nil {
		return nil, nil
	}
	o.Name, o.Version = start.Name, start.Version
	return o, nil
}

// begun is the time at which an episode, or a batch, takes place: now, or when an earlier attempt did.
func (d *Dispatcher) begun(w *backend.InstanceWork) time.Time {
	if w.Began.IsZero() {
		return d.Environment.Now()
	}
	return w.Began
}

func findStart(past []history.Event, messages []history.Message) *history.ExecutionStarted {
	for _, e := range past {
		if start, ok := e.(*history.ExecutionStarted); ok {
			return start
		}
	}
	if len(past) > 0 {
		return nil
	}
	for _, m := range messages {
		if start, ok := m.Event.(*history.ExecutionStarted); ok {
			return start
		}
	}
	return nil
}

// guarded sends the work through the pipeline. It turns a panic into an error, and gives the work up if an orchestrator
// doesn't come back in time.
func (d *Dispatcher) guarded(ctx context.Context, w *backend.InstanceWork, o *Orchestration) (err error) {
	gaveUp := make(chan struct{})
	alarm := time.AfterFunc(d.Watchdog, func() {
		defer close(gaveUp)
		d.giveUp(ctx, w, o)
	})
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("run orchestrator %q: %w", o.Name, &panicError{p, debug.Stack()})
		}
		if !alarm.Stop() {
			<-gaveUp
			d.wedged.remove(w.Instance.ID)
			err = backend.ErrSessionLost // the work has been abandoned
		}
	}()
	return d.run.Orchestration(ctx, o)
}

// checkpoint puts the decisions into the form in which backends store them.
func (d *Dispatcher) checkpoint(decided *replay.Decisions) backend.Checkpoint {
	if len(decided.Events) == 0 {
		return backend.Checkpoint{}
	}
	start, now := decided.Start, d.Environment.Now()
	state := &backend.InstanceState{
		Instance: start.Instance, Name: start.Name, Version: start.Version, Input: start.Input, Tags: start.Tags, Parent: start.Parent,
		Generation: start.Generation, Created: start.Time, ScheduledStart: start.ScheduledStart,
		Status: history.Running, Output: decided.Reason, CustomStatus: decided.CustomStatus, Updated: now,
	}
	if decided.Suspended {
		state.Status = history.Suspended
	}
	messages := decided.Messages
	if end := decided.Outcome; end != nil {
		if d.SerializeExceptions {
			serializeExceptions(end, messages)
		}
		state.Status, state.Completed, state.Output, state.Failure = end.Status, now, end.Result, end.Failure
	}
	return backend.Checkpoint{Events: decided.Events, Activities: decided.Activities, Timers: decided.Timers, Messages: messages, State: state}
}

// serializeExceptions puts a failed outcome, and the answer to the parent that goes with it, into the form of .NET in-process: a bare message,
// with the exception as JSON for the parent.
func serializeExceptions(end *history.ExecutionCompleted, messages []history.Message) {
	end.Failure = nil
	for _, m := range messages {
		if e, ok := m.Event.(*history.SubOrchestrationInstanceFailed); ok && e.Failure != nil {
			e.Details, e.Failure = new(e.Failure.ExceptionJSON()), nil
		}
	}
}

// commit stores a checkpoint. It makes the same call again for as long as storage fails in passing and the worker lives.
func (d *Dispatcher) commit(ctx context.Context, w *backend.InstanceWork, c backend.Checkpoint) error {
	var pause *backoff
	for {
		err := d.backend.Checkpoint(ctx, w, c)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
		if !errors.Is(err, backend.ErrTransient) {
			return err
		}
		if pause == nil {
			d.Logger.Error("storage failed; trying again", "instance", w.Instance.ID, "error", err)
			pause = &backoff{random: d.Environment.Rand("commit " + w.Instance.ID)}
		}
		if !pause.wait(ctx) {
			return err
		}
	}
}

func (d *Dispatcher) abandon(ctx context.Context, w *backend.InstanceWork, cause error, delay time.Duration) {
	d.Logger.Warn("work abandoned; it will be tried again", "instance", w.Instance.ID, "attempt", w.Attempt, "in", delay, "error", cause)
	if err := d.backend.Abandon(ctx, w, backend.Abandonment{Cause: cause, Delay: delay, Poisonous: poisonous(cause)}); err != nil {
		d.Logger.Error("could not abandon work", "instance", w.Instance.ID, "error", err)
	}
}
