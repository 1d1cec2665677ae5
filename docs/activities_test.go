package docs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var (
	Charge = durabletask.NewActivity(charge, durabletask.AttemptTimeout(time.Minute))
	Order  = durabletask.NewOrchestrator(order)
)

// The key is the same when the activity is run again because a crash lost its result: the bank books the payment once.
func charge(ctx context.Context, cents int) (string, error) {
	key := durabletask.ActivityInfo(ctx).Key
	return payAtBank(ctx, key, cents)
}

func order(ctx durabletask.Context, cents int) (string, error) {
	return Charge.Call(ctx, cents, durabletask.RetryPolicy{
		MaxAttempts: 5, First: time.Second, Backoff: 2, Max: time.Minute,
	})
}

func payAtBank(_ context.Context, _ string, _ int) (string, error) {
	return "", errors.New("no bank here")
}

func TestOrderRetries(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Order), func(t *testing.T, h *durabletest.Hub) {
		paid := func(context.Context, int) (string, error) { return "receipt-1", nil }
		calls := durabletest.Stub(h, Charge, durabletest.FailFirst(2, errors.New("bank is busy"), paid))
		begin := time.Now()
		got, err := durabletest.Run(h, Order, 995)
		if got != "receipt-1" || err != nil || len(calls.Inputs()) != 3 || time.Since(begin) != 3*time.Second {
			t.Errorf("%q, %v, after %d calls and %v", got, err, len(calls.Inputs()), time.Since(begin))
		}
	})
}
