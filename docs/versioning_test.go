package docs_test

import (
	"context"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var (
	Ship       = durabletask.NewActivity(ship)
	Insure     = durabletask.NewActivity(insure)
	Delivery   = durabletask.NewOrchestrator(delivery)
	DeliveryV0 = durabletask.NewOrchestrator(deliveryV0, durabletask.Named("Delivery"))
	Support    = durabletask.NewOrchestrator(support)
)

func ship(context.Context, string) (string, error)   { return "shipped", nil }
func insure(context.Context, string) (string, error) { return "insured", nil }

// deliveryV0 is what runs today.
func deliveryV0(ctx durabletask.Context, parcel string) (string, error) {
	if err := durabletask.Sleep(ctx, time.Hour); err != nil {
		return "", err
	}
	return Ship.Call(ctx, parcel)
}

// delivery is its successor. Instances that had come past the new call before it was there don't make it.
func delivery(ctx durabletask.Context, parcel string) (string, error) {
	if durabletask.Patched(ctx, "insurance") {
		if _, err := Insure.Call(ctx, parcel); err != nil {
			return "", err
		}
	}
	if err := durabletask.Sleep(ctx, time.Hour); err != nil {
		return "", err
	}
	return Ship.Call(ctx, parcel)
}

// support looks at the version that the instance was started with.
func support(ctx durabletask.Context, _ durabletask.None) (string, error) {
	if ctx.Version() == "1.0" {
		return "by mail", nil
	}
	return "by phone", nil
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Ship, DeliveryV0), func(t *testing.T, h *durabletest.Hub) {
		old := durabletest.Start(h, DeliveryV0, "p-1")
		h.Advance(time.Minute)
		h.Deploy(durabletask.New(Ship, Insure, Delivery))
		insured := durabletest.Stub(h, Insure, insure)
		if _, err := old.Wait(t.Context()); err != nil || len(insured.Inputs()) != 0 {
			t.Errorf("an instance from before: %v, insured %q", err, insured.Inputs())
		}
		if _, err := durabletest.Run(h, Delivery, "p-2"); err != nil || len(insured.Inputs()) != 1 {
			t.Errorf("a new one: %v, insured %q", err, insured.Inputs())
		}
	})
}

func TestSupport(t *testing.T) {
	t.Parallel()
	second := "2.0"
	versions := durabletask.Versions{Default: &second, Match: durabletask.MatchCurrentOrOlder}
	durabletest.Test(t, durabletask.New(Support), func(t *testing.T, h *durabletest.Hub) {
		for version, want := range map[durabletask.Version]string{"1.0": "by mail", "2.0": "by phone"} {
			if got, err := durabletest.Run(h, Support, durabletask.None{}, version); got != want || err != nil {
				t.Errorf("version %s: %q, %v", version, got, err)
			}
		}
	}, durabletask.WorkerOptions{Versions: versions})
}
