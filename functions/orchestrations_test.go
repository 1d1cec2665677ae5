package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
)

// worker runs the app on a store in memory.
func worker(t *testing.T) *durabletask.Client {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	b, err := local.Open(t.Context(), local.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	w := durabletask.NewWorker(app(), b, durabletask.WorkerOptions{Logger: log})
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w.Client()
}

// result runs an orchestrator and waits for its result.
func result[I, O any](t *testing.T, o *durabletask.Orchestrator[I, O], input I) (O, error) {
	t.Helper()
	instance, err := o.Schedule(t.Context(), worker(t), input)
	if err != nil {
		t.Fatal(err)
	}
	return instance.Wait(t.Context())
}

func TestFanOut(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{0: 0, 1: 1, 100: 338350} {
		if got, err := result(t, FanOut, n); got != want || err != nil {
			t.Errorf("FanOut(%d) = %d, %v, want %d", n, got, err, want)
		}
	}
	if _, err := result(t, FanOut, -1); !errors.Is(err, durabletask.ErrorKind("BadInput")) {
		t.Errorf("FanOut(-1): %v, want BadInput", err)
	}
}

func TestHelloCities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, out []string }{
		{nil, []string{"Hello Tokyo!", "Hello Seattle!", "Hello London!"}},
		{[]string{}, []string{}},
		{[]string{"Berlin", "Paris"}, []string{"Hello Berlin!", "Hello Paris!"}},
	} {
		got, err := result(t, HelloCities, c.in)
		if err != nil || len(got) != len(c.out) {
			t.Errorf("HelloCities(%v) = %v, %v, want %v", c.in, got, err, c.out)
			continue
		}
		for i := range got {
			if got[i] != c.out[i] {
				t.Errorf("HelloCities(%v) = %v, want %v", c.in, got, c.out)
			}
		}
	}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		decide     *Decision
		after      time.Duration
	}{
		{"approved", "approved", &Decision{Approved: true}, time.Hour},
		{"rejected", "rejected", &Decision{}, 71 * time.Hour},
		{"expired", "expired", nil, 72 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := worker(t)
				instance, err := Approval.Schedule(t.Context(), client, nil)
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				if c.decide != nil {
					time.Sleep(c.after)
					if err := Decided.Raise(t.Context(), client, instance.ID, *c.decide); err != nil {
						t.Fatal(err)
					}
				}
				got, err := instance.Wait(t.Context())
				if got != c.want || err != nil {
					t.Errorf("%q, %v, want %q", got, err, c.want)
				}
				if took := time.Since(begin); took < c.after || took > c.after+time.Minute {
					t.Errorf("it took %v, want %v", took, c.after)
				}
			})
		})
	}
}
