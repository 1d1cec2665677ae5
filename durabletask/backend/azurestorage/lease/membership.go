package lease

import (
	"context"
	"sync"
)

// Membership is a worker's place in a hub: while its application has the app lease, it takes part in sharing the partitions; else it owns none.
type Membership struct {
	app    *AppLease
	owners Owners

	mu      sync.Mutex
	run     *memberRun
	working bool
}

// memberRun is a membership from Start to Stop.
type memberRun struct {
	wake   chan struct{}
	done   chan struct{}
	cancel context.CancelFunc
	stop   context.Context //nolint:containedctx // what Stop was called with
}

// NewMembership puts an app lease and partitions of the same hub together.
func NewMembership(app *AppLease, owners Owners) *Membership {
	return &Membership{app: app, owners: owners}
}

// Held reports whether this worker may work on the hub at all: its application has the app lease, or that is off. Without it, no activity may
// be received either.
func (m *Membership) Held() bool {
	m.mu.Lock()
	working := m.working
	m.mu.Unlock()
	return working && m.app.Held()
}

// Owners returns the partitions.
func (m *Membership) Owners() Owners { return m.owners }

// App returns the app lease.
func (m *Membership) App() *AppLease { return m.app }

// Start begins to take part and returns at once. changed, unless nil, is called with true before the first partition is acquired, and with
// false when the application has lost the hub or Stop was called, before partitions are drained. It is called once at a time, and what comes
// next waits for it. What it starts or stops are the activities.
func (m *Membership) Start(ctx context.Context, r Receiver, changed func(held bool)) {
	if changed == nil {
		changed = func(bool) {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	run := &memberRun{wake: make(chan struct{}, 1), done: make(chan struct{}), cancel: cancel}
	m.mu.Lock()
	if m.run != nil {
		m.mu.Unlock()
		panic("lease: Start of a membership that runs: Stop it first")
	}
	m.run = run
	m.mu.Unlock()
	m.app.Start(ctx, func() { signal(run.wake) })
	go m.loop(ctx, run, r, changed)
}

// Stop drains the partitions, gives them away, and waits until nothing runs any more; see [Owners] about ctx and the error. The app lease is
// renewed meanwhile and then left to end by itself.
func (m *Membership) Stop(ctx context.Context) error {
	m.mu.Lock()
	run := m.run
	if run == nil {
		m.mu.Unlock()
		return nil
	}
	run.stop = ctx
	m.mu.Unlock()
	after := context.AfterFunc(ctx, run.cancel)
	defer after()
	if ctx.Err() != nil {
		run.cancel()
		m.app.Stop()
	}
	signal(run.wake)
	<-run.done
	err := m.owners.Stop(ctx, Stopping)
	m.app.Stop()
	run.cancel()
	m.mu.Lock()
	m.run = nil
	m.mu.Unlock()
	return err
}

// loop starts and stops the partitions as the app lease comes and goes. At a stop it leaves them to Stop.
func (m *Membership) loop(ctx context.Context, run *memberRun, r Receiver, changed func(bool)) {
	defer close(run.done)
	working := false
	work := func(now bool) {
		working = now
		m.mu.Lock()
		m.working = now
		m.mu.Unlock()
		changed(now)
	}
	for {
		m.mu.Lock()
		stopping := run.stop != nil
		m.mu.Unlock()
		switch held := m.app.isHeld(); {
		case stopping:
			if working {
				work(false)
			}
			return
		case held && !working:
			work(true)
			m.owners.Start(ctx, r)
		case !held && working:
			work(false)
			limit, cancel := context.WithTimeout(ctx, maxDrain)
			// What is not drained in time is lost, and the receiver has been told so.
			_ = m.owners.Stop(limit, AppLeaseLost)
			cancel()
		default:
			<-run.wake
		}
	}
}
