package docs_test

import (
	"context"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var (
	Greet     = durabletask.NewActivity(greet)
	GreetBoth = durabletask.NewOrchestrator(greetBoth)
)

// An activity is an ordinary function: it may do anything.
func greet(_ context.Context, name string) (string, error) {
	return "Hello " + name + "!", nil
}

// An orchestrator says what is done, in which order.
func greetBoth(ctx durabletask.Context, names [2]string) (string, error) {
	first, err := Greet.Call(ctx, names[0])
	if err != nil {
		return "", err
	}
	second, err := Greet.Call(ctx, names[1])
	if err != nil {
		return "", err
	}
	return first + " " + second, nil
}

func TestGreetBoth(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Greet, GreetBoth), func(t *testing.T, h *durabletest.Hub) {
		got, err := durabletest.Run(h, GreetBoth, [2]string{"Ada", "Bob"})
		if got != "Hello Ada! Hello Bob!" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}
