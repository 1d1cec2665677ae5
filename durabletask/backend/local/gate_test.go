package local_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

// gate lets one request pass at a time, in an order that a seed decides.
type gate struct {
	random *rand.Rand

	mu      sync.Mutex
	pending []*entrant
	trace   []string            // of the requests
	notes   map[string][]string // of each loop: two that are served by one commit go on at the same time
}

type entrant struct {
	backend.Request
	pass chan struct{}
}

func (g *gate) Enter(ctx context.Context, r backend.Request) error {
	e := &entrant{r, make(chan struct{})}
	g.mu.Lock()
	g.pending = append(g.pending, e)
	g.mu.Unlock()
	select {
	case <-e.pass:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pending = slices.DeleteFunc(g.pending, func(p *entrant) bool { return p == e })
	return ctx.Err()
}

// step lets a request pass when nothing moves any more, and reports whether there was one.
func (g *gate) step() bool {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.pending) == 0 {
		return false
	}
	slices.SortFunc(g.pending, func(a, b *entrant) int {
		return cmp.Or(cmp.Compare(a.Worker, b.Worker), cmp.Compare(a.Loop, b.Loop), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Body, b.Body))
	})
	n := g.random.IntN(len(g.pending))
	e := g.pending[n]
	g.pending = slices.Delete(g.pending, n, n+1)
	g.trace = append(g.trace, fmt.Sprint(e.Request))
	close(e.pass)
	return true
}

func (g *gate) notef(loop, format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.notes == nil {
		g.notes = make(map[string][]string)
	}
	g.notes[loop] = append(g.notes[loop], loop+" "+fmt.Sprintf(format, args...))
}

// story is everything that has happened.
func (g *gate) story() []string {
	all := g.trace
	for _, loop := range slices.Sorted(maps.Keys(g.notes)) {
		all = append(all, g.notes[loop]...)
	}
	return all
}

// simulate runs a small crowd by a seed and returns what happened in which order.
func simulate(t *testing.T, seed uint64, o local.Options) []string {
	t.Helper()
	g := &gate{random: rand.New(rand.NewPCG(seed, 0))}
	o.Environment.Gate, o.Worker = g, "w"
	b, err := local.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := b.Start(ctx); err != nil {
		t.Fatal(err)
	}
	var clients, workers sync.WaitGroup
	loop := func(wg *sync.WaitGroup, name string, run func(context.Context)) {
		wg.Go(func() { run(backend.WithLoop(ctx, name)) })
	}
	const instances = 6
	for n := range instances {
		loop(&clients, fmt.Sprintf("client %d", n), func(ctx context.Context) { simulateClient(ctx, t, b, n) })
	}
	for n := range 3 {
		loop(&workers, fmt.Sprintf("orchestrator %d", n), func(ctx context.Context) { simulateOrchestrator(ctx, t, b, g, n) })
		loop(&workers, fmt.Sprintf("activity %d", n), func(ctx context.Context) { simulateActivities(ctx, t, b, g, n) })
	}
	done := make(chan struct{})
	go func() {
		clients.Wait()
		cancel()
		workers.Wait()
		if err := b.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		close(done)
	}()
	for {
		if g.step() {
			continue
		}
		select {
		case <-done:
			return g.story()
		case <-time.After(time.Second):
		}
	}
}

func simulateClient(ctx context.Context, t *testing.T, b *local.Backend, n int) {
	t.Helper()
	in := instanceNo(n)
	start := &history.ExecutionStarted{Header: history.Header{Time: time.Now().UTC()}, Instance: in, Name: "O"}
	if n == 0 {
		start.ScheduledStart = time.Now().Add(time.Minute).UTC()
	}
	if err := b.Create(ctx, backend.Creation{Start: history.Message{Target: in, Event: start}}); err != nil {
		t.Error(err)
	}
	for k := range 3 {
		e := &history.EventRaised{Header: history.Header{Time: time.Now().UTC()}, Name: fmt.Sprint(k)}
		if err := b.Send(ctx, history.Message{Target: history.Instance{ID: in.ID}, Event: e}); err != nil && !errors.Is(err, backend.ErrInstanceFinished) {
			t.Error(err)
		}
	}
	if _, err := b.Wait(ctx, in.ID); err != nil {
		t.Error(err)
	}
}

func simulateOrchestrator(ctx context.Context, t *testing.T, b *local.Backend, g *gate, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(n), 1))
	for {
		w, err := b.NextOrchestration(ctx)
		if err != nil {
			return
		}
		g.notef(fmt.Sprint("orchestrator ", n), "has %s with %d messages, version %d", w.Instance.ID, len(w.Messages), w.Version)
		if random.IntN(4) == 0 {
			err = b.Abandon(ctx, w, backend.Abandonment{Cause: errors.New("by chance"), Delay: time.Duration(random.IntN(3)) * time.Second})
		} else {
			c := step(w)
			due := history.Message{Target: w.Instance, Event: &history.TimerFired{TimerID: int(w.Version), FireAt: time.Now().UTC().Add(time.Second)}}
			c.Timers = []history.Message{due}
			if w.Version == 5 {
				c.State.Status = history.Completed
			}
			err = b.Checkpoint(ctx, w, c)
		}
		if err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
}

func simulateActivities(ctx context.Context, t *testing.T, b *local.Backend, g *gate, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(n), 2))
	for {
		a, err := b.NextActivity(ctx)
		if err != nil {
			return
		}
		g.notef(fmt.Sprint("activity loop ", n), "has %s %d", a.Message.Target.ID, a.Message.Event.Head().ID)
		switch random.IntN(4) {
		case 0:
			err = b.AbandonActivity(ctx, a, backend.Abandonment{Cause: errors.New("by chance"), Delay: time.Second})
		default:
			e := &history.TaskCompleted{Header: history.Header{ID: history.NoID, Time: time.Now().UTC()}, TaskID: a.Message.Event.Head().ID}
			err = b.CompleteActivity(ctx, a, history.Message{Target: a.Message.Target, Event: e})
		}
		if err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
}

func TestSameSeedSameOrder(t *testing.T) {
	t.Parallel()
	traces := make(map[string]uint64)
	for seed := range uint64(8) {
		var first []string
		for again := range 3 {
			var trace []string
			synctest.Test(t, func(t *testing.T) { trace = simulate(t, seed, local.Options{}) })
			if again == 0 {
				first = trace
				for _, kind := range []string{"commit", "timer", "delay", "complete-activity", "next-orchestration"} {
					if !slices.ContainsFunc(trace, func(s string) bool { return strings.Contains(s, " "+kind+" ") }) {
						t.Errorf("seed %d: no %s passed the gate", seed, kind)
					}
				}
				continue
			}
			for n := range min(len(first), len(trace)) {
				if first[n] != trace[n] {
					t.Fatalf("seed %d: step %d was\n%s\nand is now\n%s", seed, n, first[n], trace[n])
				}
			}
			if len(first) != len(trace) {
				t.Fatalf("seed %d: %d steps, then %d", seed, len(first), len(trace))
			}
		}
		traces[fmt.Sprint(first)] = seed
	}
	if len(traces) < 2 {
		t.Error("all seeds give the same order")
	}
}
