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
	b.stage = started
	b.mu.Unlock()
	renew := backend.WithLoop(b.life, "renew")
	b.loops.start(func() { b.runRenewals(renew) })
	work, stop := context.WithCancel(backend.WithLoop(b.life, "receive work items"))
	b.itemsStop, b.itemsStopped = stop, make(chan struct{})
	b.loops.start(func() {
		defer close(b.itemsStopped)
		b.receiveWorkItems(work)
	})
	b.owners.Start(ctx, receiver{b})
	return nil
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
	b.orchestrations.close(backend.ErrDraining)
	b.entities.close(backend.ErrDraining)
	b.activities.close(backend.ErrDraining)
	queues := b.ownedQueues()
	b.mu.Unlock()
	if before != started {
		return nil
	}
	b.endWork()
	b.itemsStop()
	for _, q := range queues {
		q.stop()
	}
	<-b.itemsStopped
	for _, q := range queues {
		<-q.stopped
	}
	b.returnActivities(ctx)
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
	for e := b.activities.ready.Front(); e != nil; e = e.Next() {
		a := e.Value.(*activity)
		a.over = true
		back = append(back, a.held)
		b.activityCount--
	}
	b.activities.ready.Init()
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
