package entity

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// lostContinue is how long an entity waits for the message that it has sent itself (ext: EntityScheduler).
const lostContinue = 10 * time.Second

// Dropped is an event that is not understood, and never will be.
type Dropped struct {
	Event history.Event
	// Reason says what is wrong with it.
	Reason error
}

// intake sorts new events into the queue. (DTFx: Core/TaskEntityDispatcher.DetermineWork.)
func (b *Batch) intake(events []history.Event, now time.Time) {
	var owners []history.EntityRequest
	for _, e := range events {
		raised, ok := e.(*history.EventRaised)
		if !ok {
			b.drop(e, fmt.Errorf("%s is no message for an entity", e.Type()))
			continue
		}
		var err error
		switch {
		case strings.HasPrefix(raised.Name, history.EntityOperation):
			err = b.request(raised, now, &owners)
		case raised.Name == history.EntityReleased:
			err = b.release(raised)
		default:
			b.state.Suspended = false
		}
		if err != nil {
			b.drop(e, err)
		}
	}
	b.state.Queue = slices.Concat(owners, b.state.Queue)
}

func (b *Batch) drop(e history.Event, reason error) {
	b.dropped = append(b.dropped, Dropped{e, reason})
}

// request takes in a request that may be delivered. What the lock's owner asks for goes to owners.
//
// Differs from DTFx, which gives back the whole batch for a request that can't be read, for ever.
func (b *Batch) request(e *history.EventRaised, now time.Time, owners *[]history.EntityRequest) error {
	var r history.EntityRequest
	if err := decode(e, &r); err != nil {
		return err
	}
	if unanswerable(&r) {
		return errors.New("a lock request that nobody can answer or forward")
	}
	deliver := func(r history.EntityRequest) {
		if b.state.LockedBy != "" && b.state.LockedBy == r.Parent {
			*owners = append(*owners, r)
		} else {
			b.state.Queue = append(b.state.Queue, r)
		}
	}
	switch {
	case r.Due.After(now): // Differs from DTFx, which runs a signal up to 100 ms early.
		b.early = append(b.early, r)
	case !r.Due.IsZero():
		deliver(r)
	default:
		b.sorter.receive(r, deliver)
	}
	return nil
}

// unanswerable reports whether a request for a lock names nobody to answer, or no entity to go on with.
func unanswerable(r *history.EntityRequest) bool {
	return r.LockSet != nil && (r.Parent == "" || r.Position < 0)
}

// release gives the lock back if its owner says so.
//
// Differs from DTFx: an owner who gives up before it got the lock takes its request back, which would otherwise lock the entity for
// nobody.
func (b *Batch) release(e *history.EventRaised) error {
	var r history.EntityRelease
	if err := decode(e, &r); err != nil {
		return err
	}
	if r.Parent != "" && b.state.LockedBy == r.Parent {
		b.state.LockedBy = ""
		return nil
	}
	b.state.Queue = slices.DeleteFunc(b.state.Queue, func(q history.EntityRequest) bool {
		return q.LockSet != nil && q.ID == r.ID && q.Parent == r.Parent
	})
	return nil
}

func decode(e *history.EventRaised, v any) error {
	if e.Input == nil {
		return fmt.Errorf("event %q has no content", e.Name)
	}
	return json.Unmarshal([]byte(*e.Input), v)
}
