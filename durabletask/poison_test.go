package durabletask_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// A fault of the engine, or of middleware, that one message sets off is given up after ten tries; when it is mended the message is replayed, and
// everything is as if nothing had been.
func TestPoison(t *testing.T) {
	t.Parallel()
	broken := true
	app := durabletask.New(double, power)
	app.UseActivities(func(next durabletask.Handler[*durabletask.ActivityWork]) durabletask.Handler[*durabletask.ActivityWork] {
		return func(ctx context.Context, w *durabletask.ActivityWork) error {
			if broken && w.Instance.ID == "bad" {
				panic("can't stand it")
			}
			return next(ctx, w)
		}
	})
	app.UseOrchestrations(func(next durabletask.Handler[*durabletask.OrchestrationWork]) durabletask.Handler[*durabletask.OrchestrationWork] {
		return func(ctx context.Context, w *durabletask.OrchestrationWork) error {
			if broken && w.Instance.ID == "worse" {
				panic("can't stand it")
			}
			return next(ctx, w)
		}
	})
	durabletest.Test(t, app, func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		bad := durabletest.Start(h, power, 3, durabletask.InstanceID("bad"))
		worse := durabletest.Start(h, power, 4, durabletask.InstanceID("worse"))
		h.Advance(time.Second)
		if n, err := durabletest.Run(h, power, 5); n != 32 || err != nil {
			t.Errorf("another one gives %d, %v", n, err)
		}
		h.Advance(time.Hour)
		page, err := h.ListPoison(ctx, durabletask.PoisonQuery{})
		if err != nil || len(page.Messages) != 2 {
			t.Fatalf("given up: %+v, %v", page, err)
		}
		for _, m := range page.Messages {
			if !strings.Contains(m.Reason, "can't stand it") || m.Tries != durabletask.MaxTries {
				t.Errorf("given up: %+v", m)
			}
			if whole, err := h.GetPoison(ctx, m.ID); err != nil || !strings.Contains(whole.Text, m.Name) {
				t.Errorf("%+v, %v", whole, err)
			}
		}
		broken = false
		h.Crash()
		for _, m := range page.Messages {
			if err := h.ReplayPoison(ctx, m.ID); err != nil {
				t.Error(err)
			}
			if err := h.DropPoison(ctx, m.ID); !errors.Is(err, durabletask.ErrPoisonNotFound) {
				t.Errorf("after the replay: %v", err)
			}
		}
		if n, err := bad.Wait(ctx); n != 8 || err != nil {
			t.Errorf("bad gives %d, %v", n, err)
		}
		if n, err := worse.Wait(ctx); n != 16 || err != nil {
			t.Errorf("worse gives %d, %v", n, err)
		}
	})
}
