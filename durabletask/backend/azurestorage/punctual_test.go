package azurestorage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// naps sleeps again and again, at fractions of seconds, and returns by how much it woke too late at worst.
var naps = durabletask.NewOrchestrator(func(ctx durabletask.Context, count int) (time.Duration, error) {
	worst := time.Duration(0)
	for i := range count {
		due := ctx.Now().Add(5*time.Minute - time.Duration(i)*130*time.Millisecond)
		if err := durabletask.Sleep(ctx, due.Sub(ctx.Now())); err != nil {
			return 0, err
		}
		worst = max(worst, ctx.Now().Sub(due))
	}
	return worst, nil
}, durabletask.Named("Naps"))

// A timer's message is received when it becomes visible, and not at some look later, which may be half a minute. That took three mistakes: the service
// hides messages for whole seconds, so a look right when the timer is due comes too early; what became due while the queue was looked into was forgotten;
// and of several timers only the first was known.
func TestTimersAreNotLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := openHub(t, azuretest.New(azuretest.Options{}), azuretest.ClientOptions{Name: "w"})
		w := durabletask.NewWorker(durabletask.New(naps), h.Backend, durabletask.WorkerOptions{})
		ctx := context.Background()
		if err := h.CreateTaskHub(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.Start(ctx); err != nil {
			t.Fatal(err)
		}
		var all []*durabletask.Instance[time.Duration]
		for n := range 5 { // whose timers stand in the same few queues
			i, err := naps.Schedule(ctx, w.Client(), 10+n)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, i)
			time.Sleep(2700 * time.Millisecond)
		}
		for _, i := range all {
			if worst, err := i.Wait(ctx); err != nil || worst > 2*time.Second {
				t.Errorf("a timer was %v late, %v", worst, err)
			}
		}
		if err := w.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}
