package durabletask_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
)

// While the disk is full nothing can be started and nothing is lost: what runs goes on when there is space again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	disk := localtest.RegisterLossy("full")
	defer disk.Unregister()
	var full atomic.Bool
	failed := make(chan struct{}, 1)
	disk.Fail(func(o localtest.Operation) error {
		if full.Load() && (o.Kind == "write" || o.Kind == "sync") {
			select {
			case failed <- struct{}{}:
			default:
			}
			return sqlite3.FULL
		}
		return nil
	})
	reached, goOn := make(chan struct{}), make(chan struct{})
	slow := durabletask.NewActivity(func(_ context.Context, n int) (int, error) {
		close(reached)
		<-goOn
		return n + 1, nil
	}, durabletask.Named("Slow"))
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) { return slow.Call(ctx, n) }, durabletask.Named("CallsSlow"))
	log := slog.New(slog.DiscardHandler)
	b, err := local.Open(t.Context(), local.Options{Path: t.TempDir() + "/hub.db", VFS: "full", Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	w := durabletask.NewWorker(durabletask.New(slow, o), b, durabletask.WorkerOptions{Logger: log})
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	i, err := o.Schedule(t.Context(), w.Client(), 1)
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	full.Store(true)
	close(goOn)
	<-failed // the commit of the activity's result
	if _, err := o.Schedule(t.Context(), w.Client(), 2); !errors.Is(err, durabletask.ErrStorage) {
		t.Errorf("a start on a full disk: %v", err)
	}
	full.Store(false)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := i.Wait(ctx); got != 2 || err != nil {
		t.Errorf("when there is space again: %d, %v", got, err)
	}
}
