package local_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

func openBench(b *testing.B, o local.Options) *local.Backend {
	b.Helper()
	s, err := local.Open(context.Background(), o)
	if err == nil {
		err = s.Start(context.Background())
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Stop(context.Background()) })
	return s
}

func instanceNo(n int) history.Instance {
	return history.Instance{ID: fmt.Sprintf("instance-%06d", n), ExecutionID: fmt.Sprintf("execution-%06d", n)}
}

func createNo(b *testing.B, s *local.Backend, n int) {
	b.Helper()
	in := instanceNo(n)
	input := `["Tokyo","Seattle","London"]`
	e := &history.ExecutionStarted{Header: history.Header{ID: history.NoID, Time: time.Now().UTC(), ActivityID: in.ExecutionID}, Instance: in, Name: "HelloCities", Input: &input}
	if err := s.Create(context.Background(), backend.Creation{Start: history.Message{Target: in, Event: e}, Refuse: []history.Status{history.Running}}); err != nil {
		b.Error(err)
	}
}

// step is a checkpoint in the middle of a sequence of activities.
func step(w *backend.InstanceWork) backend.Checkpoint {
	now := time.Now().UTC()
	input := `"Tokyo"`
	head := func(id int) history.Header { return history.Header{ID: id, Time: now} }
	task := &history.TaskScheduled{Header: head(int(w.Version)), Name: "SayHello", Input: &input}
	c := backend.Checkpoint{
		Events:     []history.Event{&history.OrchestratorStarted{Header: head(-1), Engine: 1}},
		Activities: []history.Message{{Target: w.Instance, Event: task}},
		State: &backend.InstanceState{
			Instance: w.Instance, Name: "HelloCities", Status: history.Running, Input: &input,
			Created: time.Unix(1, 0), Updated: now,
		},
	}
	for _, m := range w.Messages {
		c.Events = append(c.Events, m.Event)
	}
	c.Events = append(c.Events, task, &history.OrchestratorCompleted{Header: head(-1)})
	return c
}

// BenchmarkCheckpoint is checkpoints that schedule an activity each, by as many instances as callers; the activities complete at
// once. Encoding is in it, replay is not.
func BenchmarkCheckpoint(b *testing.B) {
	for _, callers := range []int{1, 20, 200, 1000} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			s := openBench(b, local.Options{Path: filepath.Join(b.TempDir(), "hub.db")})
			var created sync.WaitGroup
			for n := range callers {
				created.Go(func() { createNo(b, s, n) })
			}
			created.Wait()
			var workers, activities sync.WaitGroup
			for range 8 {
				activities.Go(func() {
					for {
						a, err := s.NextActivity(ctx)
						if err != nil {
							return
						}
						result := `"Hello Tokyo!"`
						e := &history.TaskCompleted{Header: history.Header{ID: history.NoID, Time: time.Now().UTC()}, TaskID: a.Message.Event.Head().ID, Result: &result}
						if err := s.CompleteActivity(context.Background(), a, history.Message{Target: a.Message.Target, Event: e}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ReportAllocs()
			b.ResetTimer()
			for range callers {
				workers.Go(func() {
					for left.Add(-1) >= 0 {
						w, err := s.NextOrchestration(ctx)
						if err == nil {
							err = s.Checkpoint(ctx, w, step(w))
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			workers.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checkpoints/s")
			cancel()
			activities.Wait()
		})
	}
}

func BenchmarkGet(b *testing.B) {
	ctx := context.Background()
	s := openBench(b, local.Options{Path: filepath.Join(b.TempDir(), "hub.db")})
	var created sync.WaitGroup
	const instances = 1000
	for n := range instances {
		created.Go(func() { createNo(b, s, n) })
	}
	created.Wait()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := s.Get(ctx, instanceNo(n%instances).ID); err != nil {
			b.Fatal(err)
		}
	}
}
