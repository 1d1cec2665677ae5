package dispatch

import (
	"context"
	"sync"
	"time"
)

// underWay counts the work that this worker has taken and not finished. Its zero value is ready.
type underWay struct {
	mu    sync.Mutex
	count int
	begun uint64        // how much there has been
	ended chan struct{} // closed when the count is 0 again; nil while nobody waits
}

// begin notes that work has been taken; the caller calls end when it is over.
func (u *underWay) begin() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count++
	u.begun++
}

func (u *underWay) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.count--; u.count == 0 && u.ended != nil {
		close(u.ended)
		u.ended = nil
	}
}

// look returns how much work there has been, and a channel that is closed when all of it has ended; nil if it has.
func (u *underWay) look() (begun uint64, ended <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.count == 0 {
		return u.begun, nil
	}
	if u.ended == nil {
		u.ended = make(chan struct{})
	}
	return u.begun, u.ended
}

// WaitIdle waits until no work has been under way for so long: an instance whose activity has ended is not at rest before it has had the result. It
// returns the context's error if that ends first.
//
// What is ready is taken at once while there is a free slot, and while there is none work is under way. So a worker at rest has nothing to do but
// what other workers have, or what its store has not told it of yet.
func (d *Dispatcher) WaitIdle(ctx context.Context, quiet time.Duration) error {
	for {
		begun, ended := d.work.look()
		if ended != nil {
			select {
			case <-ended:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		await(ctx, nil, quiet)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if again, ended := d.work.look(); ended == nil && again == begun {
			return nil
		}
	}
}
