package dispatch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// nextActivity takes an activity from the backend and carries it out. Its code runs under activities, which ends when the worker
// can wait no longer.
func (d *Dispatcher) nextActivity(ctx, activities context.Context) error {
	w, err := d.backend.NextActivity(ctx)
	if err != nil {
		return err
	}
	a := newActivity(w)
	if a == nil {
		d.abandonActivity(ctx, w, fmt.Errorf("run activity: the message holds %v, not TaskScheduled", w.Message.Event.Type()))
		return nil
	}
	if err := d.perform(activities, a); err != nil {
		d.abandonActivity(ctx, w, err)
		return nil
	}
	d.complete(ctx, w, a)
	return nil
}

// perform sends the activity through the pipeline. It turns a panic of the pipeline into an error.
func (d *Dispatcher) perform(ctx context.Context, a *Activity) (err error) {
	d.performing <- struct{}{}
	defer func() { <-d.performing }()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("run activity %q: %w", a.Name, &panicError{p, debug.Stack()})
		}
	}()
	begun := d.Environment.Now()
	if err := d.run.Activity(ctx, a); err != nil {
		return err
	}
	a.took = d.Environment.Now().Sub(begun)
	if ctx.Err() != nil && a.Failure() != nil {
		return fmt.Errorf("run activity %q: stopped with the worker: %w", a.Name, ctx.Err()) // the failure is ours, not its own
	}
	if a.outcome == nil {
		return fmt.Errorf("run activity %q: no handler ran it; is there a middleware that doesn't call next?", a.Name)
	}
	return nil
}

// complete delivers the outcome, again and again if storage fails in passing: the activity has run, and it should not run twice.
func (d *Dispatcher) complete(ctx context.Context, w *backend.ActivityWork, a *Activity) {
	result := d.result(a)
	var pause *backoff
	for {
		err := d.backend.CompleteActivity(ctx, w, result)
		if err == nil {
			d.tellOfActivity(a)
		}
		if err == nil || errors.Is(err, backend.ErrSessionLost) {
			return
		}
		d.Logger.Error("could not deliver the result of an activity", "activity", a.Name, "instance", a.Instance.ID, "task", a.TaskID, "error", err)
		if pause == nil {
			pause = &backoff{random: d.Environment.Rand("result " + a.Key)}
		}
		if !errors.Is(err, backend.ErrTransient) || !pause.wait(ctx) {
			d.abandonActivity(ctx, w, err)
			return
		}
	}
}

// result is the message with an activity's outcome.
func (d *Dispatcher) result(a *Activity) history.Message {
	h := a.outcome.Head()
	h.ID, h.Time, h.ActivityID = history.NoID, d.Environment.Now(), a.Key
	if f, ok := a.outcome.(*history.TaskFailed); ok && d.SerializeExceptions && f.Failure != nil {
		f.Details, f.Failure = new(f.Failure.ExceptionJSON()), nil
	}
	return history.Message{Target: a.Instance, Event: a.outcome}
}

func (d *Dispatcher) abandonActivity(ctx context.Context, w *backend.ActivityWork, cause error) {
	delay := redelivery(w.Attempt)
	d.Logger.Warn("activity abandoned; it will be tried again", "instance", w.Message.Target.ID, "attempt", w.Attempt, "in", delay, "error", cause)
	if err := d.backend.AbandonActivity(ctx, w, backend.Abandonment{Cause: cause, Delay: delay, Poisonous: poisonous(cause)}); err != nil {
		d.Logger.Error("could not abandon an activity", "instance", w.Message.Target.ID, "error", err)
	}
}
