package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A receipt is one hand-out of an instance. Its state is guarded by the backend's lock.
type receipt struct {
	instance *instance
	messages []*message
	session  *backend.Session
	state    receiptState
	refused  bool // what the work came to can never be stored
}

type receiptState int

const (
	out        receiptState = iota // a worker has the work
	committing                     // its checkpoint is under way
	lost                           // it is no longer the worker's
	over                           // committed or given back
)

// maxMessages is how many messages one piece of work carries. What is more waits for the next.
const maxMessages = 1000

// NextOrchestration hands out an orchestration with its new messages.
func (b *Backend) NextOrchestration(ctx context.Context) (*backend.InstanceWork, error) {
	if err := b.enter(ctx, "next-orchestration", "", ""); err != nil {
		return nil, err
	}
	return b.nextInstance(ctx, &b.orchestrations)
}

// NextEntity hands out an entity with its new messages.
func (b *Backend) NextEntity(ctx context.Context) (*backend.InstanceWork, error) {
	if err := b.enter(ctx, "next-entity", "", ""); err != nil {
		return nil, err
	}
	return b.nextInstance(ctx, &b.entities)
}

func (b *Backend) nextInstance(ctx context.Context, line *backend.Line[*instance]) (*backend.InstanceWork, error) {
	for {
		i, err := line.Wait(ctx, &b.mu, func() {})
		if err != nil {
			return nil, err
		}
		w, err := b.handOut(ctx, i)
		if w != nil || err != nil {
			return w, err
		}
	}
}

// handOut makes work of an instance that has left the line. It returns nil if there is nothing to hand out any more.
func (b *Backend) handOut(ctx context.Context, i *instance) (*backend.InstanceWork, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i.ready = nil
	if i.ended {
		return nil, nil
	}
	i.place = atWorker
	n := min(len(i.inbox), maxMessages)
	if i.inbox[0].suspect() {
		n = 1
	}
	w := &receipt{instance: i, messages: i.inbox[:n:n]}
	if i.inbox = i.inbox[n:]; len(i.inbox) == 0 {
		i.inbox = nil // does not keep in memory what has been consumed
	}
	i.out = w

	events := make([]history.Message, n)
	complete := i.loaded
	for k, m := range w.messages {
		events[k].Event = m.event
		complete = complete && m.event != nil
	}
	if !complete {
		b.mu.Unlock()
		broken, err := b.load(ctx, w, events)
		b.mu.Lock()
		if w.state == lost || i.ended || b.stage == stopped {
			return nil, nil
		}
		if err != nil {
			return nil, b.putBack(ctx, w, err)
		}
		if len(broken) > 0 {
			b.setAside(w, broken)
			return nil, nil
		}
	}
	for k, m := range w.messages {
		m.attempts++
		events[k].Target = history.Instance{ID: i.id, ExecutionID: m.executionID}
	}
	w.session = b.sessions.Take(i.id)
	return &backend.InstanceWork{
		Instance: i.name(),
		Version:  i.version,
		Messages: events,
		Attempt:  w.messages[0].attempts,
		Session:  w.session,
		Receipt:  w,
	}, nil
}

func (i *instance) name() history.Instance {
	return history.Instance{ID: i.id, ExecutionID: i.executionID}
}

// load reads what is not in memory. It also returns the messages that can't be understood, each with the reason.
func (b *Backend) load(ctx context.Context, w *receipt, events []history.Message) (broken map[*message]error, err error) {
	i := w.instance
	err = b.readers.with(ctx, func(c *conn) error {
		broken = nil
		r, err := c.instance(instanceByKey, i.key)
		if err != nil {
			return err
		}
		b.mu.Lock()
		if r == nil || r.status.Terminal() {
			b.end(i)
		} else if !i.loaded {
			i.fill(r)
			b.keep(i)
		}
		ended := i.ended
		b.mu.Unlock()
		for k := 0; k < len(events) && !ended; k++ {
			if events[k].Event != nil {
				continue
			}
			at := w.messages[k].row
			s := messageBody
			if at.table == activities {
				s = activityBody
			}
			events[k].Event, err = c.body(s, i.key, at.seq)
			if undecodable, ok := errors.AsType[*undecodableError](err); ok {
				if broken == nil {
					broken = make(map[*message]error)
				}
				broken[w.messages[k]] = undecodable
				continue
			}
			if err != nil {
				return err
			}
			if events[k].Event == nil {
				return fmt.Errorf("message %d of instance %q is missing", at.seq, i.id)
			}
		}
		return nil
	})
	return broken, err
}

// body reads a message; nil if there is none. An *undecodableError says that it can't be understood, now or later.
func (c *conn) body(s statement, key, seq int64) (event history.Event, err error) {
	err = c.query(func(r *sqlite3.Stmt) (err error) {
		event, err = decodeBody(r.ColumnRawText(0))
		return err
	}, s, key, seq)
	return event, err
}

// putBack is for work that could not be read. Only a caller who gave up gets an error.
func (b *Backend) putBack(ctx context.Context, w *receipt, cause error) error {
	i := w.instance
	w.state = over
	i.out = nil
	i.inbox = append(w.messages, i.inbox...)
	if ctx.Err() != nil {
		i.place = parked
		b.settle(i)
		return ctx.Err()
	}
	first := w.messages[0]
	first.attempts++
	b.log.Error("cannot read the messages of an instance; trying again later", "instance", i.id, "attempt", first.attempts, "error", b.explain(cause))
	i.place = resting
	b.after(pause(first.attempts), func() { b.resume(i) })
	return nil
}

// resume ends the rest of an instance.
func (b *Backend) resume(i *instance) {
	if i.place == resting {
		i.place = parked
		b.settle(i)
	}
}

// LoadHistory returns the committed history of the work's execution.
func (b *Backend) LoadHistory(ctx context.Context, w *backend.InstanceWork) ([]history.Event, error) {
	if err := b.enter(ctx, "load-history", w.Instance.ID, ""); err != nil {
		return nil, err
	}
	r := w.Receipt.(*receipt)
	var events []history.Event
	err := b.readers.with(ctx, func(c *conn) (err error) {
		events, _, err = c.history(historyByKey, r.instance.key)
		return err
	})
	b.mu.Lock()
	if r.state >= lost || b.stage == stopped {
		err = backend.ErrSessionLost
	}
	b.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("load history of instance %q: %w", w.Instance.ID, b.explain(err))
	}
	return events, nil
}

// Abandon gives the messages back.
func (b *Backend) Abandon(ctx context.Context, w *backend.InstanceWork, a backend.Abandonment) error {
	if err := b.enter(ctx, "abandon", w.Instance.ID, ""); err != nil {
		return err
	}
	r := w.Receipt.(*receipt)
	i := r.instance
	b.mu.Lock()
	state := r.state
	var evicted backend.Evicted
	switch state {
	case out:
		r.state = over
		i.out = nil
		evicted = b.sessions.Return(r.session)
		kept := b.giveUp(r, a)
		i.inbox = append(kept, i.inbox...)
		if len(kept) == 0 { // what is left has nothing to rest for
			i.place = parked
			b.settle(i)
			break
		}
		i.place = resting
		b.after(a.Delay, func() { b.resume(i) })
	case lost:
		r.state = over
		evicted = b.sessions.Return(r.session)
	}
	b.mu.Unlock()
	evicted.End()
	if state == committing || state == over {
		return fmt.Errorf("abandon instance %q: %w", i.id, backend.ErrSessionLost)
	}
	return nil
}
