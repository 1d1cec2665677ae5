package main

import (
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

func TestCounter(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, app(), func(t *testing.T, h *durabletest.Hub) {
		ctx, a := t.Context(), Counters.ID("a")
		for _, err := range []error{
			durabletask.Signal(ctx, h.Client, a, (*Counter).Add, 5),
			durabletask.Signal(ctx, h.Client, a, (*Counter).Reset, durabletask.None{}),
			durabletask.Signal(ctx, h.Client, a, (*Counter).Add, 7),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		h.Advance(time.Second)
		if e, err := h.Entity(ctx, a.EntityID); err != nil || e.State == nil || *e.State != `{"value":7}` {
			t.Errorf("the counter is %+v, %v", e, err)
		}
	})
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount int
		want   Balances
		err    error
	}{
		{30, Balances{70, 30}, nil},
		{100, Balances{0, 100}, nil},
		{101, Balances{}, ErrTooLittle},
		{-1, Balances{}, ErrTooLittle},
	} {
		durabletest.Test(t, app(), func(t *testing.T, h *durabletest.Hub) {
			if err := durabletask.Signal(t.Context(), h.Client, Counters.ID("a"), (*Counter).Add, 100); err != nil {
				t.Fatal(err)
			}
			got, err := durabletest.Run(h, Transfer, Order{"a", "b", c.amount})
			if !errors.Is(err, c.err) || err == nil && got != c.want {
				t.Errorf("Transfer of %d: %+v, %v, want %+v, %v", c.amount, got, err, c.want, c.err)
			}
		})
	}
}

func TestTransferSurvivesCrashes(t *testing.T) {
	t.Parallel()
	durabletest.CrashEverywhere(t, app(), func(t *testing.T, h *durabletest.Hub) {
		// The first transfer takes its money from a counter that a second one fills meanwhile.
		fill := durabletest.Start(h, Transfer, Order{"nothing", "a", 0}, durabletask.InstanceID("fill"))
		if got, err := fill.Wait(t.Context()); err != nil || got != (Balances{}) {
			t.Errorf("%+v, %v", got, err)
		}
		too := durabletest.Start(h, Transfer, Order{"a", "b", 1}, durabletask.InstanceID("too-much"))
		if _, err := too.Wait(t.Context()); !errors.Is(err, ErrTooLittle) {
			t.Errorf("%v", err)
		}
		h.Advance(time.Second)
		p, err := h.Entities(t.Context(), durabletask.EntityQuery{})
		if err != nil || len(p.Entities) != 2 {
			t.Errorf("%d counters, %v", len(p.Entities), err)
		}
		for _, e := range p.Entities {
			if e.LockedBy != "" {
				t.Errorf("counter %q is locked by %q", e.ID.Key, e.LockedBy)
			}
		}
	})
}
