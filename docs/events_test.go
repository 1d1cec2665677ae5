package docs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// Signed is an event: a name and the type of what it carries.
var Signed = durabletask.NewEvent[string]("Signed")

var Contract = durabletask.NewOrchestrator(contract)

// contract waits for two signatures, at most a week for each.
func contract(ctx durabletask.Context, _ durabletask.None) (string, error) {
	first, err := Signed.Wait(ctx, 7*24*time.Hour)
	if errors.Is(err, durabletask.ErrTimeout) {
		return "nobody signed", nil
	}
	if err != nil {
		return "", err
	}
	second, err := Signed.Wait(ctx, 7*24*time.Hour)
	return first + " and " + second, err
}

func TestContract(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Contract), func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, Contract, durabletask.None{})
		for _, name := range []string{"Ada", "Bob"} {
			h.Advance(24 * time.Hour)
			if err := Signed.Raise(t.Context(), h.Client, i.ID, name); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := i.Wait(t.Context()); got != "Ada and Bob" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}
