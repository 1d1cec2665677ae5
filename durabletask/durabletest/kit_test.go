package durabletest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var (
	greet = durabletask.NewActivity(func(_ context.Context, city string) (string, error) { return "Hello " + city + "!", nil }, durabletask.Named("Greet"))
	hello = durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) ([]string, error) {
		var all []string
		for i := range n {
			ctx.SetStatus(i)
			s, err := greet.Call(ctx, fmt.Sprint("city ", i))
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		return all, nil
	}, durabletask.Named("Hello"))
	nap = durabletask.NewOrchestrator(func(ctx durabletask.Context, d time.Duration) (time.Time, error) {
		err := durabletask.Sleep(ctx, d)
		return ctx.Now(), err
	}, durabletask.Named("Nap"))
)

func TestRun(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(hello, greet, nap), func(t *testing.T, h *durabletest.Hub) {
		got, err := durabletest.Run(h, hello, 2)
		if want := []string{"Hello city 0!", "Hello city 1!"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v", got, err)
		}
		begin := time.Now()
		woke, err := durabletest.Run(h, nap, 72*time.Hour)
		if err != nil || woke.Sub(begin) != 72*time.Hour || time.Since(begin) != 72*time.Hour {
			t.Errorf("woke after %v, %v; %v have passed", woke.Sub(begin), err, time.Since(begin))
		}
	})
}

func TestCrashEverywhereHello(t *testing.T) {
	t.Parallel()
	durabletest.CrashEverywhere(t, durabletask.New(hello, greet), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, hello, 5, durabletask.InstanceID("hello-5")); err != nil {
			t.Error(err)
		}
	})
}

func TestStub(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(hello), func(t *testing.T, h *durabletest.Hub) {
		_, err := durabletest.Run(h, hello, 1)
		t.Log(err)
		calls := durabletest.Stub(h, greet, durabletest.FailFirst(1, errors.New("busy"), func(context.Context, string) (string, error) { return "hi", nil }))
		if _, err := durabletest.Run(h, hello, 1); err == nil {
			t.Error("no failure")
		}
		got, err := durabletest.Run(h, hello, 1)
		if err != nil || got[0] != "hi" || len(calls.Inputs()) != 2 {
			t.Errorf("got %q, %v, %q", got, err, calls.Inputs())
		}
	})
}
