package durabletask_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/internal/simulation"
)

// simulate runs a scenario with many things going on at once and returns the storage requests in the order in which they were made, and
// what the instances came to.
func simulate(t *testing.T, seed uint64) (trace []string, outputs []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		approval := durabletask.NewEvent[string]("Approval")
		wait := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
			var tasks []*durabletask.Task[int]
			for n := range 3 {
				tasks = append(tasks, double.Start(ctx, n))
			}
			if _, err := durabletask.WhenAll(ctx, tasks...); err != nil {
				return "", err
			}
			by, err := approval.Wait(ctx, time.Hour)
			if err != nil {
				by = "nobody"
			}
			return by + ctx.NewUUID().String(), durabletask.Sleep(ctx, time.Minute)
		}, durabletask.Named("Wait"))
		gate := simulation.New(seed)
		ctx, cancel := context.WithCancel(t.Context())
		var gateRuns sync.WaitGroup
		gateRuns.Go(func() { gate.Run(ctx) })
		b := setup(t, durabletask.New(double, power, wait), durabletask.WorkerOptions{
			Environment: gate.Environment(), Orchestrations: 3, Activities: 3,
		})
		ids := []string{"power-1", "power-2", "wait-1", "wait-2"}
		results := make([]string, len(ids))
		var clients sync.WaitGroup
		for i, id := range ids {
			clients.Go(func() {
				ctx := backend.WithLoop(ctx, "client of "+id)
				name := map[bool]string{true: "Power", false: "Wait"}[strings.HasPrefix(id, "power")]
				var input any
				if name == "Power" {
					input = 3
				}
				if _, err := b.Schedule(ctx, name, input, durabletask.InstanceID(id)); err != nil {
					t.Error(err)
					return
				}
				if id == "wait-1" {
					if err := approval.Raise(ctx, b.Client, id, "Ada"); err != nil {
						t.Error(err)
					}
				}
				s, err := b.Wait(ctx, id)
				if err != nil || s.Status != durabletask.Completed {
					t.Errorf("%s: %+v, %v", id, s, err)
					return
				}
				results[i], _, _ = strings.Cut(*s.Output, "-")
			})
		}
		clients.Wait()
		trace = gate.Trace()
		cancel()
		gateRuns.Wait()
		for i := range results { // identifiers depend on times; who approved does not
			results[i] = strings.TrimRight(results[i], "0123456789abcdef")
		}
		outputs = results
	})
	return trace, outputs
}

// The same seed gives the same order of storage requests; another seed another order; the outcome is always the same.
func TestSameSeedSameOrder(t *testing.T) {
	t.Parallel()
	var first []string
	orders := map[string]bool{}
	for seed := range uint64(5) {
		trace, outputs := simulate(t, seed)
		again, _ := simulate(t, seed)
		if !slices.Equal(trace, again) {
			t.Fatalf("seed %d: two runs differ after %d requests:\n%s", seed, firstDifference(trace, again), strings.Join(trace, "\n"))
		}
		if len(trace) < 50 {
			t.Errorf("seed %d: only %d requests passed the gate", seed, len(trace))
		}
		orders[strings.Join(trace, "\n")] = true
		if first == nil {
			first = outputs
		}
		if !slices.Equal(first, outputs) {
			t.Errorf("seed %d: outputs %q, want %q", seed, outputs, first)
		}
	}
	if len(orders) < 4 {
		t.Errorf("5 seeds gave %d orders", len(orders))
	}
}

func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
