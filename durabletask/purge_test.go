package durabletask_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

func TestPurge(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(launched, ways, tallies), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		for _, id := range []string{"order-1", "order-10"} {
			if _, err := durabletest.Run(h, launched, 1, durabletask.InstanceID(id)); err != nil {
				t.Fatal(err)
			}
		}
		durabletest.Start(h, ways, "wait", durabletask.InstanceID("waits"))
		h.Advance(time.Second)
		if err := h.Purge(ctx, "order-1"); err != nil {
			t.Error(err)
		}
		if err := h.Purge(ctx, "order-1"); !errors.Is(err, durabletask.ErrInstanceNotFound) {
			t.Errorf("again: %v", err)
		}
		if err := h.Purge(ctx, "waits"); !errors.Is(err, durabletask.ErrInstanceRunning) {
			t.Errorf("one that runs: %v", err)
		}
		if _, err := h.Get(ctx, "order-10"); err != nil {
			t.Errorf("its neighbour: %v", err)
		}
	})
}

func TestPurgeMany(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(launched, ways, tallies), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		begin := time.Now()
		for range 3 {
			if _, err := durabletest.Run(h, launched, 1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := durabletest.Run(h, ways, "fail"); err == nil {
			t.Fatal("it has not failed")
		}
		durabletest.Start(h, ways, "wait", durabletask.InstanceID("waits"))
		h.Advance(time.Hour)
		if _, err := durabletest.Run(h, launched, 1, durabletask.InstanceID("late")); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			filter durabletask.PurgeFilter
			want   int
		}{
			{durabletask.PurgeFilter{Statuses: []durabletask.Status{durabletask.Running}}, 0},
			{durabletask.PurgeFilter{CreatedTo: begin.Add(-time.Second)}, 0},
			{durabletask.PurgeFilter{Statuses: []durabletask.Status{durabletask.Failed, durabletask.Running}}, 1},
			{durabletask.PurgeFilter{CreatedTo: begin.Add(time.Minute)}, 3},
			{durabletask.PurgeFilter{}, 1},
			{durabletask.PurgeFilter{}, 0},
		} {
			if n, err := h.PurgeMany(ctx, c.filter); n != c.want || err != nil {
				t.Errorf("%+v purged %d, %v, want %d", c.filter, n, err, c.want)
			}
		}
		p, err := h.List(ctx, durabletask.Query{})
		if err != nil || len(p.Instances) != 3 { // the one that waits, and the two entities that it has locked
			t.Errorf("%d instances are left, %v", len(p.Instances), err)
		}
	})
}

// PurgeMany says how far it is after each batch, and what it has done when it is cancelled between two.
func TestPurgeManyReports(t *testing.T) {
	t.Parallel()
	const n = 600
	b := setup(t, durabletask.New(double, power), durabletask.WorkerOptions{Orchestrations: 200, Activities: 200})
	finish := func(n int) {
		var last []*durabletask.Instance[int]
		for range n {
			i, err := power.Schedule(t.Context(), b.Client, 0)
			if err != nil {
				t.Fatal(err)
			}
			last = append(last, i)
		}
		for _, i := range last {
			if _, err := i.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	finish(n)
	ctx, cancel := context.WithCancel(t.Context())
	var seen []durabletask.PurgeProgress
	got, err := b.PurgeMany(ctx, durabletask.PurgeFilter{}, func(p durabletask.PurgeProgress) {
		seen = append(seen, p)
		cancel()
	})
	if !errors.Is(err, context.Canceled) || len(seen) != 1 || got != seen[0].Purged || got == 0 || got >= n {
		t.Errorf("cancelled after the first batch: %d, %v, %+v", got, err, seen)
	}
	seen = nil
	rest, err := b.PurgeMany(t.Context(), durabletask.PurgeFilter{}, func(p durabletask.PurgeProgress) { seen = append(seen, p) })
	if err != nil || got+rest != n || len(seen) != 2 || seen[1].Purged != rest || seen[1].Seen != rest {
		t.Errorf("the rest: %d, %v, %+v", rest, err, seen)
	}
}

func TestPurgeByTheTimeOfTheEnd(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(launched, ways, tallies), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		durabletest.Start(h, ways, "wait", durabletask.InstanceID("early start, late end"))
		h.Advance(time.Hour)
		if _, err := durabletest.Run(h, launched, 1, durabletask.InstanceID("early")); err != nil {
			t.Fatal(err)
		}
		between := time.Now()
		h.Advance(time.Hour)
		if err := h.Terminate(ctx, "early start, late end", nil); err != nil {
			t.Fatal(err)
		}
		h.Advance(time.Second)
		if n, err := h.PurgeMany(ctx, durabletask.PurgeFilter{EndedTo: between}); n != 1 || err != nil {
			t.Errorf("purged %d, %v, want 1", n, err)
		}
		if n, err := h.PurgeMany(ctx, durabletask.PurgeFilter{EndedTo: time.Now()}); n != 1 || err != nil {
			t.Errorf("purged %d, %v, want 1", n, err)
		}
	})
}
