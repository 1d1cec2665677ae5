package local_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

// turnstile lets everything pass but commits, which wait until it is opened: what is called meanwhile goes into one transaction.
type turnstile struct {
	mu   sync.Mutex
	open chan struct{} // nil while it is open
}

func (g *turnstile) Enter(ctx context.Context, r backend.Request) error {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	if r.Kind != "commit" || open == nil {
		return nil
	}
	select {
	case <-open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// together makes the calls so that one transaction takes all of them, and returns their errors.
func (g *turnstile) together(calls ...func() error) []error {
	g.mu.Lock()
	g.open = make(chan struct{})
	g.mu.Unlock()
	errs := make([]error, len(calls))
	var wg sync.WaitGroup
	for n, call := range calls {
		wg.Go(func() { errs[n] = call() })
	}
	synctest.Wait()
	g.mu.Lock()
	close(g.open)
	g.open = nil
	g.mu.Unlock()
	wg.Wait()
	return errs
}

// atTurnstile starts a store in memory behind a turnstile.
func atTurnstile(t *testing.T) (*local.Backend, *turnstile) {
	t.Helper()
	g := &turnstile{}
	b := open(t, local.Options{Environment: backend.Environment{Gate: g}})
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Stop(context.Background()) })
	return b, g
}

// work creates an instance and takes its work.
func work(t *testing.T, b backend.Backend, id string) *backend.InstanceWork {
	t.Helper()
	create(t, b, id)
	w, err := b.NextOrchestration(t.Context())
	if err != nil || w.Instance.ID != id {
		t.Fatalf("work %+v, error %v", w, err)
	}
	return w
}

func ended(w *backend.InstanceWork) backend.Checkpoint {
	c := step(w)
	c.Activities, c.State.Status = nil, history.Completed
	return c
}

func raise(b backend.Backend, to history.Instance) func() error {
	return func() error {
		return b.Send(context.Background(), history.Message{Target: to, Event: &history.EventRaised{Name: "a"}})
	}
}

func mustAll(t *testing.T, errs []error, want ...error) {
	t.Helper()
	for n, err := range errs {
		if !errors.Is(err, want[n]) {
			t.Errorf("call %d: error %v, want %v", n, err, want[n])
		}
	}
}

func TestMessageMeetsTheEndInOneTransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, g := atTurnstile(t)
		one, two := work(t, b, "one"), work(t, b, "two")
		c := ended(two)
		c.Messages = []history.Message{{Target: history.Instance{ID: "one"}, Event: &history.EventRaised{Name: "b"}}}
		mustAll(t, g.together(
			raise(b, history.Instance{ID: "one"}),
			func() error { return b.Checkpoint(t.Context(), one, ended(one)) },
			func() error { return b.Checkpoint(t.Context(), two, c) },
		), backend.ErrInstanceFinished, nil, nil)
	})
}

func TestMessageMeetsTheNextGenerationInOneTransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, g := atTurnstile(t)
		w := work(t, b, "one")
		c := step(w)
		c.State.Instance.ExecutionID = "second"
		mustAll(t, g.together(
			raise(b, w.Instance),
			raise(b, history.Instance{ID: "one", ExecutionID: "second"}),
			raise(b, history.Instance{ID: "one"}),
			func() error { return b.Checkpoint(t.Context(), w, c) },
		), backend.ErrInstanceNotFound, nil, nil, nil)
		again, err := b.NextOrchestration(t.Context())
		if err != nil || len(again.Messages) != 2 {
			t.Errorf("work %+v, error %v, want two messages", again, err)
		}
	})
}

func TestMessageMeetsTheReplacementInOneTransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, g := atTurnstile(t)
		w := work(t, b, "one")
		replacement := creation("one")
		replacement.Refuse = nil
		replacement.Start.Target.ExecutionID = "second"
		mustAll(t, g.together(
			raise(b, w.Instance),
			raise(b, history.Instance{ID: "one"}),
			func() error { return b.Checkpoint(t.Context(), w, step(w)) },
			func() error { return b.Create(t.Context(), replacement) },
		), backend.ErrInstanceNotFound, nil, nil, nil)
		again, err := b.NextOrchestration(t.Context())
		if err != nil || len(again.Messages) != 2 || again.Version != 0 {
			t.Errorf("work %+v, error %v, want the start and a message", again, err)
		}
	})
}

func TestStartsMeetInOneTransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, g := atTurnstile(t)
		w := work(t, b, "parent")
		c := step(w)
		c.Messages = []history.Message{creation("one").Start}
		errs := g.together(
			func() error { return b.Checkpoint(t.Context(), w, c) },
			func() error { return b.Create(t.Context(), creation("one")) },
			raise(b, history.Instance{ID: "one"}),
			raise(b, history.Instance{ID: "nobody"}),
		)
		if _, ok := errors.AsType[*backend.InstanceExistsError](errs[1]); !ok {
			t.Errorf("error %v, want that the instance exists", errs[1])
		}
		mustAll(t, []error{errs[0], errs[2], errs[3]}, nil, nil, backend.ErrInstanceNotFound)
	})
}

