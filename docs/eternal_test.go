package docs_test

import (
	"context"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var (
	Sweep    = durabletask.NewActivity(sweep)
	Cleaning = durabletask.NewOrchestrator(cleaning)
)

func sweep(context.Context, durabletask.None) (int, error) { return 1, nil }

// cleaning sweeps each night, for ever. The total goes with it from night to night.
func cleaning(ctx durabletask.Context, total int) (durabletask.None, error) {
	files, err := Sweep.Call(ctx, durabletask.None{})
	if err != nil {
		return durabletask.None{}, err
	}
	total += files
	ctx.SetStatus(total)
	if err := durabletask.Sleep(ctx, 24*time.Hour); err != nil {
		return durabletask.None{}, err
	}
	return durabletask.ContinueAsNew[durabletask.None](ctx, total)
}

func TestCleaning(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Sweep, Cleaning), func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, Cleaning, 0)
		h.Advance(30 * 24 * time.Hour)
		s, err := h.Get(t.Context(), i.ID)
		if err != nil || s.Status != durabletask.Running || *s.CustomStatus != "31" {
			t.Errorf("%+v, %v", s, err)
		}
	})
}
