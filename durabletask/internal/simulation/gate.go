// Package simulation runs workers in an order that a seed decides, so that a run can be had again.
//
// It is for tests under testing/synctest: everything that the program does between two storage requests is settled before the gate
// releases the next one.
package simulation

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// Gate is a backend.Gate that holds back all requests and releases one at a time, chosen by its seed, when nothing else can go on.
type Gate struct {
	seed    uint64
	arrived chan struct{}

	mu      sync.Mutex
	pending []*pending
	trace   []string
	opened  bool
}

type pending struct {
	backend.Request
	release chan struct{}
}

// New makes a gate. It holds everything back until Run.
func New(seed uint64) *Gate {
	return &Gate{seed: seed, arrived: make(chan struct{}, 1)}
}

// Environment returns an environment whose requests pass this gate and whose random sources depend on the seed.
func (g *Gate) Environment() backend.Environment {
	return backend.Environment{Gate: g, Source: g.source}
}

// source seeds the random source of a loop by the seed and the loop's name, so that loops don't take numbers from each other.
func (g *Gate) source(loop string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(loop))
	return rand.New(rand.NewPCG(g.seed, h.Sum64()))
}

// Enter waits until the gate releases the request.
func (g *Gate) Enter(ctx context.Context, r backend.Request) error {
	p := &pending{Request: r, release: make(chan struct{})}
	g.mu.Lock()
	opened := g.opened
	if !opened {
		g.pending = append(g.pending, p)
	}
	g.mu.Unlock()
	if opened {
		return nil
	}
	select {
	case g.arrived <- struct{}{}:
	default:
	}
	select {
	case <-p.release:
		return nil
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		if i := slices.Index(g.pending, p); i >= 0 {
			g.pending = slices.Delete(g.pending, i, i+1)
		}
		return ctx.Err()
	}
}

// Run releases requests until ctx ends; then everything passes. Call it on a goroutine of the synctest bubble.
func (g *Gate) Run(ctx context.Context) {
	random := g.source("gate")
	for {
		select {
		case <-g.arrived:
		case <-ctx.Done():
			g.open()
			return
		}
		for g.releaseOne(random) {
		}
	}
}

// releaseOne lets everything settle and then releases one of the pending requests, if there are any.
func (g *Gate) releaseOne(random *rand.Rand) bool {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.pending) == 0 {
		return false
	}
	slices.SortStableFunc(g.pending, func(a, b *pending) int { return strings.Compare(line(a.Request), line(b.Request)) })
	i := random.IntN(len(g.pending))
	p := g.pending[i]
	g.pending = slices.Delete(g.pending, i, i+1)
	g.trace = append(g.trace, line(p.Request))
	close(p.release)
	return true
}

// open lets everything pass from now on.
func (g *Gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = true
	for _, p := range g.pending {
		close(p.release)
	}
	g.pending = nil
}

// Trace returns the requests in the order in which they were released.
func (g *Gate) Trace() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.trace)
}

func line(r backend.Request) string {
	return fmt.Sprintf("%s %s %s %s %s", r.Worker, r.Loop, r.Kind, r.Key, r.Body)
}
