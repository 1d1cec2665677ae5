package azurestorage

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// An activity is a work item in this process. Its fields are guarded by the backend's lock.
type activity struct {
	held     *held
	wire     wire.Message
	attempts int
	running  bool
	over     bool // its result is delivered, or it was given back
	ready    *list.Element
}

// activityReceipt is one hand-out of an activity.
type activityReceipt struct {
	*activity
	attempt int
}

func (r activityReceipt) valid() bool {
	return !r.over && r.running && r.attempts == r.attempt && !r.held.gone
}

// schedule puts an activity into the line. It is counted already. The lock is held.
func (b *Backend) schedule(a *activity) { a.ready = b.activities.Add(a) }

// NextActivity hands out an activity that is to be run.
func (b *Backend) NextActivity(ctx context.Context) (*backend.ActivityWork, error) {
	if err := b.enter(ctx, "next-activity", "", ""); err != nil {
		return nil, err
	}
	for {
		a, err := b.activities.Wait(ctx, &b.mu, func() { signal(b.slotFree) })
		if err != nil {
			return nil, err
		}
		if w := b.runActivity(a); w != nil {
			return w, nil
		}
	}
}

func (b *Backend) runActivity(a *activity) *backend.ActivityWork {
	b.mu.Lock()
	defer b.mu.Unlock()
	a.ready = nil
	b.activityCount--
	if a.over || a.held.gone {
		return nil
	}
	a.running = true
	a.attempts++
	return &backend.ActivityWork{
		Message: history.Message{Target: a.wire.Target.Instance(), Event: a.wire.Event}, Attempt: a.attempts, Receipt: activityReceipt{a, a.attempts},
	}
}

// receiveWorkItems takes work items for the slots that are free until ctx ends.
func (b *Backend) receiveWorkItems(ctx context.Context) {
	q := b.workItems
	p := &polling{longest: b.o.MaxPolling, random: b.env.Rand("poll " + q.Name()), since: b.env.Now()}
	for ctx.Err() == nil {
		b.mu.Lock()
		free := b.activities.Callers()
		b.mu.Unlock()
		if free == 0 {
			select {
			case <-b.slotFree:
			case <-ctx.Done():
			}
			continue
		}
		received, err := q.Receive(ctx, min(free, account.MaxReceive), q.visibility)
		switch {
		case ctx.Err() != nil && len(received) == 0:
			return
		case err != nil:
			b.log.Warn("could not receive; trying again", "queue", q.Name(), "error", err)
			b.rest(ctx, q, p)
		case len(received) == 0:
			b.mu.Lock()
			q.crowded = false
			b.mu.Unlock()
			b.rest(ctx, q, p)
		default:
			p.reset()
			b.acceptWorkItems(ctx, received)
		}
	}
}

