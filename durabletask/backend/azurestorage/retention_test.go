package azurestorage_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// keeper starts a worker that purges what has ended an hour ago.
func (w *world) keeper(name string) *hub {
	w.Helper()
	h := openHub(w.T, w.service, azuretest.ClientOptions{Name: name})
	worker := durabletask.NewWorker(w.app(), h.Backend, durabletask.WorkerOptions{Logger: h.options.Logger, Retention: time.Hour})
	if err := worker.Start(w.ctx); err != nil {
		w.Fatal(err)
	}
	h.stop = worker.Stop
	w.Cleanup(func() { _ = worker.Stop(w.ctx) })
	return h
}

// One of several workers purges what has ended long ago; when it goes another one does so. An idle hub still costs little.
func TestRetention(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, plain *hub) {
		workers := []*hub{w.keeper("a"), w.keeper("b")}
		if err := plain.stop(w.ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		var did [2]atomic.Int64
		for n, h := range workers {
			h.transport.Inject(azuretest.Rule{Op: azuretest.OpDeleteEntity, Resource: "testhubInstances", If: func(azuretest.Call) bool {
				did[n].Add(1)
				return false
			}, Do: azuretest.ResetBefore()})
		}
		round := func(prefix string) {
			t.Helper()
			for n := range 4 {
				w.start("Hello5", fmt.Sprint(prefix, n), nil)
			}
			w.start("Unregistered", prefix+" waits", nil)
			time.Sleep(50 * time.Minute)
			for n := range 4 {
				w.completes(0, fmt.Sprint(prefix, n), helloOutput)
			}
			time.Sleep(30 * time.Minute)
			synctest.Wait()
			for n := range 4 {
				if _, err := w.Get(w.ctx, fmt.Sprint(prefix, n)); !errors.Is(err, durabletask.ErrInstanceNotFound) {
					t.Errorf("%s%d: %v", prefix, n, err)
				}
			}
			if s := w.after(0, prefix+" waits"); s.Status != durabletask.Pending {
				t.Errorf("what waits is %v", s.Status)
			}
		}
		round("first ")
		leader := 0
		if did[1].Load() > 0 {
			leader = 1
		}
		if did[leader].Load() != 4 || did[1-leader].Load() != 0 {
			t.Errorf("purges by worker: %d and %d, want 4 by one of them", did[0].Load(), did[1].Load())
		}
		if err := workers[leader].stop(w.ctx); err != nil {
			t.Fatal(err)
		}
		round("second ")
		if did[leader].Load() != 4 || did[1-leader].Load() != 4 {
			t.Errorf("purges by worker: %d and %d, want 4 by each", did[0].Load(), did[1].Load())
		}
	})
}

// To look for what is to be purged costs next to nothing.
func TestIdleRequestsWithRetention(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, plain *hub) {
		if err := plain.stop(w.ctx); err != nil {
			t.Fatal(err)
		}
		worker := w.keeper("keeper")
		time.Sleep(10 * time.Minute)
		before := worker.transport.Requests()
		time.Sleep(time.Hour)
		if n := worker.transport.Requests() - before; n > 1200 {
			t.Errorf("%d requests in an hour, want at most 1200", n)
		}
	})
}
