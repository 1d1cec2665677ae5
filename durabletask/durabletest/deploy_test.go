package durabletest_test

import (
	"context"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// version makes an orchestrator that sleeps and then says what code it runs.
func version(code string) *durabletask.Orchestrator[durabletask.None, string] {
	return durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		return code, durabletask.Sleep(ctx, time.Hour)
	}, durabletask.Named("Version"))
}

func TestDeploy(t *testing.T) {
	t.Parallel()
	old, next := version("old"), version("new")
	durabletest.Test(t, durabletask.New(old), func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, old, durabletask.None{})
		h.Advance(30 * time.Minute)
		h.Deploy(durabletask.New(next, square))
		begin := time.Now()
		if got, err := i.Wait(t.Context()); got != "new" || err != nil || time.Since(begin) != 30*time.Minute {
			t.Errorf("got %q, %v, after %v", got, err, time.Since(begin))
		}
		v := "2.0"
		h.Deploy(durabletask.New(next), durabletask.WorkerOptions{Versions: durabletask.Versions{Default: &v, Match: durabletask.MatchStrict, FailMismatch: true}})
		if _, err := durabletest.Run(h, next, durabletask.None{}, durabletask.Version("1.0")); err == nil {
			t.Error("a version that the worker does not run has run")
		}
		if got, err := durabletest.Run(h, next, durabletask.None{}); got != "new" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// A crash ends the contexts of activities, loses their results, and runs them again.
func TestCrash(t *testing.T) {
	t.Parallel()
	ended := 0
	slow := durabletask.NewActivity(func(ctx context.Context, _ durabletask.None) (string, error) {
		select {
		case <-time.After(time.Hour):
			return "done", nil
		case <-ctx.Done():
			ended++
			return "", ctx.Err()
		}
	}, durabletask.Named("Slow"))
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		return slow.Call(ctx, durabletask.None{})
	}, durabletask.Named("CallsSlow"))
	durabletest.Test(t, durabletask.New(o, slow), func(t *testing.T, h *durabletest.Hub) {
		begin := time.Now()
		i := durabletest.Start(h, o, durabletask.None{})
		h.Advance(40 * time.Minute)
		h.Crash()
		h.Settle()
		if took := time.Since(begin); ended != 1 || took != 40*time.Minute {
			t.Errorf("%d activities were ended; %v have passed", ended, took)
		}
		if got, err := i.Wait(t.Context()); got != "done" || err != nil || time.Since(begin) != 100*time.Minute {
			t.Errorf("got %q, %v, after %v", got, err, time.Since(begin))
		}
	})
}
