package local_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
	"github.com/azdurable/azdurable/durabletask/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSmoke(t *testing.T) {
	disk := localtest.RegisterLossy("lossy")
	defer disk.Unregister()
	for _, o := range []local.Options{{}, {Path: filepath.Join(t.TempDir(), "a", "hub.db")}, {Path: filepath.Join(t.TempDir(), "a", "hub.db"), VFS: "lossy"}} {
		ctx := context.Background()
		b, err := local.Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Start(ctx); err != nil {
			t.Fatal(err)
		}
		in := history.Instance{ID: "x", ExecutionID: "e"}
		if err := b.Create(ctx, backend.Creation{Start: history.Message{Target: in, Event: &history.ExecutionStarted{Header: history.Header{Time: time.Now().UTC()}, Instance: in, Name: "Hello"}}}); err != nil {
			t.Fatal(err)
		}
		w, err := b.NextOrchestration(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Checkpoint(ctx, w, backend.Checkpoint{Events: []history.Event{w.Messages[0].Event}, Activities: []history.Message{{Target: in, Event: &history.TaskScheduled{Name: "Act"}}}}); err != nil {
			t.Fatal(err)
		}
		a, err := b.NextActivity(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.CompleteActivity(ctx, a, history.Message{Target: in, Event: &history.TaskCompleted{}}); err != nil {
			t.Fatal(err)
		}
		w, err = b.NextOrchestration(ctx)
		if err != nil {
			t.Fatal(err)
		}
		s, err := b.Get(ctx, "x")
		if err != nil {
			t.Fatal(err)
		}
		s.Status = history.Completed
		if err := b.Checkpoint(ctx, w, backend.Checkpoint{Events: []history.Event{w.Messages[0].Event}, State: s}); err != nil {
			t.Fatal(err)
		}
		if s, err = b.Wait(ctx, "x"); err != nil || s.Status != history.Completed {
			t.Fatal(s, err)
		}
		if h, err := b.History(ctx, "x"); err != nil || len(h) != 2 {
			t.Fatal(h, err)
		}
		if p, err := b.List(ctx, backend.Query{}); err != nil || len(p.Instances) != 1 {
			t.Fatal(p, err)
		}
		if err := b.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
}
