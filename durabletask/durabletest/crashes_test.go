package durabletest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// What orchestrations do, each for a test of its own: every one has to come to the same whatever the crash.
var (
	square = durabletask.NewActivity(func(_ context.Context, n int) (int, error) { return n * n, nil }, durabletask.Named("Square"))
	note   = durabletask.NewEvent[string]("Note")

	fan = durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
		tasks := make([]*durabletask.Task[int], n)
		for i := range tasks {
			tasks[i] = square.Start(ctx, i)
		}
		all, err := durabletask.WhenAll(ctx, tasks...)
		sum := 0
		for _, s := range all {
			sum += s
		}
		return sum, err
	}, durabletask.Named("Fan"))

	quick = durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
		sum, err := durabletask.Record(ctx, "begin", func(context.Context) (int, error) { return 100, nil })
		if err != nil {
			return 0, err
		}
		if durabletask.Patched(ctx, "more") {
			sum += 1000
		}
		for i := range n {
			s, err := square.Call(ctx, i, durabletask.Inline)
			if err != nil {
				return 0, err
			}
			sum += s
		}
		return sum, durabletask.Sleep(ctx, time.Minute)
	}, durabletask.Named("Quick"))

	family = durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		first := fan.Start(ctx, 3, durabletask.InstanceID("child"))
		second := fan.Start(ctx, 2)
		third := broken.Start(ctx, durabletask.None{}, durabletask.RetryPolicy{MaxAttempts: 2, First: time.Hour})
		a, err := first.Await(ctx)
		if err != nil {
			return "", err
		}
		b, err := second.Await(ctx)
		if err != nil {
			return "", err
		}
		_, err = third.Await(ctx)
		return fmt.Sprint(a, b, " ", err), nil
	}, durabletask.Named("Family"))

	broken = durabletask.NewOrchestrator(func(durabletask.Context, durabletask.None) (durabletask.None, error) {
		return durabletask.None{}, errors.New("broken")
	}, durabletask.Named("Broken"))

	counter = durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
		ctx.SetStatus(n)
		text, err := note.Next(ctx).Await(ctx)
		if err != nil || text == "stop" {
			return n, err
		}
		return durabletask.ContinueAsNew[int](ctx, n+len(text))
	}, durabletask.Named("Counter"))

	deadline = durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		text, err := note.Wait(ctx, 2*time.Hour)
		if errors.Is(err, durabletask.ErrTimeout) {
			text = "late"
		}
		when, err := durabletask.Record(ctx, "when", func(context.Context) (string, error) { return "recorded", nil })
		if err != nil {
			return "", err
		}
		return fmt.Sprint(text, " ", when, " ", durabletask.Patched(ctx, "new")), nil
	}, durabletask.Named("Deadline"))

	all = func() *durabletask.App {
		return durabletask.New(greet, hello, nap, square, fan, quick, family, broken, counter, deadline)
	}
)

func expect[I, O any](t *testing.T, h *durabletest.Hub, o *durabletask.Orchestrator[I, O], in I, want string) {
	t.Helper()
	got, err := durabletest.Run(h, o, in)
	if text := fmt.Sprint(got, " ", err); text != want {
		t.Errorf("%s(%v) = %s, want %s", o.Name(), in, text, want)
	}
}

func TestCrashEverywhere(t *testing.T) {
	t.Parallel()
	for name, scenario := range map[string]func(t *testing.T, h *durabletest.Hub){
		"fan-out": func(t *testing.T, h *durabletest.Hub) { t.Helper(); expect(t, h, fan, 12, "506 <nil>") },
		"inline":  func(t *testing.T, h *durabletest.Hub) { t.Helper(); expect(t, h, quick, 4, "1114 <nil>") },
		"children": func(t *testing.T, h *durabletest.Hub) {
			t.Helper()
			expect(t, h, family, durabletask.None{}, "5 1 Broken failed: broken <nil>")
		},
		"continue as new": func(t *testing.T, h *durabletest.Hub) {
			i := durabletest.Start(h, counter, 0)
			for _, text := range []string{"a", "bb", "ccc", "stop"} {
				if err := note.Raise(t.Context(), h.Client, i.ID, text); err != nil {
					t.Error(err)
				}
			}
			if got, err := i.Wait(t.Context()); got != 6 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		},
		"events and timers": func(t *testing.T, h *durabletest.Hub) {
			late := durabletest.Start(h, deadline, durabletask.None{})
			early := durabletest.Start(h, deadline, durabletask.None{})
			h.Advance(time.Hour)
			if err := note.Raise(t.Context(), h.Client, early.ID, "early"); err != nil {
				t.Error(err)
			}
			h.Advance(time.Hour)
			for i, want := range map[*durabletask.Instance[string]]string{late: "late recorded true", early: "early recorded true"} {
				if got, err := i.Wait(t.Context()); got != want || err != nil {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		},
		"management": func(t *testing.T, h *durabletest.Hub) {
			ctx := t.Context()
			i := durabletest.Start(h, nap, time.Hour, durabletask.InstanceID("nap"))
			h.Settle()
			for _, do := range []func(context.Context, string, *string) error{
				h.Suspend, h.Resume,
				func(ctx context.Context, id string, reason *string) error { return h.Terminate(ctx, id, reason) },
			} {
				if err := do(ctx, i.ID, nil); err != nil {
					t.Error(err)
				}
				h.Settle()
			}
			if _, err := i.Wait(ctx); !errors.Is(err, durabletask.ErrTerminated) {
				t.Error(err)
			}
			if _, err := h.Restart(ctx, i.ID, durabletask.InstanceID("nap")); err != nil {
				t.Error(err)
			}
			h.Advance(time.Hour)
			if s, err := h.Get(ctx, i.ID); err != nil || s.Status != durabletask.Completed {
				t.Errorf("%v, %v", s, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			durabletest.CrashEverywhere(t, all(), scenario)
		})
	}
}
