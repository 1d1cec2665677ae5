package azurestorage_test

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

func TestMain(m *testing.M) { azurite.Main(m) }

// openAzurite opens a worker on a hub of its own on the emulator.
func openAzurite(tb testing.TB, hub, worker string, requests *atomic.Int64) *azurestorage.Backend {
	tb.Helper()
	connection, err := account.ParseConnectionString(azurite.Shared(tb).ConnectionString())
	if err != nil {
		tb.Fatal(err)
	}
	a, err := account.Open(connection, account.Options{Worker: worker, OnRequest: func(account.Sample) { requests.Add(1) }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(a.Close)
	b, err := azurestorage.Open(azurestorage.Options{Account: a, Hub: hub, Worker: worker, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// The stories end well on the emulator, too, told by a client in another process.
func TestStoriesOnAzurite(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			var requests atomic.Int64
			hub := azurite.Name(t)
			outside := openAzurite(t, hub, "client", &requests)
			if err := outside.CreateTaskHub(ctx); err != nil {
				t.Fatal(err)
			}
			w := durabletask.NewWorker(s.app(), openAzurite(t, hub, "worker", &requests), durabletask.WorkerOptions{})
			if err := w.Start(ctx); err != nil {
				t.Fatal(err)
			}
			client := durabletask.NewClient(outside, nil, durabletask.ClientOptions{})
			s.tell(t, ctx, client)
			s.more(t, ctx, client)
			for n, id := range s.ids {
				state, err := client.Wait(ctx, id)
				if err != nil || state.Output == nil || !s.accepts(n, *state.Output) {
					t.Errorf("%s: %+v, %v; want %s", id, state, err, s.want)
				}
			}
			if err := w.Stop(ctx); err != nil {
				t.Error(err)
			}
			_ = outside.Stop(ctx)
		})
	}
}

func BenchmarkOneActivityOnAzurite(b *testing.B) {
	ctx := context.Background()
	var requests atomic.Int64
	backend := openAzurite(b, azurite.Name(b), "worker", &requests)
	if err := backend.CreateTaskHub(ctx); err != nil {
		b.Fatal(err)
	}
	one := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) { return double.Call(ctx, n) }, durabletask.Named("One"))
	w := durabletask.NewWorker(durabletask.New(double, one), backend, durabletask.WorkerOptions{})
	if err := w.Start(ctx); err != nil {
		b.Fatal(err)
	}

	var times []time.Duration
	before := requests.Load()
	for b.Loop() {
		from := time.Now()
		id, err := w.Client().Schedule(ctx, "One", 1)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Client().Wait(ctx, id); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(from))
	}
	b.ReportMetric(float64(requests.Load()-before)/float64(len(times)), "requests/op")
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	if err := w.Stop(ctx); err != nil {
		b.Error(err)
	}
}
