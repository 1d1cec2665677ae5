package azurestorage

import (
	"context"
	"errors"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// stage is how far the backend has come in its life.
type stage int

const (
	opened stage = iota
	started
	draining
	stopped
)

// Start begins to receive work.
func (b *Backend) Start(ctx context.Context) error {
	b.mu.Lock()
	if b.stage != opened {
		b.mu.Unlock()
		return errors.New("start the task hub: it can be started once: open it anew")
	}
	b.stage, b.begun = started, true
	b.mu.Unlock()
	renew := backend.WithLoop(b.life, "renew")
	b.loops.start(func() { b.runRenewals(renew) })
	b.member.Start(ctx, receiver{b}, func(held bool) {
		if held {
			b.openActivities()
		} else {
			b.closeActivities(b.life)
		}
	})
	return nil
}

// openActivities begins to receive work items. (Differs from DTFx, which runs activities of a hub that another application has.)
func (b *Backend) openActivities() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stage != started || b.itemsStop != nil {
		return
	}
	ctx, stop := context.WithCancel(backend.WithLoop(b.life, "receive work items"))
	ended := make(chan struct{})
	b.itemsStop, b.itemsStopped = stop, ended
	if !b.loops.start(func() {
		defer close(ended)
		b.receiveWorkItems(ctx)
	}) {
		close(ended)
	}
}

// closeActivities ends the receiving of work items and gives back those that nobody runs.
func (b *Backend) closeActivities(ctx context.Context) {
	b.mu.Lock()
	stop, ended := b.itemsStop, b.itemsStopped
	b.itemsStop = nil
	b.mu.Unlock()
	if stop == nil {
		return
	}
	stop()
	<-ended
	b.returnActivities(ctx)
}

// Drain stops receiving and gives back what nobody works on.
func (b *Backend) Drain(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	before := b.stage
	if b.stage < draining {
		b.stage = draining
	}
	b.orchestrations.Close(backend.ErrDraining)
	b.entities.Close(backend.ErrDraining)
	b.activities.Close(backend.ErrDraining)
	queues := b.ownedQueues()
	b.mu.Unlock()
	if before != started {
		return nil
	}
	b.endWork()
	for _, q := range queues {
		q.stop()
	}
	b.closeActivities(ctx)
	for _, q := range queues {
		<-q.stopped
	}
	for _, q := range queues {
		b.returnMessages(ctx, q)
	}
	return nil
}

// ownedQueues returns the queues that are ours, in order of their names. The lock is held.
func (b *Backend) ownedQueues() []*controlQueue {
	var all []*controlQueue
	for _, name := range sortedKeys(b.queues) {
		if q := b.queues[name]; q.owned {
			all = append(all, q)
		}
	}
	return all
}

// returnActivities gives back the activities that nobody runs.
func (b *Backend) returnActivities(ctx context.Context) {
	b.mu.Lock()
	var back []*held
	for _, a := range b.activities.RemoveAll() {
		a.over = true
		back = append(back, a.held)
		b.activityCount--
	}
	b.mu.Unlock()
	_ = parallel(back, func(h *held) error { b.giveBack(ctx, h, 0); return nil })
}

// returnMessages gives back the messages of a queue that nobody works on.
func (b *Backend) returnMessages(ctx context.Context, q *controlQueue) {
	b.mu.Lock()
	var back []*message
	for _, id := range sortedKeys(b.instances) {
		i := b.instances[id]
		if i.queue != q {
			continue
		}
		b.unline(i)
		b.leave(len(i.inbox))
		back = append(back, i.inbox...)
		i.inbox = nil
		if i.out == nil {
			i.place = parked
			b.forget(i)
		}
	}
	b.mu.Unlock()
	// One after the other for the messages of an instance, so that they come again in their order.
	byInstance := map[string][]*message{}
	for _, m := range back {
		id := m.wire.Target.InstanceID
		byInstance[id] = append(byInstance[id], m)
	}
	_ = parallel(sortedKeys(byInstance), func(id string) error {
		for _, m := range byInstance[id] {
			b.putBack(ctx, m, 0)
		}
		return nil
	})
}
