package local_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

// BenchmarkReopen is the time to open a hub with 100,000 instances and the memory that they take then, parked without anything to
// wait for but an event, or with a timer each.
func BenchmarkReopen(b *testing.B) {
	const instances = 100_000
	for _, timers := range []bool{false, true} {
		b.Run(fmt.Sprintf("timers=%v", timers), func(b *testing.B) {
			ctx := context.Background()
			o := local.Options{Path: filepath.Join(b.TempDir(), "hub.db")}
			s := openBench(b, o)
			var all sync.WaitGroup
			for worker := range 200 {
				all.Go(func() {
					for n := worker; n < instances; n += 200 {
						createNo(b, s, n)
						w, err := s.NextOrchestration(ctx)
						if err != nil {
							b.Error(err)
							return
						}
						c := step(w)
						c.Activities = nil
						if timers {
							e := &history.TimerFired{FireAt: time.Now().UTC().Add(72 * time.Hour)}
							c.Timers = []history.Message{{Target: w.Instance, Event: e}}
						}
						if err := s.Checkpoint(ctx, w, c); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			if err := s.Stop(ctx); err != nil {
				b.Fatal(err)
			}
			s = nil
			before := heap()
			for b.Loop() {
				again := openBench(b, o)
				b.StopTimer()
				b.ReportMetric(float64(heap()-before)/(1<<20), "MB")
				e := &history.EventRaised{Name: "a"}
				if err := again.Send(ctx, history.Message{Target: history.Instance{ID: instanceNo(4711).ID}, Event: e}); err != nil {
					b.Fatal(err)
				}
				if w, err := again.NextOrchestration(ctx); err != nil || w.Instance != instanceNo(4711) {
					b.Fatal(w, err)
				} else if err := again.Abandon(ctx, w, backend.Abandonment{Cause: ctx.Err()}); err != nil {
					b.Fatal(err)
				}
				if err := again.Stop(ctx); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
