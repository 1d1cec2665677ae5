package azurestorage

import (
	"context"
	"errors"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// receiver is what hears which partitions are ours.
var _ lease.Receiver = receiver{}

type receiver struct{ *Backend }

// Acquired implements lease.Receiver: the partition is ours.
func (r receiver) Acquired(partition string) {
	b := r.Backend
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stage != started {
		return
	}
	q := b.controlQueue(partition)
	q.owned, q.closing, q.due = true, false, time.Time{}
	ctx, cancel := context.WithCancel(backend.WithLoop(b.life, "receive "+partition))
	stopped := make(chan struct{})
	q.stop, q.stopped = cancel, stopped
	if !b.loops.start(func() {
		defer close(stopped)
		b.receive(ctx, q)
	}) {
		close(stopped)
	}
}

// Drain implements lease.Receiver.
func (r receiver) Drain(ctx context.Context, partition string, _ lease.Reason) error {
	return r.drainPartition(ctx, partition)
}

// Lost implements lease.Receiver.
func (r receiver) Lost(partition string) {
	b := r.Backend
	b.mu.Lock()
	q := b.controlQueue(partition)
	stop := q.stop
	if q.owned {
		b.disown(q)
	}
	b.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// Leads reports whether the first partition is ours.
func (b *Backend) Leads() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.usable(b.controlQueue(lease.ControlQueue(b.o.Hub, 0)))
}

// drainPartition gives a partition up: another worker is to have it, or the hub is left.
func (b *Backend) drainPartition(ctx context.Context, partition string) error {
	b.mu.Lock()
	q := b.controlQueue(partition)
	if !q.owned {
		b.mu.Unlock()
		return nil
	}
	q.closing = true
	stop, stopped := q.stop, q.stopped
	b.mu.Unlock()
	stop()
	<-stopped
	b.returnMessages(ctx, q)
	b.mu.Lock()
	for b.busy(q) && ctx.Err() == nil {
		b.mu.Unlock()
		sleep(ctx, drainLook)
		b.mu.Lock()
	}
	still := b.busy(q)
	b.disown(q)
	b.mu.Unlock()
	if still {
		return errBusy
	}
	return nil
}

var errBusy = errors.New("work is still out")

// busy reports whether work of the queue's instances is out. The lock is held.
func (b *Backend) busy(q *controlQueue) bool {
	for _, i := range b.instances {
		if i.queue == q && i.out != nil {
			return true
		}
	}
	return false
}

// disown forgets what is known of a queue's instances. Work that is out is lost. The lock is held.
func (b *Backend) disown(q *controlQueue) {
	q.owned = false
	for _, id := range sortedKeys(b.instances) {
		i := b.instances[id]
		if i.queue != q {
			continue
		}
		if i.out != nil && i.out.state == out {
			b.loseLocked(i.out)
		}
		b.scatter(i)
		if i.out == nil {
			b.end(b.sessions.Forget(id))
			i.record = nil
			b.forget(i)
		}
	}
}
