package local

import (
	"context"
	"slices"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// Wait blocks until the instance is in a terminal state.
func (b *Backend) Wait(ctx context.Context, instanceID string) (*backend.InstanceState, error) {
	if err := b.enter(ctx, "wait", instanceID, ""); err != nil {
		return nil, err
	}
	for {
		// Whoever ends the instance after this line wakes us; what was before it, the read shows.
		woken := b.addWaiter(instanceID)
		state, err := b.get(ctx, instanceID)
		if err != nil || state.Status.Terminal() {
			b.removeWaiter(instanceID, woken)
			return state, err
		}
		select {
		case <-woken:
		case <-ctx.Done():
			b.removeWaiter(instanceID, woken)
			return nil, ctx.Err()
		}
	}
}

func (b *Backend) addWaiter(instanceID string) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	woken := make(chan struct{})
	if b.stage == stopped {
		close(woken)
		return woken
	}
	b.waiters[instanceID] = append(b.waiters[instanceID], woken)
	return woken
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
