package durabletest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing/synctest"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// order lets storage requests pass one at a time, each when nothing else in the bubble can go on, in an order of content. So a test takes the
// same course each time it is run, and no virtual time passes while something can be done.
type order struct {
	wake    chan struct{}
	stopped chan struct{}

	mu       sync.Mutex
	waiting  []*request // since the present round began
	round    []*request // sorted; what comes meanwhile has to wait for the next one, so that nobody waits for ever
	settlers []chan struct{}
	jobs     []func()
	passed   int
	// pass lets a request pass, or does what is planned for that moment instead. It is called without the lock.
	pass func(*request)
}

// request is a storage request that waits to pass.
type request struct {
	backend.Request
	gate   *gate
	answer chan error
}

func newOrder(pass func(*request)) *order {
	return &order{wake: make(chan struct{}, 1), stopped: make(chan struct{}), pass: pass}
}

// gate is where the requests of one life of the hub enter.
type gate struct {
	*order
	mode mode // guarded by the order's lock
}

type mode int

const (
	ordered mode = iota
	denied       // the process is dead: nothing reaches storage any more
	ignored      // what storage does has no effect any more, so everything passes
)

// errCrashed is the answer to requests of a process that is dead.
var errCrashed = errors.New("durabletest: the process has crashed")

// Enter implements backend.Gate.
func (g *gate) Enter(ctx context.Context, r backend.Request) error {
	q := &request{Request: r, gate: g, answer: make(chan error, 1)}
	g.mu.Lock()
	switch g.mode {
	case denied:
		q.answer <- errCrashed
	case ignored:
		q.answer <- nil
	default:
		g.waiting = append(g.waiting, q)
	}
	g.mu.Unlock()
	g.poke()
	select {
	case err := <-q.answer:
		return err
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		withdrawn := func(other *request) bool { return other == q }
		g.waiting, g.round = slices.DeleteFunc(g.waiting, withdrawn), slices.DeleteFunc(g.round, withdrawn)
		return ctx.Err()
	}
}

func (o *order) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// run lets requests pass until ctx ends; after that all do.
func (o *order) run(ctx context.Context) {
	defer close(o.stopped)
	for {
		select {
		case <-o.wake:
			for o.step() {
			}
		case <-ctx.Done():
			return
		}
	}
}

// step waits until nothing else can go on and then does one thing. It reports false if there is nothing to do.
func (o *order) step() bool {
	synctest.Wait()
	o.mu.Lock()
	if len(o.jobs) > 0 {
		job := o.jobs[0]
		o.jobs = o.jobs[1:]
		o.mu.Unlock()
		job()
		return true
	}
	if len(o.round) == 0 {
		o.round, o.waiting = o.waiting, nil
		slices.SortStableFunc(o.round, compare)
	}
	if len(o.round) == 0 {
		for _, s := range o.settlers {
			close(s)
		}
		o.settlers = nil
		o.mu.Unlock()
		return false
	}
	q := o.round[0]
	o.round = o.round[1:]
	o.passed++
	o.mu.Unlock()
	o.pass(q)
	return true
}

// compare orders requests by what they are about, and numbers by their size.
func compare(a, b *request) int {
	return cmp.Or(
		cmp.Compare(a.Key, b.Key), cmp.Compare(a.Kind, b.Kind), cmp.Compare(len(a.Body), len(b.Body)), cmp.Compare(a.Body, b.Body),
		cmp.Compare(len(a.Loop), len(b.Loop)), cmp.Compare(a.Loop, b.Loop),
	)
}

// do has a job done when nothing else can go on, and waits for it.
func (o *order) do(job func()) {
	done := make(chan struct{})
	o.mu.Lock()
	o.jobs = append(o.jobs, func() {
		defer close(done)
		job()
	})
	o.mu.Unlock()
	o.poke()
	<-done
}

// settle waits until nothing can go on without time passing.
func (o *order) settle() {
	s := make(chan struct{})
	o.mu.Lock()
	o.settlers = append(o.settlers, s)
	o.mu.Unlock()
	o.poke()
	<-s
}

// turn changes the mode of a gate, and answers those who wait there.
func (o *order) turn(g *gate, m mode) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g.mode = m
	leave := func(q *request) bool {
		if q.gate != g {
			return false
		}
		if m == denied {
			q.answer <- errCrashed
		} else {
			q.answer <- nil
		}
		return true
	}
	o.waiting, o.round = slices.DeleteFunc(o.waiting, leave), slices.DeleteFunc(o.round, leave)
}

// count returns how many requests have passed.
func (o *order) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.passed
}
