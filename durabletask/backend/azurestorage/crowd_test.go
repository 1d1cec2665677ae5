package azurestorage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/internal/simulation"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// BenchmarkHello5 runs many orchestrations on the account in memory: what it takes does not grow with how many there have been.
func BenchmarkHello5(b *testing.B) {
	ctx := context.Background()
	service := azuretest.New(azuretest.Options{})
	h := openHub(b, service, azuretest.ClientOptions{Name: "w"})
	if err := h.CreateTaskHub(ctx); err != nil {
		b.Fatal(err)
	}
	w := durabletask.NewWorker(helloApp(), h.Backend, durabletask.WorkerOptions{})
	if err := w.Start(ctx); err != nil {
		b.Fatal(err)
	}
	if _, err := w.Client().Schedule(ctx, "Hello5", nil, durabletask.InstanceID("warm")); err != nil {
		b.Fatal(err)
	}
	if _, err := w.Client().Wait(ctx, "warm"); err != nil {
		b.Fatal(err)
	}
	service.ResetLog()
	n := 0
	for b.Loop() {
		id := fmt.Sprint("hello-", n)
		if n++; n%16 != 0 {
			if _, err := w.Client().Schedule(ctx, "Hello5", nil, durabletask.InstanceID(id)); err != nil {
				b.Fatal(err)
			}
			continue
		}
		if _, err := w.Client().Schedule(ctx, "Hello5", nil, durabletask.InstanceID(id)); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Client().Wait(ctx, id); err != nil {
			b.Fatal(err)
		}
	}
	requests := 0
	for _, c := range service.Counts() {
		requests += c
	}
	b.ReportMetric(float64(requests)/float64(n), "requests/op")
	if err := w.Stop(ctx); err != nil {
		b.Error(err)
	}
}

// simulated runs a scenario by a seed and returns the requests in their order.
func simulated(t *testing.T, seed uint64) (trace []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		gate := simulation.New(seed)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			gate.Run(ctx)
		}()
		env := gate.Environment()
		h := openHub(t, azuretest.New(azuretest.Options{}), azuretest.ClientOptions{Name: "w"}, func(o *azurestorage.Options) { o.Environment = env })
		if err := h.CreateTaskHub(ctx); err != nil {
			t.Fatal(err)
		}
		w := durabletask.NewWorker(helloApp(), h.Backend, durabletask.WorkerOptions{Environment: env, Orchestrations: 2, Activities: 2, Entities: 1})
		if err := w.Start(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		for n := range 3 {
			if _, err := w.Client().Schedule(ctx, "Hello5", nil, durabletask.InstanceID(fmt.Sprint("hello-", n))); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 3 {
			if s, err := w.Client().Wait(ctx, fmt.Sprint("hello-", n)); err != nil || *s.Output != helloOutput {
				t.Errorf("%+v, %v", s, err)
			}
		}
		trace = slices.Clone(gate.Trace())
		if err := w.Stop(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		<-ended
	})
	return trace
}

// The same seed gives the same requests in the same order; another seed another order.
func TestSameSeedSameOrder(t *testing.T) {
	t.Parallel()
	orders := map[string]bool{}
	for seed := range uint64(3) {
		first, again := simulated(t, seed), simulated(t, seed)
		if len(first) < 50 {
			t.Fatalf("only %d requests passed the gate", len(first))
		}
		for n := range min(len(first), len(again)) {
			if first[n] != again[n] {
				t.Fatalf("seed %d: request %d differs:\n%s\n%s", seed, n, first[n], again[n])
			}
		}
		orders[strings.Join(first, "\n")] = true
	}
	if len(orders) < 2 {
		t.Error("all seeds give one order")
	}
}
