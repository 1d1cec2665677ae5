package durabletask_test

import (
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// What has ended is purged when its time is over, also when the worker has crashed meanwhile; what has not ended stays, and so do entities.
func TestRetention(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	durabletest.Test(t, durabletask.New(launched, ways, tallies), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		there := func(id string, want bool) {
			t.Helper()
			if _, err := h.Get(ctx, id); (err == nil) != want || err != nil && !errors.Is(err, durabletask.ErrInstanceNotFound) {
				t.Errorf("%s after %v: %v, want there: %v", id, time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), err, want)
			}
		}
		run := func(id string) {
			t.Helper()
			if _, err := durabletest.Run(h, launched, 1, durabletask.InstanceID(id)); err != nil {
				t.Fatal(err)
			}
		}
		run("first")
		durabletest.Start(h, ways, "wait", durabletask.InstanceID("waits"))
		h.Advance(day)
		run("second")
		h.Advance(day - 2*time.Hour)
		there("first", true)
		h.Advance(4 * time.Hour)
		there("first", false)
		there("second", true)
		h.Crash()
		h.Advance(day)
		there("second", false)
		there("waits", true)
		h.Advance(5 * day)
		there("waits", true)
		if err := h.Terminate(ctx, "waits", nil); err != nil {
			t.Fatal(err)
		}
		h.Advance(2*day + 2*time.Hour)
		there("waits", false)
		p, err := h.List(ctx, durabletask.Query{})
		if err != nil || len(p.Instances) != 2 { // entities
			t.Errorf("%d instances are left, %v", len(p.Instances), err)
		}
	}, durabletask.WorkerOptions{Retention: 2 * day})
}
