package local

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// An activity is one that has been scheduled and whose result has not been delivered. Its fields are guarded by the backend's lock.
type activity struct {
	instance *instance
	seq      int64         // of its row
	event    history.Event // nil: left in the file
	// executionID is the execution that scheduled it. Nobody else gets its result.
	executionID string
	// attempts counts how often it has been handed out.
	attempts int
	failures int  // by its own making
	gone     bool // delivered, or its instance has been replaced
	running  bool
	ready    *list.Element
	slot     int // among the activities of the instance
}

// activityReceipt is one hand-out of an activity.
type activityReceipt struct {
	*activity
	attempt int
}

func (r activityReceipt) valid() bool { return !r.gone && r.running && r.attempts == r.attempt }

// schedule adds a new activity.
func (b *Backend) schedule(a *activity) {
	i := a.instance
	b.byKey[i.key] = i
	if !i.ended && i.loaded {
		b.byID[i.id] = i
	}
	a.slot = len(i.activities)
	i.activities = append(i.activities, a)
	a.ready = b.activities.Add(a)
}

func (b *Backend) removeActivity(a *activity) {
	a.gone = true
	if a.ready != nil {
		b.activities.Remove(a.ready)
		a.ready = nil
	}
	i := a.instance
	last := len(i.activities) - 1
	i.activities[a.slot] = i.activities[last]
	i.activities[a.slot].slot = a.slot
	i.activities[last] = nil
	i.activities = i.activities[:last]
	if i.ended && last == 0 {
		delete(b.byKey, i.key)
	}
}

// NextActivity hands out an activity that is to be run.
func (b *Backend) NextActivity(ctx context.Context) (*backend.ActivityWork, error) {
	if err := b.enter(ctx, "next-activity", "", ""); err != nil {
		return nil, err
	}
	for {
		a, err := b.activities.Wait(ctx, &b.mu, func() {})
		if err != nil {
			return nil, err
		}
		w, err := b.handOutActivity(ctx, a)
		if w != nil || err != nil {
			return w, err
		}
	}
}

// handOutActivity makes work of an activity that has left the line. It returns nil if there is nothing to hand out any more.
func (b *Backend) handOutActivity(ctx context.Context, a *activity) (*backend.ActivityWork, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a.ready = nil
	if a.gone {
		return nil, nil
	}
	if a.event == nil || !a.instance.loaded {
		b.mu.Unlock()
		event, err := b.loadActivity(ctx, a)
		b.mu.Lock()
		if a.gone || b.stage == stopped {
			return nil, nil
		}
		if err != nil {
			if ctx.Err() != nil {
				a.ready = b.activities.AddFront(a)
				return nil, ctx.Err()
			}
			if undecodable, ok := errors.AsType[*undecodableError](err); ok {
				b.giveUpActivity(a, 1, undecodable.Error())
				return nil, nil
			}
			a.attempts++
			b.log.Error("cannot read an activity; trying again later", "instance", a.instance.id, "attempt", a.attempts, "error", b.explain(err))
			b.after(pause(a.attempts), func() { b.resumeActivity(a) })
			return nil, nil
		}
		if event == nil { // its instance is not in the file
			b.removeActivity(a)
			return nil, nil
		}
		w := b.runActivity(a, event)
		return w, nil
	}
	return b.runActivity(a, a.event), nil
}

func (b *Backend) runActivity(a *activity, event history.Event) *backend.ActivityWork {
	a.running = true
	a.attempts++
	return &backend.ActivityWork{
		Message: history.Message{Target: history.Instance{ID: a.instance.id, ExecutionID: a.executionID}, Event: event},
		Attempt: a.attempts,
		Receipt: activityReceipt{a, a.attempts},
	}
}

// loadActivity reads what is not in memory. The event is nil if the row is gone.
func (b *Backend) loadActivity(ctx context.Context, a *activity) (event history.Event, err error) {
	err = b.readers.with(ctx, func(c *conn) error {
		r, err := c.instance(instanceByKey, a.instance.key)
		if r == nil || err != nil {
			return err
		}
		b.mu.Lock()
		if !a.instance.loaded {
			a.instance.fill(r)
			b.keep(a.instance)
		}
		b.mu.Unlock()
		event, err = c.body(activityBody, a.instance.key, a.seq)
		return err
	})
	return event, err
}

// resumeActivity puts an activity that has rested in front of those that have not been tried.
func (b *Backend) resumeActivity(a *activity) {
	if !a.gone && !a.running && a.ready == nil {
		a.ready = b.activities.AddFront(a)
	}
}

// CompleteActivity delivers the result of an activity in memory. See results.go for when it is stored.
func (b *Backend) CompleteActivity(ctx context.Context, w *backend.ActivityWork, m history.Message) error {
	r := w.Receipt.(activityReceipt)
	if err := b.enter(ctx, "complete-activity", r.instance.id, strconv.FormatInt(r.seq, 10)); err != nil {
		return err
	}
	b.mu.Lock()
	if !r.valid() || b.stage == stopped {
		b.mu.Unlock()
		return fmt.Errorf("result of an activity of %q: %w", r.instance.id, backend.ErrSessionLost)
	}
	i := r.instance
	result := &result{
		instance: i,
		message:  &message{row: row{activities, r.seq}, event: m.Event, executionID: r.executionID},
		unread:   i.ended || r.executionID != i.executionID,
	}
	b.results.add(result)
	if !result.unread {
		b.deliver(i, result.message)
	}
	b.removeActivity(r.activity)
	b.armResults()
	late := b.stage == draining
	b.mu.Unlock()
	if !late {
		return nil
	}
	if err := b.submit(ctx, &save{reply: newReply()}); err != nil && !errors.Is(err, errStopped) {
		return fmt.Errorf("result of an activity of %q: %w", i.id, err)
	}
	return nil
}

// AbandonActivity gives the activity back.
func (b *Backend) AbandonActivity(ctx context.Context, w *backend.ActivityWork, a backend.Abandonment) error {
	r := w.Receipt.(activityReceipt)
	if err := b.enter(ctx, "abandon-activity", r.instance.id, strconv.FormatInt(r.seq, 10)); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !r.valid() || b.stage == stopped {
		return fmt.Errorf("abandon an activity of %q: %w", r.instance.id, backend.ErrSessionLost)
	}
	r.running = false
	if a.Poisonous {
		if r.failures++; r.failures >= backend.MaxTries {
			b.giveUpActivity(r.activity, r.failures, a.Cause.Error())
			return nil
		}
	}
	b.after(a.Delay, func() { b.resumeActivity(r.activity) })
	return nil
}