// acceptWorkItems takes in what the queue of work items has given, in order of arrival.
func (b *Backend) acceptWorkItems(ctx context.Context, received []account.Message) {
	q := b.workItems
	type item struct {
		*activity
		inserted time.Time
	}
	var items []item
	for _, r := range received {
		m, err := wire.DecodeMessage(r.Text)
		if err == nil && m.Blob != "" {
			var text []byte
			if text, err = b.readBlob(ctx, m.Blob); err == nil {
				m, err = wire.DecodeMessage(text)
			}
		}
		if err == nil {
			if _, ok := m.Event.(*history.TaskScheduled); !ok {
				err = fmt.Errorf("a work item with %v, not TaskScheduled", m.Event.Type())
			}
		}
		b.mu.Lock()
		h, known := q.held[r.ID]
		if known { // we have it already and go on with the newer receipt
			h.receipt, h.dequeue = r.PopReceipt, r.DequeueCount
			b.extend(h, q.visibility)
			b.mu.Unlock()
			continue
		}
		h = b.hold(q, r.ID, r.PopReceipt, r.DequeueCount)
		b.mu.Unlock()
		if err != nil {
			b.goes("undecodable "+h.id, func(ctx context.Context) { b.undecodable(ctx, h, r.Text, err) })
			continue
		}
		items = append(items, item{&activity{held: h, wire: m}, r.Inserted})
	}
	slices.SortStableFunc(items, func(x, y item) int {
		if c := x.inserted.Compare(y.inserted); c != 0 {
			return c
		}
		return int(x.wire.SequenceNumber - y.wire.SequenceNumber)
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range items {
		if b.stage != started {
			b.goes("give back "+i.held.id, func(ctx context.Context) { b.giveBack(ctx, i.held, 0) })
			continue
		}
		i.attempts = b.attempts.of(i.held.id)
		b.activityCount++
		b.schedule(i.activity)
	}
}

// CompleteActivity delivers the result of an activity. If the instance is this process's, in memory: the work item, which is renewed
// until the checkpoint that consumes the result, is then its crash-safe copy. Otherwise it is put before the work item is deleted.
func (b *Backend) CompleteActivity(ctx context.Context, w *backend.ActivityWork, m history.Message) error {
	r := w.Receipt.(activityReceipt)
	target := r.wire.Target.InstanceID
	if err := b.enter(ctx, "complete-activity", target, r.held.id); err != nil {
		return err
	}
	b.mu.Lock()
	if !r.valid() || b.stage == stopped {
		b.mu.Unlock()
		return fmt.Errorf("result of an activity of %q: %w", target, backend.ErrSessionLost)
	}
	b.mu.Unlock()
	m = history.Message{Target: m.Target, Event: withID(m.Event)}
	o := b.outbound(m, r.wire.Target)
	o.wire.Target, o.wire.Episode, o.wire.Began = r.wire.Target, r.wire.Episode, r.wire.Began
	if o.wire.Episode == nil {
		o.wire.Episode = new(-1)
	}
	b.mu.Lock()
	if !r.valid() {
		b.mu.Unlock()
		return fmt.Errorf("result of an activity of %q: %w", target, backend.ErrSessionLost)
	}
	if b.usable(o.control) {
		r.over = true
		b.attempts.forget(r.held.id)
		b.failures.forget(r.held.id)
		b.buffered++
		b.arrive(o.control, []*message{{held: r.held, result: true, item: r.wire, wire: o.wire, handed: true, inserted: b.env.Now()}})
		b.mu.Unlock()
		return nil
	}
	b.mu.Unlock()
	if err := b.deliver(ctx, o); err != nil {
		return fmt.Errorf("result of an activity of %q: %w", target, err)
	}
	b.mu.Lock()
	r.over = true
	b.attempts.forget(r.held.id)
	b.failures.forget(r.held.id)
	b.mu.Unlock()
	b.delete(detached(ctx), r.held)
	return nil
}

// maxQuickTries is how often an activity that was given back comes again in this process. Then it goes back to the queue, for workers that may do better.
const maxQuickTries = 3

// AbandonActivity gives the activity back.
func (b *Backend) AbandonActivity(ctx context.Context, w *backend.ActivityWork, a backend.Abandonment) error {
	r := w.Receipt.(activityReceipt)
	if err := b.enter(ctx, "abandon-activity", r.wire.Target.InstanceID, r.held.id); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !r.valid() || b.stage == stopped {
		return fmt.Errorf("abandon an activity of %q: %w", r.wire.Target.InstanceID, backend.ErrSessionLost)
	}
	r.running = false
	b.attempts.add(r.held.id)
	if a.Poisonous {
		if n := b.failures.add(r.held.id); n >= backend.MaxTries {
			r.over = true
			p := Poison{Queue: b.workItems.Name(), Message: string(r.wire.Encode()), Reason: a.Cause.Error(), Tries: n}
			b.goes("poison "+r.held.id, func(ctx context.Context) { b.bury(ctx, r.held, p) })
			return nil
		}
	}
	if b.stage != started || r.attempts >= maxQuickTries {
		r.over = true
		b.goes("give back "+r.held.id, func(ctx context.Context) { b.giveBack(ctx, r.held, a.Delay) })
		return nil
	}
	b.after("activity "+r.held.id+" "+strconv.Itoa(r.attempts), a.Delay, func() { b.resumeActivity(r.activity) })
	return nil
}

// resumeActivity puts an activity that has rested in front of those that have not been tried. The lock is held.
func (b *Backend) resumeActivity(a *activity) {
	if a.over || a.held.gone || a.running {
		return
	}
	b.activityCount++
	a.ready = b.activities.AddFront(a)
}

// after calls resume with the lock held, at once or when the delay is over. The lock is held.
func (b *Backend) after(what string, delay time.Duration, resume func()) {
	if delay <= 0 {
		resume()
		return
	}
	b.works("rest "+what, func(ctx context.Context) {
		if !sleep(ctx, delay) {
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.stage == started {
			resume()
		}
	})
}
