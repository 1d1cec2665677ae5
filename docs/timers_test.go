package docs_test

import (
	"context"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var (
	Remind   = durabletask.NewActivity(remind)
	Trial    = durabletask.NewOrchestrator(trial)
	Estimate = durabletask.NewActivity(estimate)
	Quote    = durabletask.NewOrchestrator(quote)
)

func remind(context.Context, string) (durabletask.None, error) { return durabletask.None{}, nil }

func estimate(ctx context.Context, _ string) (int, error) {
	select {
	case <-time.After(time.Hour): // somebody thinks
		return 42, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// trial waits for 30 days without taking memory or a thread.
func trial(ctx durabletask.Context, user string) (time.Time, error) {
	if err := durabletask.Sleep(ctx, 30*24*time.Hour); err != nil {
		return time.Time{}, err
	}
	_, err := Remind.Call(ctx, user)
	return ctx.Now(), err
}

// quote takes an estimate, or a guess if that is not there in ten minutes.
func quote(ctx durabletask.Context, what string) (int, error) {
	return durabletask.Select(ctx,
		durabletask.On(Estimate.Start(ctx, what), func(cents int, err error) (int, error) { return cents, err }),
		durabletask.Timeout(10*time.Minute, func() (int, error) { return 100, nil }),
	)
}

func TestTrial(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Remind, Trial, Estimate, Quote), func(t *testing.T, h *durabletest.Hub) {
		begin := time.Now()
		end, err := durabletest.Run(h, Trial, "ada") // takes no real time
		if end.Sub(begin) != 720*time.Hour || err != nil {
			t.Errorf("%v, %v", end, err)
		}
		if got, err := durabletest.Run(h, Quote, "roof"); got != 100 || err != nil {
			t.Errorf("%d, %v", got, err)
		}
	})
}
