package durabletask_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

// fromTheFuture is an event of a kind that a newer engine made up.
type fromTheFuture struct{ history.Header }

func (*fromTheFuture) Type() history.Type { return 99 }

// newerHistory is a store with such events in its histories.
type newerHistory struct{ backend.Backend }

func (b newerHistory) LoadHistory(ctx context.Context, w *backend.InstanceWork) ([]history.Event, error) {
	events, err := b.Backend.LoadHistory(ctx, w)
	return append(events, &fromTheFuture{}), err
}

// An instance whose history has an event of an unknown kind is left alone and reported, never failed.
func TestUnknownEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &logBuffer{}
		logger := slog.New(slog.NewTextHandler(log, nil))
		b, err := local.Open(t.Context(), local.Options{Logger: logger})
		if err != nil {
			t.Fatal(err)
		}
		w := durabletask.NewWorker(durabletask.New(double, power), newerHistory{b}, durabletask.WorkerOptions{Logger: logger})
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := w.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		if _, err := power.Schedule(t.Context(), w.Client(), 1, durabletask.InstanceID("i")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if s, err := w.Client().Get(t.Context(), "i"); err != nil || s.Status != durabletask.Pending {
			t.Errorf("%+v, %v", s, err)
		}
		if !strings.Contains(log.String(), "kind Type(99), which this version does not know") {
			t.Errorf("the log doesn't say so:\n%s", log)
		}
	})
}
