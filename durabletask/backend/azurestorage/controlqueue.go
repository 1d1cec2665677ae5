package azurestorage

import (
	"context"
	"hash/fnv"
	"slices"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
)

// controlQueue is a partition of the hub: the messages for a part of its instances.
type controlQueue struct {
	*queue
	// Guarded by the backend's lock:
	owned   bool // it is ours to receive from and to commit for
	closing bool // what nobody works on is being given back
	stop    context.CancelFunc
	stopped chan struct{} // closed when the receive loop has ended
}

// controlQueue returns the partition of this name. The lock is held, or nobody else is there yet.
func (b *Backend) controlQueue(name string) *controlQueue {
	q, ok := b.queues[name]
	if !ok {
		q = &controlQueue{queue: newQueue(b, name, b.o.ControlVisibility)}
		b.queues[name] = q
	}
	return q
}

// queueOf returns the partition of an instance. (DTFx: Fnv1aHashHelper.)
func (b *Backend) queueOf(instanceID string) *controlQueue {
	h := fnv.New32a()
	_, _ = h.Write([]byte(instanceID)) // never fails
	name := lease.ControlQueue(b.o.Hub, int(h.Sum32()%uint32(b.o.Partitions)))
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.controlQueue(name)
}

// usable reports whether what this process puts to the queue can be handed over in memory. The lock is held.
func (b *Backend) usable(q *controlQueue) bool {
	return q.owned && !q.closing && b.stage == started
}

// receive takes messages from an owned queue until ctx ends.
func (b *Backend) receive(ctx context.Context, q *controlQueue) {
	p := &polling{longest: b.o.MaxPolling, random: b.env.Rand("poll " + q.Name()), since: b.env.Now()}
	for ctx.Err() == nil {
		room := b.room()
		if room < b.o.enoughRoom() {
			awaitRoom(ctx, q.queue)
			continue
		}
		b.forgetDue(q.queue)
		messages, err := q.Receive(ctx, min(room, b.o.BatchSize), q.visibility)
		switch {
		case ctx.Err() != nil && len(messages) == 0:
			return
		case account.NotFound(err):
			if _, err := q.Create(ctx); err != nil && ctx.Err() == nil {
				b.log.Error("could not create a control queue", "queue", q.Name(), "error", err)
			}
			b.rest(ctx, q.queue, p)
		case err != nil:
			b.log.Warn("could not receive; trying again", "queue", q.Name(), "error", err)
			b.rest(ctx, q.queue, p)
		case len(messages) == 0:
			b.mu.Lock()
			q.crowded = false
			b.mu.Unlock()
			b.rest(ctx, q.queue, p)
		default:
			p.reset()
			b.accept(q, messages)
		}
	}
}

// room is how many more messages may be in memory.
func (b *Backend) room() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.o.BufferThreshold - b.buffered
}

// accept takes in what a control queue has given, in order of arrival.
func (b *Backend) accept(q *controlQueue, received []account.Message) {
	decoded := make([]wire.Message, len(received))
	failed := make([]error, len(received))
	for i, r := range received {
		decoded[i], failed[i] = wire.DecodeMessage(r.Text)
		if m := &decoded[i]; failed[i] == nil && m.Blob != "" {
			target, ok := wire.TargetOfBlob(m.Blob)
			if m.Target.InstanceID = target; !ok {
				failed[i] = errBlobName
			}
		}
		if e := decoded[i].Event; failed[i] == nil && e != nil && e.Head().Time.IsZero() {
			e.Head().Time = b.env.Now()
		}
	}
	b.mu.Lock()
	var fresh []*message
	var broken []*held
	for i, r := range received {
		if h, ok := q.held[r.ID]; ok { // it has become visible although we have it: we go on with the newer receipt
			h.receipt, h.dequeue = r.PopReceipt, r.DequeueCount
			b.extend(h, q.visibility)
			continue
		}
		if failed[i] != nil {
			broken = append(broken, b.hold(q.queue, r.ID, r.PopReceipt, r.DequeueCount))
			continue
		}
		fresh = append(fresh, b.received(q.queue, r, decoded[i]))
	}
	slices.SortStableFunc(fresh, (*message).before)
	lost := !q.owned
	if !lost {
		b.buffered += len(fresh)
		b.arrive(q, fresh)
	}
	b.mu.Unlock()
	for _, h := range broken {
		i := slices.IndexFunc(received, func(r account.Message) bool { return r.ID == h.id })
		b.goes("undecodable "+h.id, func(ctx context.Context) { b.undecodable(ctx, h, received[i].Text, failed[i]) })
	}
	if lost {
		for _, m := range fresh {
			b.goes("give back "+m.held.id, func(ctx context.Context) { b.giveBack(ctx, m.held, 0) })
		}
	}
}
