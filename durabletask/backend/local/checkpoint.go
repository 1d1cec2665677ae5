package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Checkpoint stores what an episode decided.
func (b *Backend) Checkpoint(ctx context.Context, w *backend.InstanceWork, c backend.Checkpoint) error {
	q, err := b.newCheckpoint(w, &c)
	refused := err != nil
	if err == nil {
		err = b.checkpoint(ctx, q)
		refused = errors.Is(err, sqlite3.TOOBIG)
	}
	if refused {
		b.mu.Lock()
		q.work.refused = true
		b.mu.Unlock()
	}
	q.evicted.End()
	if err != nil {
		return fmt.Errorf("checkpoint of instance %q: %w", w.Instance.ID, err)
	}
	if q.more {
		w.Instance, w.Version = q.after, q.version
	}
	return nil
}

func (b *Backend) checkpoint(ctx context.Context, q *checkpoint) error {
	w := q.work
	b.mu.Lock()
	mine := w.state == out && b.stage < stopped
	if mine {
		w.state = committing
	}
	b.mu.Unlock()
	if !mine {
		return backend.ErrSessionLost
	}
	err := b.submit(ctx, q)
	if err != nil {
		b.mu.Lock()
		if w.state == committing {
			w.state = out
		}
		b.mu.Unlock()
	}
	return err
}

var errMoreAfterEnd = errors.New("more is to follow, but the state is terminal")

// checkpoint is the request of one.
type checkpoint struct {
	reply
	work       *receipt
	more       bool
	events     []byte
	activities []*activity
	bodies     [][]byte // of the activities
	posts      []post   // timers and messages
	births     []*birth
	refusals   []*post // answers to parents whose child could not be born
	state      *backend.InstanceState
	stored     stored // of the state
	evicted    backend.Evicted

	// What prepare finds out.
	written bool             // the state has been
	renamed bool             // the instance continues as new
	version uint64           // of the history afterwards
	after   history.Instance // the execution afterwards
}

// newCheckpoint encodes on the caller's side, so that the committer only writes.
func (b *Backend) newCheckpoint(w *backend.InstanceWork, c *backend.Checkpoint) (q *checkpoint, err error) {
	q = &checkpoint{reply: newReply(), work: w.Receipt.(*receipt), more: c.More}
	if len(c.Events) > 0 {
		if q.events, err = history.Append(nil, c.Events...); err != nil {
			return q, err
		}
	}
	for _, m := range c.Activities {
		body, err := history.Append(nil, m.Event)
		if err != nil {
			return q, err
		}
		q.activities = append(q.activities, &activity{
			instance: q.work.instance, executionID: m.Target.ExecutionID, event: resident(m.Event, body),
		})
		q.bodies = append(q.bodies, body)
	}
	for _, m := range c.Timers {
		fired, ok := m.Event.(*history.TimerFired)
		if !ok {
			return q, fmt.Errorf("a timer with a %v, not a TimerFired", m.Event.Type())
		}
		p, err := newPost(m)
		if err != nil {
			return q, err
		}
		p.due = max(ticksUp(fired.FireAt), 1)
		q.posts = append(q.posts, p)
	}
	for _, m := range c.Messages {
		p, err := newPost(m)
		if err != nil {
			return q, err
		}
		q.posts = append(q.posts, p)
	}
	if c.State != nil {
		state := *c.State
		q.state = &state
		if c.More && state.Status.Terminal() {
			return q, errMoreAfterEnd
		}
		if state.Instance.ExecutionID == "" {
			state.Instance = w.Instance
		}
		if q.stored, err = b.storedState(q.state); err != nil {
			return q, err
		}
	}
	return q, nil
}

func (q *checkpoint) order() order { return order{rank: checkpointRank, id: q.work.instance.id} }

