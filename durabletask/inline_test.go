package durabletask_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// Inline activities write the history that sent ones would have.
func TestInlineHistory(t *testing.T) {
	t.Parallel()
	run := func(options ...durabletask.CallOption) string {
		_, events := outcomeOf(t, func(ctx durabletask.Context) (string, error) {
			for range 3 {
				if _, err := double.Call(ctx, 1, options...); err != nil {
					return "", err
				}
			}
			return "", nil
		})
		return kindsOf(events)
	}
	if inline, sent := run(durabletask.Inline), run(); inline != sent {
		t.Errorf("inline %s\nsent   %s", inline, sent)
	}
}

// Inline activities beside ordinary ones, at the end of an orchestration and across generations.
func TestInlineAtTheEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
			sum := 0
			for range 3 {
				v, err := double.Call(ctx, n, durabletask.Inline)
				if err != nil {
					return 0, err
				}
				sum += v
			}
			double.Start(ctx, n) // nobody waits for it
			if n < 3 {
				return durabletask.ContinueAsNew[int](ctx, n+1)
			}
			double.Start(ctx, n, durabletask.Inline) // nor for this one
			return sum, nil
		}, durabletask.Named("Ends"))
		b := setup(t, durabletask.New(o, double), durabletask.WorkerOptions{})
		i, err := o.Schedule(t.Context(), b.Client, 1)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if got, err := i.Wait(ctx); got != 18 || err != nil {
			t.Errorf("got %d, %v\n%s", got, err, b.log)
		}
	})
}
