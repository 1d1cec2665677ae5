package azurestorage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
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
		// Whoever ends the instance here after this line wakes us; what was before it, the read shows, or memory.
		woken, own, goesOn := b.addWaiter(instanceID)
		if !goesOn {
			state, err := b.get(ctx, instanceID)
			if err != nil || state.Status.Terminal() {
				b.removeWaiter(instanceID, woken)
				if err != nil {
					return nil, fmt.Errorf("wait for instance %q: %w", instanceID, err)
				}
				return state, nil
			}
		}
		wait := pause
		if pause = min(2*pause, longestLook); own {
			wait = ownLook
		}
		t := time.NewTimer(wait)
		select {
		case row := <-woken:
			if row != nil {
				t.Stop()
				return b.stateOf(ctx, row, false)
			}
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

// waiter gets the row that shows how an instance has ended, or is closed: then the row is to be read.
type waiter chan *wire.InstanceRow

// addWaiter returns what is woken when the instance ends in this process, whether its partition is ours, and whether memory shows that the instance goes on.
func (b *Backend) addWaiter(instanceID string) (woken waiter, own, goesOn bool) {
	q := b.queueOf(instanceID)
	b.mu.Lock()
	defer b.mu.Unlock()
	woken = make(waiter, 1)
	if b.stage == stopped {
		close(woken)
		return woken, false, false
	}
	b.waiters[instanceID] = append(b.waiters[instanceID], woken)
	own = b.usable(q)
	i, known := b.instances[instanceID]
	goesOn = own && known && (i.place == inLine || i.place == atWorker)
	return woken, own, goesOn
}

func (b *Backend) removeWaiter(instanceID string, woken waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rest := slices.DeleteFunc(b.waiters[instanceID], func(w waiter) bool { return w == woken })
	if len(rest) == 0 {
		delete(b.waiters, instanceID)
		return
	}
	b.waiters[instanceID] = rest
}

// wakeWaiters tells those who wait for an instance how it has ended; row is nil if they have to look themselves. The lock is held.
func (b *Backend) wakeWaiters(instanceID string, row *wire.InstanceRow) {
	for _, woken := range b.waiters[instanceID] {
		if row != nil {
			woken <- row
		}
		close(woken)
	}
	delete(b.waiters, instanceID)
}
