package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// replayAll replays what was given up: the version with the fault has been replaced.
func replayAll(ctx context.Context, client *durabletask.Client) error {
	page, err := client.ListPoison(ctx, durabletask.PoisonQuery{PageSize: 100})
	if err != nil {
		return err
	}
	for _, m := range page.Messages {
		slog.Info("replay", "instance", m.InstanceID, "kind", m.Kind, "name", m.Name, "tries", m.Tries, "reason", m.Reason)
		err := client.ReplayPoison(ctx, m.ID)
		if errors.Is(err, durabletask.ErrInstanceNotFound) || errors.Is(err, durabletask.ErrInstanceFinished) {
			err = client.DropPoison(ctx, m.ID) // nobody waits for it any more
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tidyUp purges what ended more than 30 days ago, and says how far it is.
func tidyUp(ctx context.Context, client *durabletask.Client) error {
	filter := durabletask.PurgeFilter{
		EndedTo:  time.Now().AddDate(0, 0, -30),
		Statuses: []durabletask.Status{durabletask.Completed, durabletask.Terminated},
	}
	n, err := client.PurgeMany(ctx, filter, func(p durabletask.PurgeProgress) {
		slog.Info("purging", "purged", p.Purged, "seen", p.Seen)
	})
	if err != nil {
		return fmt.Errorf("%d are purged, and not the rest: %w", n, err)
	}
	return nil
}

// compact makes the file of a hub smaller whose app is stopped.
func compact(ctx context.Context, path string) error {
	store, err := local.Open(ctx, local.Options{Path: path})
	if err != nil {
		return err // such as: it is in use by another process
	}
	done, err := store.Compact(ctx)
	if err == nil {
		fmt.Printf("%d bytes before, %d after\n", done.Before, done.After)
	}
	return errors.Join(err, store.Stop(ctx))
}

func TestReplayAll(t *testing.T) {
	t.Parallel()
	fault := true
	app := durabletask.New(Greet, GreetBoth)
	app.UseActivities(func(next durabletask.Handler[*durabletask.ActivityWork]) durabletask.Handler[*durabletask.ActivityWork] {
		return func(ctx context.Context, w *durabletask.ActivityWork) error {
			if fault {
				panic("a fault of the middleware")
			}
			return next(ctx, w)
		}
	})
	durabletest.Test(t, app, func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, GreetBoth, [2]string{"Ada", "Bob"})
		h.Advance(time.Hour)
		fault = false
		if err := replayAll(t.Context(), h.Client); err != nil {
			t.Error(err)
		}
		if got, err := i.Wait(t.Context()); got != "Hello Ada! Hello Bob!" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		h.Advance(31 * 24 * time.Hour)
		if err := tidyUp(t.Context(), h.Client); err != nil {
			t.Error(err)
		}
		if _, err := h.Get(t.Context(), i.ID); !errors.Is(err, durabletask.ErrInstanceNotFound) {
			t.Errorf("after the purge: %v", err)
		}
	})
}

func TestCompact(t *testing.T) {
	t.Parallel()
	if err := compact(t.Context(), filepath.Join(t.TempDir(), "hub.db")); err != nil {
		t.Error(err)
	}
}
