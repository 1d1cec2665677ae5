package durabletask_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// A worker is idle when nothing runs any more and nothing comes of what has run.
func TestWaitIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := durabletask.NewActivity(func(context.Context, durabletask.None) (durabletask.None, error) {
			time.Sleep(10 * time.Second)
			return durabletask.None{}, nil
		}, durabletask.Named("Slow"))
		thrice := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (durabletask.None, error) {
			for range 3 {
				if _, err := slow.Call(ctx, durabletask.None{}); err != nil {
					return durabletask.None{}, err
				}
			}
			return durabletask.None{}, durabletask.Sleep(ctx, time.Hour)
		}, durabletask.Named("Thrice"))
		b := setup(t, durabletask.New(slow, thrice), durabletask.WorkerOptions{})
		waited := func(limit time.Duration) (time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			begin := time.Now()
			err := b.WaitIdle(ctx, time.Second)
			return time.Since(begin), err
		}
		if d, err := waited(time.Minute); d != time.Second || err != nil {
			t.Errorf("with nothing to do: %v, %v", d, err)
		}
		if _, err := thrice.Schedule(t.Context(), b.Client, durabletask.None{}); err != nil {
			t.Fatal(err)
		}
		if d, err := waited(5 * time.Second); d != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a limit: %v, %v", d, err)
		}
		if d, err := waited(time.Minute); d < 25*time.Second || d > 27*time.Second || err != nil {
			t.Errorf("with three activities of 10 s, 5 s ago: %v, %v", d, err)
		}
		if d, err := waited(time.Minute); d != time.Second || err != nil {
			t.Errorf("with a timer that is not due: %v, %v", d, err)
		}
	})
}