func (q *checkpoint) prepare(t *transaction) (refused, failed error) {
	w, i := q.work, q.work.instance
	t.b.mu.Lock()
	mine := w.state == committing
	// Whether messages of the execution are in the file that this checkpoint does not consume.
	others := len(i.inbox) > 0 || len(i.timers) > 0
	t.b.mu.Unlock()
	if !mine {
		return backend.ErrSessionLost, nil
	}
	q.version, q.after = i.version, i.name()
	if q.renamed = q.state != nil && q.state.Instance != q.after; q.renamed {
		if err := q.continueAsNew(t); err != nil {
			return nil, err
		}
	}
	if q.events != nil {
		q.version++
		if err := t.run(insertHistory, i.key, int64(q.version), q.events); err != nil {
			return nil, err
		}
	}
	ended := q.state != nil && q.state.Status.Terminal()
	if ended {
		t.end(i)
	}
	if !q.more {
		if err := q.consume(t, ended && others); err != nil {
			return nil, err
		}
	}
	if q.written = q.state != nil && i.state.outdated(q.stored); q.written {
		if err := t.update(i.key, q.state); err != nil {
			return nil, err
		}
	}
	for n, a := range q.activities {
		if a.seq = t.nextSeq(); a.executionID == "" {
			a.executionID = q.after.ExecutionID
		}
		if err := t.run(insertActivity, i.key, a.seq, a.executionID, q.bodies[n]); err != nil {
			return nil, err
		}
	}
	return nil, q.deliver(t)
}

// continueAsNew removes what was there for the generation before.
func (q *checkpoint) continueAsNew(t *transaction) error {
	i := q.work.instance
	q.after.ExecutionID = q.state.Instance.ExecutionID
	t.rename(i, q.after.ExecutionID)
	if err := t.run(deleteHistory, i.key); err != nil {
		return err
	}
	return t.run(deleteBoundMessages, i.key)
}

// consume deletes the rows of the messages of the work, or all messages of the execution.
func (q *checkpoint) consume(t *transaction, all bool) error {
	key := q.work.instance.key
	if all {
		if err := t.run(deleteMessages, key); err != nil {
			return err
		}
	}
	for _, m := range q.work.messages {
		s := deleteMessage
		switch {
		case m.row.table == activities:
			s = deleteActivity
		case all:
			continue
		}
		if err := t.run(s, key, m.row.seq); err != nil {
			return err
		}
	}
	return nil
}

// deliver writes the messages and timers, except those that nobody will read, and the instances that they start.
func (q *checkpoint) deliver(t *transaction) error {
	q.births, q.refusals = nil, nil
	for n := range q.posts {
		p := &q.posts[n]
		if p.start != nil {
			old, err := t.c.instance(instanceByID, p.target.ID)
			if err != nil {
				return err
			}
			if old != nil && !old.status.Terminal() {
				refusal, err := p.refusal(t, old)
				if err != nil {
					return err
				}
				if refusal != nil {
					q.refusals = append(q.refusals, refusal)
				}
				continue
			}
			b := &birth{target: p.target, start: p.start, body: p.body}
			if err := b.write(t, old); err != nil {
				return err
			}
			q.births = append(q.births, b)
			continue
		}
		if err := p.address(t); err != nil {
			return err
		}
		if p.instance == nil {
			continue
		}
		if err := p.write(t, p.instance); err != nil {
			return err
		}
	}
	return nil
}

func (q *checkpoint) apply(b *Backend) {
	w, i := q.work, q.work.instance
	i.version = q.version
	if q.renamed {
		b.continueAsNew(i, q.after.ExecutionID)
	}
	switch {
	case !q.more:
		w.state = over
		i.out = nil
		i.place = parked
		for _, m := range w.messages {
			b.results.remove(m)
		}
	case q.renamed:
		w.state = out
		w.messages = b.unbound(w.messages)
	default:
		w.state = out
	}
	for _, a := range q.activities {
		b.schedule(a)
	}
	if q.written {
		i.state = q.stored
	}
	if q.state != nil && q.state.Status.Terminal() {
		q.evicted = b.sessions.Forget(i.id)
		b.end(i)
		b.wakeWaiters(i.id)
	}
	if !q.more {
		q.evicted = append(q.evicted, b.sessions.Return(w.session)...)
	}
	for _, child := range q.births {
		child.apply(b)
		q.evicted = append(q.evicted, child.evicted...)
	}
	for n := range q.posts {
		q.posts[n].apply(b)
	}
	for _, p := range q.refusals {
		p.apply(b)
	}
	b.settle(i)
}
