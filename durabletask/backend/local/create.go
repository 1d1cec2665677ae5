package local

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Create stores a new instance and the message that starts it.
func (b *Backend) Create(ctx context.Context, c backend.Creation) error {
	start, ok := c.Start.Event.(*history.ExecutionStarted)
	if !ok {
		return fmt.Errorf("create instance %q: the message is a %v, not an ExecutionStarted", c.Start.Target.ID, c.Start.Event.Type())
	}
	body, err := history.Append(nil, start)
	if err != nil {
		return fmt.Errorf("create instance %q: %w", c.Start.Target.ID, err)
	}
	q := &create{reply: newReply(), birth: birth{target: c.Start.Target, start: start, body: body}, refuse: c.Refuse}
	err = b.submit(ctx, q)
	q.evicted.End()
	var exists *backend.InstanceExistsError
	if err != nil && !errors.As(err, &exists) {
		err = fmt.Errorf("create instance %q: %w", c.Start.Target.ID, err)
	}
	return err
}

type create struct {
	reply
	birth
	refuse []history.Status
}

func (q *create) order() order { return order{createRank, q.target.ID, string(q.body)} }

func (q *create) prepare(t *transaction) (refused, failed error) {
	old, err := t.c.instance(instanceByID, q.target.ID)
	if err != nil {
		return nil, err
	}
	if old != nil && slices.Contains(q.refuse, old.status) {
		return &backend.InstanceExistsError{InstanceID: old.id, Status: old.status}, nil
	}
	if old != nil {
		if err := q.nextGeneration(old.generation + 1); err != nil {
			return nil, err
		}
	}
	return nil, q.write(t, old)
}

// nextGeneration counts the starts of an id, in the message and in the state.
func (q *create) nextGeneration(n int) error {
	start := *q.start
	start.Generation = &n
	body, err := history.Append(nil, &start)
	if err != nil {
		return err
	}
	q.start, q.body = &start, body
	return nil
}

// birth is a new execution, in the place of the one that had the id before.
type birth struct {
	target   history.Instance
	start    *history.ExecutionStarted
	body     []byte
	instance *instance
	message  *message
	timer    *timer
	replaced int64 // key of the old execution; 0 if there is none
	evicted  backend.Evicted
}

// write stores the rows of the new execution and removes those of the old one.
func (q *birth) write(t *transaction, old *instanceRow) error {
	q.replaced = 0
	if old != nil {
		q.replaced = old.key
		if err := t.remove(old.key); err != nil {
			return err
		}
	}
	state := backend.PendingState(q.target, q.start, t.b.env.Now())
	q.instance = &instance{key: t.nextKey(), loaded: true, id: q.target.ID, executionID: q.target.ExecutionID}
	var err error
	if q.instance.state, err = t.b.storedState(state); err != nil {
		return err
	}
	tags, err := marshalTags(state.Tags)
	if err != nil {
		return err
	}
	parent, err := marshal(state.Parent)
	if err != nil {
		return err
	}
	if err := t.run(insertInstance, q.instance.key, state.Instance.ID, state.Instance.ExecutionID, state.Name, state.Version, int(state.Status),
		state.Generation, state.Created, state.Updated, state.ScheduledStart, parent, tags, state.Input); err != nil {
		return err
	}
	seq, event := t.nextSeq(), resident(q.start, q.body)
	var due any
	q.message, q.timer = nil, nil
	if state.ScheduledStart.After(t.b.env.Now()) {
		q.instance.held = true
		q.timer = &timer{
			instance: q.instance, due: ticksUp(state.ScheduledStart), seq: seq, start: true, executionID: q.target.ExecutionID, event: event,
		}
		due = q.timer.due
	} else {
		q.message = &message{row: row{messages, seq}, executionID: q.target.ExecutionID, start: true, event: event}
	}
	t.see(q.instance)
	return t.run(insertMessage, q.instance.key, seq, due, true, q.target.ExecutionID, q.body)
}

func (q *birth) apply(b *Backend) {
	if old, ok := b.byKey[q.replaced]; ok {
		b.replace(old)
	}
	if q.replaced != 0 {
		q.evicted = append(q.evicted, b.sessions.Forget(q.target.ID)...)
	}
	if q.timer != nil {
		b.setTimer(q.timer)
	} else {
		b.deliver(q.instance, q.message)
	}
}
