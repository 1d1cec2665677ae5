package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// entityRecord is what is stored of an entity. It stays in the session from one batch to the next.
type entityRecord struct {
	instance history.Instance
	state    history.EntityState
	// start is the event that has the state as its input, and started its time; nil for an entity that is not stored yet.
	start   *history.ExecutionStarted
	started time.Time
	// suspended says that somebody has suspended the entity by the management API, and held are the events that have come since. They stand in
	// the history behind the start.
	suspended bool
	held      []history.Event
	// asked is when the owner of the lock was last looked for.
	asked time.Time
}

// recordSize is about what a record takes beside its state.
const recordSize = 1 << 10

// Size implements backend.Body.
func (r *entityRecord) Size() int64 {
	if r.start == nil || r.start.Input == nil {
		return recordSize
	}
	return int64(recordSize + 2*len(*r.start.Input))
}

// End implements backend.Body: a record needs no unloading.
func (*entityRecord) End() {}

// record returns the stored record of the work's entity; an empty one if there is none.
func (d *Dispatcher) record(ctx context.Context, w *backend.InstanceWork) (*entityRecord, error) {
	r, _ := w.Session.Body().(*entityRecord)
	w.Session.Park(nil) // it is this batch's until that is committed
	if r != nil && r.instance == w.Instance {
		return r, nil
	}
	past, err := d.backend.LoadHistory(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("load the record of entity %q: %w", w.Instance.ID, err)
	}
	r = &entityRecord{instance: w.Instance}
	for _, e := range past {
		switch e := e.(type) {
		case *history.ExecutionStarted:
			r.start, r.started = e, e.Time
		case *history.ExecutionSuspended:
			r.suspended = true
		case *history.ExecutionResumed:
			r.suspended = false
		case *history.EventRaised:
			r.held = append(r.held, e)
		}
	}
	if r.start == nil || r.start.Input == nil {
		return r, nil
	}
	if err := json.Unmarshal([]byte(*r.start.Input), &r.state); err != nil {
		return nil, fmt.Errorf("read the record of entity %q, which may be damaged or of a newer version: %w", w.Instance.ID, err)
	}
	return r, nil
}

// renewed is the record that a batch has made of another one.
func renewed(r *entityRecord, c entity.Commit) *entityRecord {
	next := &entityRecord{instance: c.Instance, state: c.State, asked: r.asked}
	for _, e := range c.Events {
		if start, ok := e.(*history.ExecutionStarted); ok {
			next.start, next.started = start, start.Time
		}
	}
	return next
}

// instanceState is what a status query shows of the entity.
func (r *entityRecord) instanceState(in entityIntake, now time.Time) *backend.InstanceState {
	s := &backend.InstanceState{
		Instance: r.instance, Name: r.instance.ID, Version: r.start.Version, Status: history.Running, Input: r.start.Input,
		CustomStatus: new(entity.Status(&r.state)), Created: r.started, Updated: now,
	}
	switch {
	case in.end != nil:
		s.Status, s.Output, s.Completed = history.Terminated, in.end.Reason, now
	case r.suspended:
		s.Status = history.Suspended
	}
	return s
}
