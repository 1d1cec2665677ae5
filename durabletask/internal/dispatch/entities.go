package dispatch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// nextEntity takes an entity from the backend and carries it through one batch of operations. Their code runs under operations, which ends when
// the worker can wait no longer.
func (d *Dispatcher) nextEntity(ctx, operations context.Context) error {
	w, err := d.backend.NextEntity(ctx)
	if err != nil {
		return err
	}
	if err := contain(func() error { return d.batch(ctx, operations, w) }); err != nil && !errors.Is(err, backend.ErrSessionLost) {
		d.abandon(ctx, w, err, redelivery(w.Attempt))
	}
	return nil
}

// batch runs what has come for the entity and commits its new record. With an error the work is not over.
func (d *Dispatcher) batch(ctx, operations context.Context, w *backend.InstanceWork) error {
	r, err := d.record(ctx, w)
	if err != nil {
		return err
	}
	var events []history.Event
	in := r.intake(w.Messages)
	next, messages := r, []history.Message(nil)
	if in.runs || r.start == nil {
		b, err := d.begin(ctx, w, r, in.run)
		if err != nil {
			return err
		}
		if !b.Idle() {
			if err := d.operate(operations, w, b); err != nil {
				return err
			}
		}
		c := b.Commit(d.begun(w))
		next, events, messages = renewed(r, c), c.Events, c.Messages
	}
	next, tail := next.follow(in, next != r, d.Environment.Now())
	checkpoint := backend.Checkpoint{Events: append(events, tail...), Messages: messages, State: next.instanceState(in, d.Environment.Now())}
	w.Session.Park(next)
	if err := d.commit(ctx, w, checkpoint); err != nil {
		w.Session.Park(nil)
		return err
	}
	if r.start == nil && next.start != nil {
		d.tellOfEntity(next.start.Instance)
	}
	d.watch(ctx, w.Instance.ID, next)
	return nil
}

// begin takes the events in. An entity that is locked by an orchestration that has ended is given free first.
func (d *Dispatcher) begin(ctx context.Context, w *backend.InstanceWork, r *entityRecord, events []history.Event) (*entity.Batch, error) {
	work := entity.Work{Instance: r.instance, State: r.state, Started: r.started, Events: events, Now: d.Environment.Now()}
	b := entity.Begin(work, d.EntityOptions)
	if owner := b.Blocked(); owner != "" && work.Now.Sub(r.asked) >= orphanInterval {
		orphaned, err := d.orphaned(ctx, owner)
		if err != nil {
			return nil, err
		}
		if r.asked = work.Now; orphaned {
			d.Logger.Warn("the lock of an entity is taken back: its owner has ended without giving it back", "entity", w.Instance.ID, "owner", owner)
			work.Events = append(work.Events, entity.OrphanRelease(owner))
			b = entity.Begin(work, d.EntityOptions)
		}
	}
	for _, dropped := range b.Dropped() {
		d.Logger.Error("an entity drops a message that it can't understand", "entity", w.Instance.ID, "event", eventName(dropped.Event), "error", dropped.Reason)
	}
	return b, nil
}

func eventName(e history.Event) string {
	if raised, ok := e.(*history.EventRaised); ok {
		return raised.Name
	}
	return e.Type().String()
}

// KindNoEntity is the kind of the failure of an operation on an entity that no function stands for.
const KindNoEntity = "EntityNotFound"

// batchTime is how long a batch may take before no more operations are begun. (In-process .NET: 3 minutes.)
const batchTime = 10 * time.Second

// operate sends the batch through the pipeline. It turns a panic of the pipeline into an error.
func (d *Dispatcher) operate(ctx context.Context, w *backend.InstanceWork, b *entity.Batch) (err error) {
	id, err := entity.ParseID(w.Instance.ID)
	if err != nil {
		b.Fail(&history.FailureDetails{ErrorType: KindNoEntity, ErrorMessage: err.Error(), NonRetriable: true})
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("run entity %q: %w", w.Instance.ID, &panicError{p, debug.Stack()})
		}
	}()
	limit := time.NewTimer(batchTime)
	defer limit.Stop()
	e := &Entity{Instance: w.Instance, ID: id, Attempt: w.Attempt, Batch: b, Logger: d.Logger, limit: limit.C}
	if err := d.run.Entity(ctx, e); err != nil {
		return err
	}
	if !b.Idle() && ctx.Err() == nil && !e.enough {
		return fmt.Errorf("run entity %q: a handler left operations undone; is there a middleware that doesn't call next?", w.Instance.ID)
	}
	return nil
}
