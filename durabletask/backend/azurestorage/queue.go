package azurestorage

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// queue is a queue of the hub as this process sees it. All but the first fields are guarded by the backend's lock.
type queue struct {
	*account.Queue
	visibility time.Duration
	wake       chan struct{} // for the receive loop: something has come, or there is room again

	held map[string]*held // by message id
	// crowded means that this process has put a message visible: until a receive comes back empty it puts all so, or older work would starve.
	crowded bool
	// due is when messages become visible of which this process knows, in order. Those that a look will find are forgotten.
	due []time.Time
}

func newQueue(b *Backend, name string, visibility time.Duration) *queue {
	return &queue{Queue: b.o.Account.Queue(name), visibility: visibility, wake: make(chan struct{}, 1), held: make(map[string]*held)}
}

// expect notes that a message becomes visible at a time. The lock is held.
func (q *queue) expect(at time.Time) {
	i, known := slices.BinarySearchFunc(q.due, at, time.Time.Compare)
	if known || i == mostDue {
		return
	}
	q.due = slices.Insert(q.due[:min(len(q.due), mostDue-1)], i, at)
	if i == 0 {
		signal(q.wake)
	}
}

// forgetDue forgets what the receive that follows will find. The lock is not held.
func (b *Backend) forgetDue(q *queue) {
	now := b.env.Now().Add(-dueMargin)
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(q.due) && !q.due[n].After(now) {
		n++
	}
	q.due = slices.Delete(q.due, 0, n)
}

// hidden is for how long a message stays invisible that is put or updated to be so for d: the service counts whole seconds, and a look in the last of them
// would be one in vain, after which the next may be half a minute away.
func hidden(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }

// Limits of polling. The first and the pause are the reference's.
const (
	shortestPolling = 50 * time.Millisecond
	// wakefulPolling is the longest pause in the first wakefulTime after a partition was gained: what a crash has left becomes visible in that time.
	wakefulPolling = time.Second
	wakefulTime    = 60 * time.Second
	// mostDue is how many times are kept of a queue. The polling finds what is due later than these.
	mostDue = 1024
	// dueMargin lets the service's clock pass the second in which a message becomes visible.
	dueMargin = 20 * time.Millisecond
)

// polling says when to look at an empty queue again: soon after something came, and less and less often while nothing does.
// (DTFx: BackoffPollingHelper.)
type polling struct {
	longest  time.Duration
	random   *rand.Rand
	since    time.Time // when the loop began
	interval time.Duration
	exponent int
}

// reset is called when something has come.
func (p *polling) reset() { p.interval, p.exponent = 0, 0 }

// next returns how long to wait after another look at nothing.
func (p *polling) next(now time.Time) time.Duration {
	longest := p.longest
	if now.Sub(p.since) < wakefulTime {
		longest = min(longest, wakefulPolling)
	}
	wait := float64(shortestPolling)
	if p.exponent > 0 {
		const spread = 0.4
		wait *= float64(int64(1)<<min(p.exponent-1, 40)) * (1 - spread/2 + spread*p.random.Float64())
	}
	if wait >= float64(longest) {
		p.interval = longest
		return longest
	}
	p.exponent++
	p.interval = time.Duration(wait)
	return p.interval
}

// rest waits until the queue is worth a look: after the polling's pause, when a message becomes due, or when somebody wakes the loop.
func (b *Backend) rest(ctx context.Context, q *queue, p *polling) {
	now := b.env.Now()
	wait := p.next(now)
	b.mu.Lock()
	if len(q.due) > 0 {
		wait = min(wait, max(q.due[0].Sub(now)+dueMargin, 0))
	}
	b.mu.Unlock()
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-q.wake:
		p.reset()
	case <-ctx.Done():
	}
}

// awaitRoom waits until somebody wakes the loop, or for the longest pause while full.
func awaitRoom(ctx context.Context, q *queue) {
	t := time.NewTimer(wakefulPolling)
	defer t.Stop()
	select {
	case <-t.C:
	case <-q.wake:
	case <-ctx.Done():
	}
}
