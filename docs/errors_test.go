package docs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// ErrCardDeclined survives the way through storage.
const ErrCardDeclined = durabletask.ErrorKind("CardDeclined")

var (
	Pay      = durabletask.NewActivity(pay)
	Checkout = durabletask.NewOrchestrator(checkout)
)

// pay fails with a kind. Permanent says that a retry is pointless.
func pay(_ context.Context, card string) (string, error) {
	if card == "" {
		return "", durabletask.Permanent(ErrCardDeclined.New("no card"))
	}
	return "paid", nil
}

func checkout(ctx durabletask.Context, card string) (string, error) {
	state, err := Pay.Call(ctx, card, durabletask.RetryPolicy{MaxAttempts: 3, First: time.Second})
	if errors.Is(err, ErrCardDeclined) {
		return "ask for another card", nil
	}
	return state, err // any other error fails the orchestration
}

func TestCheckout(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Pay, Checkout), func(t *testing.T, h *durabletest.Hub) {
		if got, err := durabletest.Run(h, Checkout, ""); got != "ask for another card" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		durabletest.Stub(h, Pay, func(context.Context, string) (string, error) { panic("oops") })
		_, err := durabletest.Run(h, Checkout, "1234")
		var failed *durabletask.TaskError
		if !errors.As(err, &failed) || !errors.Is(err, durabletask.ErrPanic) {
			t.Errorf("%v", err)
		}
	})
}
