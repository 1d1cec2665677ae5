package azurestorage

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// maxRenewals is how many messages are renewed at once.
const maxRenewals = 32

// runRenewals keeps what is held invisible until the backend stops. Its requests are made in order of the messages, not of chance.
func (b *Backend) runRenewals(ctx context.Context) {
	for ctx.Err() == nil {
		due, wait := b.dueRenewals()
		if len(due) == 0 {
			b.awaitRenewal(ctx, wait)
			continue
		}
		for part := range slices.Chunk(due, maxRenewals) {
			var all sync.WaitGroup
			for _, h := range part {
				all.Go(func() { b.renew(ctx, h, h.queue.visibility) })
			}
			all.Wait()
		}
	}
}

// dueRenewals returns what is to be renewed now, or how long there is nothing; 0 if nothing is held.
func (b *Backend) dueRenewals() (due []*held, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.env.Now()
	for len(b.held.heap) > 0 {
		h := b.held.heap[0]
		if h.renewAt.After(now) {
			wait = h.renewAt.Sub(now)
			break
		}
		due = append(due, h)
		h.renewAt = now.Add(renewPause) // until the answer is there
		b.held.set(h)
	}
	slices.SortFunc(due, func(x, y *held) int {
		return cmp.Or(cmp.Compare(x.queue.Name(), y.queue.Name()), cmp.Compare(x.id, y.id))
	})
	return due, wait
}

func (b *Backend) awaitRenewal(ctx context.Context, wait time.Duration) {
	if wait == 0 {
		select {
		case <-b.held.changed:
		case <-ctx.Done():
		}
		return
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.held.changed:
	case <-ctx.Done():
	}
}
