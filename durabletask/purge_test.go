package durabletask_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
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

// A purge of many pages says how far it is, ends with the caller's patience or the first error, and can be called again.
func TestPurgeManyPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		const n = 2_500
		nothing := durabletask.NewOrchestrator(func(durabletask.Context, durabletask.None) (int, error) { return 0, nil }, durabletask.Named("Nothing"))
		b := setup(t, durabletask.New(nothing), durabletask.WorkerOptions{})
		for range n {
			if _, err := nothing.Schedule(ctx, b.Client, durabletask.None{}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		var told []int
		purged, err := b.PurgeMany(ctx, durabletask.PurgeFilter{Progress: func(n int) {
			told = append(told, n)
			cancel()
		}})
		if purged != 1_000 || !errors.Is(err, context.Canceled) || !slices.Equal(told, []int{1_000}) {
			t.Errorf("a purge that was cut off: %d, %v, told %v", purged, err, told)
		}
		purged, err = b.PurgeMany(t.Context(), durabletask.PurgeFilter{Progress: func(n int) { told = append(told, n) }})
		if purged != n-1_000 || err != nil || !slices.Equal(told, []int{1_000, 1_000, n - 1_000}) {
			t.Errorf("the rest: %d, %v, told %v", purged, err, told)
		}
	})
}