// A request that can't be stored fails alone, and its effects on the others of its transaction with it.
func TestGuiltyRequestFailsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, g := atTurnstile(t)
		local.SetLargest(b, 1<<20)
		w := work(t, b, "guilty too")
		tooLarge := step(w)
		tooLarge.State.Output = new(strings.Repeat("x", 2<<20))
		calls := []func() error{func() error { return b.Checkpoint(t.Context(), w, tooLarge) }}
		const guilty = 7
		for n := 1; n < 20; n++ {
			c := creation(fmt.Sprintf("%02d", n))
			if n == guilty {
				c.Start.Event.(*history.ExecutionStarted).Input = new(strings.Repeat("x", 2<<20))
			}
			calls = append(calls, func() error { return b.Create(t.Context(), c) })
		}
		// This one comes behind the guilty one, which would have refused it.
		again := creation(fmt.Sprintf("%02d", guilty))
		again.Start.Event.(*history.ExecutionStarted).Name = "~"
		calls = append(calls, func() error { return b.Create(t.Context(), again) })
		for n, err := range g.together(calls...) {
			switch {
			case n == 0 || n == guilty:
				if err == nil || errors.Is(err, backend.ErrTransient) || !strings.Contains(err.Error(), "larger than the store can keep") {
					t.Errorf("call %d: error %v, want one for good", n, err)
				}
			case err != nil:
				t.Errorf("call %d: %v", n, err)
			}
		}
		if p, err := b.List(t.Context(), backend.Query{}); err != nil || len(p.Instances) != 20 {
			t.Errorf("%d instances, error %v, want 20", len(p.Instances), err)
		}
		if err := b.Checkpoint(t.Context(), w, step(w)); err != nil {
			t.Errorf("the work after a checkpoint that failed: %v", err)
		}
	})
}

// Nothing stays in the tables of what waits when all instances have ended, and nothing for a generation that is over.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(*testing.T, *store, *backend.InstanceWork) error{
		"ended": func(t *testing.T, s *store, w *backend.InstanceWork) error {
			t.Helper()
			return s.Checkpoint(t.Context(), w, ended(w))
		},
		"continued": func(t *testing.T, s *store, w *backend.InstanceWork) error {
			t.Helper()
			c := step(w)
			c.Activities, c.State.Instance.ExecutionID = nil, "second"
			return s.Checkpoint(t.Context(), w, c)
		},
		"replaced": func(t *testing.T, s *store, _ *backend.InstanceWork) error {
			t.Helper()
			c := creation("one")
			c.Refuse = nil
			if err := s.Create(t.Context(), c); err != nil {
				return err
			}
			w, err := s.NextOrchestration(t.Context())
			if err != nil {
				return err
			}
			return s.Checkpoint(t.Context(), w, ended(w))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { leaveNothing(t, finish) })
		})
	}
}

// leaveNothing takes an instance to where a message, a timer, and results that are saved, unsaved and yet to come wait for it.
func leaveNothing(t *testing.T, finish func(*testing.T, *store, *backend.InstanceWork) error) {
	t.Helper()
	s := onDisk(t)
	w := work(t, s, "one")
	c := step(w)
	c.Activities = append(c.Activities, c.Activities[0], c.Activities[0])
	c.Timers = []history.Message{{Target: w.Instance, Event: &history.TimerFired{FireAt: time.Now().Add(time.Hour).UTC()}}}
	err := errors.Join(s.Checkpoint(t.Context(), w, c), raise(s, w.Instance)())
	if err != nil {
		t.Fatal(err)
	}
	if w, err = s.NextOrchestration(t.Context()); err != nil {
		t.Fatal(err)
	}
	complete := func() {
		t.Helper()
		a, err := s.NextActivity(t.Context())
		if err == nil {
			err = s.CompleteActivity(t.Context(), a, history.Message{Target: a.Message.Target, Event: &history.TaskCompleted{}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	complete()
	time.Sleep(time.Minute)
	complete()
	if err := errors.Join(raise(s, w.Instance)(), finish(t, s, w)); err != nil {
		t.Fatal(err)
	}
	if local.ActivitiesWait(s.Backend) {
		complete()
	}
	time.Sleep(2 * time.Hour)
	synctest.Wait()
	empty(t, s.Path)
}

// empty makes sure that nothing waits in a store.
func empty(t *testing.T, path string) {
	t.Helper()
	c, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, table := range []string{"messages", "activities"} {
		q, _, err := c.Prepare("SELECT key, seq, body FROM " + table)
		if err != nil {
			t.Fatal(err)
		}
		for q.Step() {
			t.Errorf("left in %s: key %d, number %d, %s", table, q.ColumnInt64(0), q.ColumnInt64(1), q.ColumnText(2))
		}
		if err := q.Close(); err != nil {
			t.Error(err)
		}
	}
}
