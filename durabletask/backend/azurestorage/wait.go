package azurestorage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// How often Wait looks at the row. The end of an instance that runs in this process wakes it at once.
const (
	firstLook   = 250 * time.Millisecond
	longestLook = 2 * time.Second // the reference's
	ownLook     = 10 * time.Second
)

// Wait blocks until the instance is in a terminal state.
func (b *Backend) Wait(ctx context.Context, instanceID string) (*backend.InstanceState, error) {
	pause := firstLook
	for {
		// Whoever ends the instance here after this line wakes us; what was before it, the read shows.
		woken, own := b.addWaiter(instanceID)
		state, err := b.get(ctx, instanceID)
		if err != nil || state.Status.Terminal() {
			b.removeWaiter(instanceID, woken)
			if err != nil {
				return nil, fmt.Errorf("wait for instance %q: %w", instanceID, err)
			}
			return state, nil
		}
		wait := pause
		if pause = min(2*pause, longestLook); own {
			wait = ownLook
		}
		t := time.NewTimer(wait)
		select {
		case <-woken:
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
		b.removeWaiter(instanceID, woken)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// addWaiter returns a channel that is closed when the instance ends in this process, and whether its partition is ours.
func (b *Backend) addWaiter(instanceID string) (woken chan struct{}, own bool) {
	q := b.queueOf(instanceID)
	b.mu.Lock()
	defer b.mu.Unlock()
	woken = make(chan struct{})
	if b.stage == stopped {
		close(woken)
		return woken, false
	}
	b.waiters[instanceID] = append(b.waiters[instanceID], woken)
	return woken, b.usable(q)
}

func (b *Backend) removeWaiter(instanceID string, woken chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rest := slices.DeleteFunc(b.waiters[instanceID], func(w chan struct{}) bool { return w == woken })
	if len(rest) == 0 {
		delete(b.waiters, instanceID)
		return
	}
	b.waiters[instanceID] = rest
}

// wakeWaiters is called with the lock held.
func (b *Backend) wakeWaiters(instanceID string) {
	for _, woken := range b.waiters[instanceID] {
		close(woken)
	}
	delete(b.waiters, instanceID)
}
