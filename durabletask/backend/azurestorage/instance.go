package azurestorage

import (
	"container/list"
	"context"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// An instance is what is in memory of one for which something waits, or whose session is kept. Its fields are guarded by the backend's lock.
type instance struct {
	id     string
	queue  *controlQueue
	entity bool
	place  place
	ready  *list.Element
	unused *list.Element // its place among those for which nothing waits
	// inbox holds the messages that wait, in order of arrival.
	inbox []*message
	// out is the work that a worker has.
	out *receipt
	// record is nil while nothing is known.
	record *record
	// version counts the checkpoints that this process has seen.
	version uint64
	// loads counts loads that failed in a row.
	loads int
	// outdated says that storage has moved on past the record.
	outdated bool
}

// place is where an instance is on its way round.
type place int

const (
	parked   place = iota // nothing waits
	loading               // something is being looked up
	inLine                // messages wait for a worker
	atWorker              // handed out, or about to be
	resting               // given back, until a delay is over
	gone                  // not in memory any more
)

// instanceOf returns the instance with this id, which is kept from now on.
func (b *Backend) instanceOf(q *controlQueue, id string) *instance {
	i, ok := b.instances[id]
	if !ok {
		i = &instance{id: id, queue: q, entity: history.IsEntity(id)}
		b.instances[id] = i
	}
	return i
}

// arrive adds messages, which have been counted, to the inboxes of their instances. The lock is held.
func (b *Backend) arrive(q *controlQueue, messages []*message) {
	var touched []*instance
	for _, m := range messages {
		i := b.instanceOf(q, m.wire.Target.InstanceID)
		i.inbox = append(i.inbox, m)
		if _, ok := m.wire.Event.(*history.GenericEvent); ok { // somebody, perhaps another process, has rewound the history
			i.outdated = true
		}
		touched = append(touched, i)
	}
	for _, i := range touched {
		b.settle(i)
	}
}

// leave notes that a message is no longer in memory. The lock is held.
func (b *Backend) leave(n int) {
	enough := b.o.BufferThreshold - b.o.enoughRoom()
	full := b.buffered > enough
	b.buffered -= n
	if full && b.buffered <= enough {
		for _, q := range b.queues {
			signal(q.wake)
		}
	}
}

// settle puts the instance where it belongs after a change. The lock is held.
func (b *Backend) settle(i *instance) {
	if i.unused != nil {
		b.unused.Remove(i.unused)
		i.unused = nil
	}
	switch i.place {
	case atWorker:
		b.look(i)
		return
	case parked:
		b.refresh(i)
	default:
		return
	}
	if len(i.inbox) == 0 {
		b.idle(i)
		return
	}
	b.assumeNew(i)
	if i.missing() {
		i.place = loading
		b.works("load "+i.id, func(ctx context.Context) { b.load(ctx, i) })
		return
	}
	b.sift(i)
	if len(i.inbox) == 0 {
		b.idle(i)
		return
	}
	i.place = inLine
	if i.ready = b.lineOf(i).Add(i); i.ready == nil {
		i.place = atWorker
	}
}

// outdate makes sure that what is known of an instance is read again: storage has been changed by somebody other than its worker. A worker that has it is
// let finish: it may be deleting the messages of the commit before. The lock is held.
func (b *Backend) outdate(id string) {
	if i, ok := b.instances[id]; ok {
		i.outdated = true
		b.settle(i)
	}
}

// refresh forgets what is outdated. The lock is held.
func (b *Backend) refresh(i *instance) {
	if i.outdated && i.out == nil {
		i.record, i.outdated = nil, false
		b.end(b.sessions.Forget(i.id))
	}
}

// maxUnused is how many instances for which nothing waits are remembered. What is forgotten is read again when it is needed.
const maxUnused = 10_000

// idle forgets the instance unless its session is kept.
func (b *Backend) idle(i *instance) {
	if i.record == nil || i.record.ended() || i.record.execution == "" || !i.queue.owned {
		b.forget(i)
		return
	}
	if i.unused == nil && i.out == nil {
		i.unused = b.unused.PushBack(i)
	}
	if b.unused.Len() > maxUnused {
		b.forget(b.unused.Front().Value.(*instance))
	}
}

// forget lets go of what is known of an instance for which nothing waits. Its parked body goes, too: nobody would notice if storage moved on.
func (b *Backend) forget(i *instance) {
	if b.instances[i.id] == i && i.out == nil && len(i.inbox) == 0 {
		b.end(b.sessions.Forget(i.id))
		i.place = gone
		delete(b.instances, i.id)
		if i.unused != nil {
			b.unused.Remove(i.unused)
			i.unused = nil
		}
	}
}

// lineOf returns the line of those who wait for instances of this kind.
func (b *Backend) lineOf(i *instance) *backend.Line[*instance] {
	if i.entity {
		return &b.entities
	}
	return &b.orchestrations
}

// unline takes an instance out of its line.
func (b *Backend) unline(i *instance) {
	if i.ready != nil {
		b.lineOf(i).Remove(i.ready)
		i.ready = nil
	}
}

// end lets the bodies go that are no longer wanted, on a goroutine of their own: the caller may hold the lock.
func (b *Backend) end(e backend.Evicted) {
	if len(e) > 0 {
		b.goes("end sessions", func(context.Context) { e.End() })
	}
}
