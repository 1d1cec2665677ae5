package azurestorage

import (
	"container/heap"
	"context"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// held is a queue message that this process keeps invisible to others, until it is deleted or given back.
type held struct {
	queue *queue
	id    string
	// turn has a token that whoever changes the receipt or deletes the message takes: the calls about one message come one at a time.
	turn chan struct{}

	// The rest is guarded by the backend's lock.
	receipt string
	until   time.Time // when it becomes visible again, by our clock
	renewAt time.Time
	gone    bool // deleted, given back, or somebody else's
	place   int  // among the renewals; -1 if it is not there
	// received says what to do with a copy that is received while this one is held: nothing, but its receipt is the newer one.
	dequeue int
}

// hold keeps a message that was put or received.
func (b *Backend) hold(q *queue, id, receipt string, dequeue int) *held {
	h := &held{queue: q, id: id, receipt: receipt, dequeue: dequeue, turn: make(chan struct{}, 1), place: -1}
	q.held[id] = h
	b.extend(h, q.visibility)
	return h
}

// extend notes that the message is invisible for a time from now on. The lock is held.
func (b *Backend) extend(h *held, visibility time.Duration) {
	now := b.env.Now()
	h.until = now.Add(visibility)
	h.renewAt = h.until.Add(-h.queue.visibility * 2 / 3)
	b.held.set(h)
}

// take waits for the turn, and reports whether the message is still ours then.
func (b *Backend) take(ctx context.Context, h *held) (receipt string, ok bool) {
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return "", false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if h.gone {
		<-h.turn
		return "", false
	}
	return h.receipt, true
}

// release strikes the message off: it is deleted, given back, or somebody else's. The lock is held.
func (b *Backend) release(h *held) {
	h.gone = true
	b.held.remove(h)
	if h.queue.held[h.id] == h {
		delete(h.queue.held, h.id)
	}
}

// renew keeps the message invisible for a time from now on. It reports whether the message is still ours.
func (b *Backend) renew(ctx context.Context, h *held, visibility time.Duration) bool {
	receipt, ok := b.take(ctx, h)
	if !ok {
		return false
	}
	defer func() { <-h.turn }()
	r, err := h.queue.Update(ctx, h.id, receipt, visibility, nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		h.receipt = r.PopReceipt
		b.extend(h, visibility)
	case account.MessageGone(err):
		if h.receipt == receipt { // else a newer one has come meanwhile
			b.release(h)
			return false
		}
		b.extend(h, visibility)
	case ctx.Err() != nil:
	default:
		b.log.Warn("could not renew a message", "queue", h.queue.Name(), "error", err)
		h.renewAt = b.env.Now().Add(renewPause)
		b.held.set(h)
	}
	return !h.gone
}

// renewPause is how long a renewal that failed rests.
const renewPause = 5 * time.Second

// deletions is how often the deletion of a message is tried. One that fails comes back, and is recognised.
const deletions = 4

// delete removes the message for good.
func (b *Backend) delete(ctx context.Context, h *held) {
	receipt, ok := b.take(ctx, h)
	if !ok {
		return
	}
	defer func() { <-h.turn }()
	for try := range deletions {
		err := h.queue.DeleteMessage(ctx, h.id, receipt)
		if err == nil || account.MessageGone(err) {
			b.mu.Lock()
			newer := h.receipt
			b.mu.Unlock()
			if err == nil || newer == receipt {
				break
			}
			receipt = newer
			continue
		}
		if !account.Transient(err) || !sleep(ctx, firstPause<<try) {
			b.log.Warn("could not delete a message; it will come again and be recognised", "queue", h.queue.Name(), "error", err)
			break
		}
	}
	b.mu.Lock()
	b.release(h)
	b.mu.Unlock()
}

// giveBack makes the message visible to everybody after a delay.
func (b *Backend) giveBack(ctx context.Context, h *held, delay time.Duration) {
	receipt, ok := b.take(ctx, h)
	if !ok {
		return
	}
	defer func() { <-h.turn }()
	for try := range deletions {
		_, err := h.queue.Update(ctx, h.id, receipt, delay, nil)
		if err == nil || account.MessageGone(err) {
			break
		}
		if !account.Transient(err) || !sleep(ctx, firstPause<<try) {
			b.log.Warn("could not give a message back; it comes again when its time is over", "queue", h.queue.Name(), "error", err)
			break
		}
	}
	b.mu.Lock()
	b.release(h)
	h.queue.expect(b.env.Now().Add(hidden(delay)))
	b.mu.Unlock()
}

// firstPause is how long a request rests that failed; each time twice as long.
const firstPause = 100 * time.Millisecond

// sleep waits, and reports whether the context is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// renewals are the messages held, in order of the time at which they have to be renewed.
type renewals struct {
	heap    heldHeap
	changed chan struct{} // the first has changed
}

func (r *renewals) set(h *held) {
	if h.gone {
		return
	}
	if h.place < 0 {
		heap.Push(&r.heap, h)
	} else {
		heap.Fix(&r.heap, h.place)
	}
	if h.place == 0 {
		signal(r.changed)
	}
}

func (r *renewals) remove(h *held) {
	if h.place >= 0 {
		heap.Remove(&r.heap, h.place)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

type heldHeap []*held

func (h heldHeap) Len() int           { return len(h) }
func (h heldHeap) Less(i, j int) bool { return h[i].renewAt.Before(h[j].renewAt) }
func (h heldHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements heap.Interface.
func (h *heldHeap) Push(x any) {
	m := x.(*held)
	m.place = len(*h)
	*h = append(*h, m)
}

// Pop implements heap.Interface.
func (h *heldHeap) Pop() any {
	old := *h
	m := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	m.place = -1
	return m
}
