package azurestorage

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A receipt is one hand-out of an instance. Its state is guarded by the backend's lock.
type receipt struct {
	instance *instance
	messages []*message
	session  *backend.Session
	state    receiptState
	commit   *commit // one that has failed in passing and is to be tried again
	refused  bool    // storage will never take what the work came to
}

type receiptState int

const (
	out        receiptState = iota // a worker has the work
	committing                     // its checkpoint is under way
	lost                           // it is no longer the worker's
	over                           // committed or given back
)

// noExecution is the execution that messages name which wake their instance and have no other effect.
const noExecution = "applied before"

// maxMessages is how many messages one piece of work carries. What is more waits for the next.
const maxMessages = 1000

// NextOrchestration hands out an orchestration with its new messages.
func (b *Backend) NextOrchestration(ctx context.Context) (*backend.InstanceWork, error) {
	return b.nextInstance(ctx, "next-orchestration", &b.orchestrations)
}

// NextEntity hands out an entity with its new messages.
func (b *Backend) NextEntity(ctx context.Context) (*backend.InstanceWork, error) {
	return b.nextInstance(ctx, "next-entity", &b.entities)
}

func (b *Backend) nextInstance(ctx context.Context, kind string, line *backend.Line[*instance]) (*backend.InstanceWork, error) {
	if err := b.enter(ctx, kind, "", ""); err != nil {
		return nil, err
	}
	for {
		i, err := line.Wait(ctx, &b.mu, func() {})
		if err != nil {
			return nil, err
		}
		if w := b.handOut(i); w != nil {
			return w, nil
		}
	}
}

// handOut makes work of an instance that has left the line. It returns nil if there is nothing to hand out any more.
func (b *Backend) handOut(i *instance) *backend.InstanceWork {
	b.mu.Lock()
	defer b.mu.Unlock()
	i.ready = nil
	if i.place != inLine && i.place != atWorker {
		return nil
	}
	i.place = parked
	b.refresh(i)
	if len(i.inbox) > 0 && i.missing() { // more has come while it stood in line
		b.settle(i)
		return nil
	}
	if len(i.inbox) > 0 {
		b.sift(i)
	}
	if len(i.inbox) == 0 || !b.usable(i.queue) {
		b.idle(i)
		return nil
	}
	i.place = atWorker
	n := min(len(i.inbox), maxMessages, max(1, wire.MaxApplied-len(i.record.recent)))
	if i.inbox[0].suspect() {
		n = 1
	}
	r := &receipt{instance: i, messages: i.inbox[:n:n]}
	if i.inbox = i.inbox[n:]; len(i.inbox) == 0 {
		i.inbox = nil // does not keep in memory what has been consumed
	}
	i.out = r
	messages := make([]history.Message, n)
	for k, m := range r.messages {
		m.attempts++
		target := history.Instance{ID: i.id}
		if id := m.executionID(); id != nil {
			target.ExecutionID = *id
		}
		if m.stale {
			target.ExecutionID = noExecution
		}
		messages[k] = history.Message{Target: target, Event: m.wire.Event}
	}
	r.session = b.sessions.Take(i.id)
	if body := r.session.Body(); body != nil && !i.record.ours { // parked before somebody else had the instance
		r.session.Park(nil)
		b.end(backend.Evicted{body})
	}
	return &backend.InstanceWork{
		Instance: i.name(), Version: i.version, Messages: messages, Attempt: r.messages[0].attempts, Began: began(r.messages), Session: r.session, Receipt: r,
	}
}

// name is the present execution.
func (i *instance) name() history.Instance {
	return history.Instance{ID: i.id, ExecutionID: i.record.execution}
}

// LoadHistory returns the committed history of the work's execution. Usually it has been read already.
func (b *Backend) LoadHistory(ctx context.Context, w *backend.InstanceWork) ([]history.Event, error) {
	r := w.Receipt.(*receipt)
	b.mu.Lock()
	if r.state >= lost || b.stage == stopped {
		b.mu.Unlock()
		return nil, fmt.Errorf("load history of instance %q: %w", w.Instance.ID, backend.ErrSessionLost)
	}
	rec := r.instance.record
	past, read := rec.past, rec.read
	if rec.read = false; rec.events == 0 {
		past, read = nil, true
	}
	rec.past = nil
	etag := rec.sentinel.ETag
	b.mu.Unlock()
	if read {
		return past, nil
	}
	past, sentinel, _, err := b.readHistory(ctx, w.Instance.ID, "")
	if err != nil {
		return nil, fmt.Errorf("load history of instance %q: %w", w.Instance.ID, err)
	}
	if sentinel.ETag != etag || sentinel.ExecutionID != w.Instance.ExecutionID { // somebody has committed since
		b.lose(r)
		return nil, fmt.Errorf("load history of instance %q: %w", w.Instance.ID, backend.ErrSessionLost)
	}
	return past, nil
}

// Abandon gives the messages back. They stay in this process, and come again in the same order, ahead of later ones.
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
		b.abort(r)
		kept := r.messages
		if a.Poisonous || r.refused {
			kept = b.fail(kept, a.Cause.Error())
		}
		if len(kept) == 0 { // what is left has nothing to rest for
			i.place = parked
			b.settle(i)
			break
		}
		b.giveUp(i, kept, a.Delay)
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

// giveUp puts messages back in front of those that wait, and lets the instance rest. The lock is held.
func (b *Backend) giveUp(i *instance, messages []*message, delay time.Duration) {
	i.inbox = append(messages, i.inbox...)
	if !b.usable(i.queue) {
		i.place = parked
		b.scatter(i)
		return
	}
	i.place = resting
	n := messages[0].attempts
	b.after("instance "+i.id+" "+strconv.Itoa(n)+" "+strconv.FormatUint(i.version, 10), delay, func() {
		if i.place == resting {
			i.place = parked
			b.settle(i)
		}
	})
}

// lose takes work from a worker whose session is no longer valid: what is stored has moved on. Its messages are judged anew. The lock is not held.
func (b *Backend) lose(r *receipt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loseLocked(r)
}

func (b *Backend) loseLocked(r *receipt) {
	if r.state >= lost {
		return
	}
	i := r.instance
	r.state = lost
	i.out = nil
	i.record = nil
	i.version++
	for _, m := range r.messages {
		m.handed, m.checked, m.row, m.reread = false, false, nil, true
	}
	i.inbox = append(r.messages, i.inbox...)
	b.end(b.sessions.Forget(i.id))
	i.place = parked
	if !b.usable(i.queue) {
		b.scatter(i)
		return
	}
	b.settle(i)
}

// scatter gives back everything that waits for an instance of a queue that is no longer ours. The lock is held.
func (b *Backend) scatter(i *instance) {
	b.unline(i)
	b.leave(len(i.inbox))
	for _, m := range i.inbox {
		b.goes("give back "+m.held.id, func(ctx context.Context) { b.putBack(ctx, m, 0) })
	}
	i.inbox = nil
	if i.out == nil {
		b.forget(i)
	}
}
