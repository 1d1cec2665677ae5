package durabletask_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// outcomeOf runs an orchestrator of the app on a store, under virtual time, and returns its result as text or its error.
func outcomeOf(t *testing.T, orchestrate func(durabletask.Context) (string, error), also ...durabletask.Registration) (result string, events []history.Event) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) { return orchestrate(ctx) }, durabletask.Named("Main"))
		b := setup(t, durabletask.New(append(also, o, double, power)...), durabletask.WorkerOptions{Orchestrations: 4, Activities: 4})
		i, err := o.Schedule(t.Context(), b.Client, durabletask.None{}, durabletask.InstanceID("main"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 365*24*time.Hour)
		defer cancel()
		if result, err = i.Wait(ctx); err != nil {
			result = "error: " + err.Error()
		}
		if events, err = b.History(t.Context(), "main"); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Log(b.log)
		}
	})
	return result, events
}

func TestOrchestrationCalls(t *testing.T) {
	t.Parallel()
	never := durabletask.NewEvent[int]("Never")
	for name, row := range map[string]struct {
		run  func(durabletask.Context) (string, error)
		want string
	}{
		"race": {func(ctx durabletask.Context) (string, error) {
			slow := durabletask.After(ctx, time.Hour)
			first := durabletask.WhenAny(ctx, slow, double.Start(ctx, 1), never.Next(ctx))
			i, v, err := durabletask.Race(ctx, never.Next(ctx), double.Start(ctx, 4))
			return fmt.Sprint(first, i, v), err
		}, "1 1 8"},
		"settle": {func(ctx durabletask.Context) (string, error) {
			out := durabletask.Settle(ctx, double.Start(ctx, 1), double.Start(ctx, 2))
			return fmt.Sprint(out[0].Value, out[1].Value, out[0].Err), nil
		}, "2 4 <nil>"},
		"select a timeout": {func(ctx durabletask.Context) (string, error) {
			return durabletask.Select(ctx,
				durabletask.On(never.Next(ctx), func(int, error) (string, error) { return "event", nil }),
				durabletask.Timeout(time.Hour, func() (string, error) { return "timeout", nil }))
		}, "timeout"},
		"select a task": {func(ctx durabletask.Context) (string, error) {
			return durabletask.Select(ctx,
				durabletask.Timeout(time.Hour, func() (string, error) { return "timeout", nil }),
				durabletask.On(double.Start(ctx, 21), func(v int, err error) (string, error) { return fmt.Sprint(v), err }))
		}, "42"},
		"map": {func(ctx durabletask.Context) (string, error) {
			out, err := durabletask.Map(ctx, []int{1, 2, 3, 4, 5}, 2, func(ctx durabletask.Context, n int) (int, error) { return double.Call(ctx, n) })
			return fmt.Sprint(out), err
		}, "[2 4 6 8 10]"},
		"go and await": {func(ctx durabletask.Context) (string, error) {
			sum := 0
			for n := range 3 {
				durabletask.Go(ctx, func(ctx durabletask.Context) (durabletask.None, error) {
					v, err := double.Call(ctx, n)
					sum += v
					return durabletask.None{}, err
				})
			}
			durabletask.Await(ctx, func() bool { return sum == 6 })
			return fmt.Sprint(sum), nil
		}, "6"},
		"go panics": {func(ctx durabletask.Context) (string, error) {
			_, err := durabletask.Go(ctx, func(durabletask.Context) (int, error) { panic("oh no") }).Await(ctx)
			return fmt.Sprint(errors.Is(err, durabletask.ErrPanic)), nil
		}, "true"},
		"cancel": {func(ctx durabletask.Context) (string, error) {
			timer, event := durabletask.After(ctx, time.Hour), never.Next(ctx)
			timer.Cancel(ctx)
			event.Cancel(ctx)
			_, err := timer.Await(ctx)
			_, err2 := event.Await(ctx)
			return fmt.Sprint(errors.Is(err, durabletask.ErrCanceled), errors.Is(err2, durabletask.ErrCanceled)), nil
		}, "true true"},
		"inline": {func(ctx durabletask.Context) (string, error) {
			n := 1
			for range 60 {
				var err error
				if n, err = double.Call(ctx, 1, durabletask.Inline); err != nil {
					return "", err
				}
			}
			a, b := double.Start(ctx, 10, durabletask.Inline), double.Start(ctx, 20)
			all, err := durabletask.WhenAll(ctx, a, b)
			return fmt.Sprint(n, all), err
		}, "2 [20 40]"},
		"child": {func(ctx durabletask.Context) (string, error) {
			v, err := power.Call(ctx, 4)
			w, err2 := power.Call(ctx, 3, durabletask.InstanceID("child"))
			_, err3 := power.Call(ctx, 3, durabletask.InstanceID("MAIN"))
			return fmt.Sprint(v, w, err3), errors.Join(err, err2)
		}, "16 8 Power failed: The instance ID of a sub-orchestration must be different than the instance ID of a parent orchestration."},
		"long timer": {func(ctx durabletask.Context) (string, error) {
			begun := ctx.Now()
			err := durabletask.Sleep(ctx, 10*24*time.Hour)
			return ctx.Now().Sub(begun).Truncate(time.Hour).String(), err
		}, "240h0m0s"},
		"record": {func(ctx durabletask.Context) (string, error) {
			v, err := durabletask.Record(ctx, "seven", func(context.Context) (int, error) { return 7, nil })
			_, err2 := durabletask.Record(ctx, "fails", func(context.Context) (int, error) { return 0, errDeclined.New("no") })
			if err := durabletask.Sleep(ctx, time.Hour); err != nil {
				return "", err
			}
			return fmt.Sprint(v, errors.Is(err2, errDeclined), durabletask.Patched(ctx, "p")), err
		}, "7 true true"},
		"the error of a new generation elsewhere": {func(ctx durabletask.Context) (string, error) {
			_, err := durabletask.ContinueAsNew[int](ctx, 1)
			return err.Error(), nil
		}, "the orchestration continues as new: return this error from the orchestrator, unchanged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, events := outcomeOf(t, row.run); got != row.want {
				t.Errorf("got  %s\nwant %s\nhistory %s", got, row.want, kindsOf(events))
			}
		})
	}
}

// An orchestration that calls without end fails before it eats the machine (§5.11).
func TestMaxCalls(t *testing.T) {
	t.Parallel()
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		for {
			double.Start(ctx, 1)
		}
	}, durabletask.Named("Endless"))
	b := setup(t, durabletask.New(o, double), durabletask.WorkerOptions{MaxCalls: 100})
	i, err := o.Schedule(t.Context(), b.Client, durabletask.None{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Wait(t.Context()); !errors.Is(err, durabletask.ErrPanic) || !strings.Contains(err.Error(), "Maximum amount of orchestration actions (100) has been reached") {
		t.Errorf("got %v", err)
	}
}

func TestFailingChild(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	bad := durabletask.NewOrchestrator(func(durabletask.Context, durabletask.None) (int, error) {
		attempts.Add(1)
		return 0, errDeclined.New("no money")
	}, durabletask.Named("Bad"))
	got, events := outcomeOf(t, func(ctx durabletask.Context) (string, error) {
		_, err := bad.Call(ctx, durabletask.None{}, durabletask.RetryPolicy{MaxAttempts: 3, First: time.Minute})
		if !errors.Is(err, errDeclined) {
			return "", fmt.Errorf("the parent sees %w", err)
		}
		return err.Error(), nil
	}, bad)
	if got != "Bad failed: no money" || attempts.Load() < 3 {
		t.Errorf("got %s after %d attempts", got, attempts.Load())
	}
	if n := strings.Count(kindsOf(events), "SubOrchestrationInstanceCreated"); n != 3 {
		t.Errorf("%d children, want 3", n)
	}
}

// A child whose id is in use fails at once. In DTFx its parent would wait for ever.
func TestChildWithTakenID(t *testing.T) {
	t.Parallel()
	got, _ := outcomeOf(t, func(ctx durabletask.Context) (string, error) {
		first := power.Start(ctx, 3, durabletask.InstanceID("taken"))
		_, err := power.Call(ctx, 3, durabletask.InstanceID("taken"))
		n, err2 := first.Await(ctx)
		return fmt.Sprint(n, " ", errors.Is(err, durabletask.ErrorKind("InstanceExists"))), err2
	})
	if got != "8 true" {
		t.Errorf("got %s", got)
	}
}

func TestDetachedChild(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	mark := durabletask.NewActivity(func(context.Context, durabletask.None) (durabletask.None, error) {
		close(ended)
		return durabletask.None{}, nil
	}, durabletask.Named("Mark"))
	child := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		_, err := mark.Call(ctx, durabletask.None{})
		return ctx.ParentInstanceID(), err
	}, durabletask.Named("Child"))
	got, events := outcomeOf(t, func(ctx durabletask.Context) (string, error) {
		task := child.Start(ctx, durabletask.None{}, durabletask.Detached)
		return fmt.Sprint(task.Done()), durabletask.Sleep(ctx, time.Minute)
	}, child, mark)
	<-ended
	if got != "true" || strings.Contains(kindsOf(events), "SubOrchestrationInstanceCompleted") {
		t.Errorf("got %s, history %s", got, kindsOf(events))
	}
}

func TestEternalOrchestration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		add := durabletask.NewEvent[int]("Add")
		o := durabletask.NewOrchestrator(func(ctx durabletask.Context, sum int) (int, error) {
			ctx.SetStatus(sum)
			n, err := add.Next(ctx).Await(ctx)
			if err != nil || n == 0 {
				return sum, err
			}
			return durabletask.ContinueAsNew[int](ctx, sum+n)
		}, durabletask.Named("Sum"))
		b := setup(t, durabletask.New(o), durabletask.WorkerOptions{})
		i, err := o.Schedule(t.Context(), b.Client, 0)
		if err != nil {
			t.Fatal(err)
		}
		for n := 10; n >= 0; n-- {
			if err := add.Raise(t.Context(), b.Client, i.ID, n); err != nil {
				t.Fatal(err)
			}
			if n%3 == 0 {
				synctest.Wait()
			}
		}
		if got, err := i.Wait(t.Context()); got != 55 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
		events, err := b.History(t.Context(), i.ID)
		if err != nil || len(events) > 30 {
			t.Errorf("the history has %d events, %v", len(events), err)
		}
	})
}

// Failures as .NET in-process stores them reach the caller with kind and cause all the same.
func TestSerializedExceptions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		bad := durabletask.NewActivity(func(context.Context, durabletask.None) (int, error) {
			return 0, fmt.Errorf("charge: %w", errDeclined.New("no money"))
		}, durabletask.Named("Bad"))
		child := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
			n, err := bad.Call(ctx, durabletask.None{})
			if err != nil {
				err = fmt.Errorf("child: %w", err)
			}
			return n, err
		}, durabletask.Named("Child"))
		o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
			_, err := child.Call(ctx, durabletask.None{})
			task, _ := errors.AsType[*durabletask.TaskError](err)
			return fmt.Sprint(errors.Is(err, errDeclined), " ", task.Cause != nil, " ", task.Message), nil
		}, durabletask.Named("Parent"))
		b := setup(t, durabletask.New(bad, child, o), durabletask.WorkerOptions{SerializeExceptions: true})
		i, err := o.Schedule(ctx, b.Client, durabletask.None{}, durabletask.InstanceID("i"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := i.Wait(ctx); got != "true true child: Bad failed: charge: no money" || err != nil {
			t.Errorf("got %s, %v", got, err)
		}
		events, err := b.History(ctx, "i")
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(events, func(e history.Event) bool { return e.Type() == history.TypeSubOrchestrationInstanceFailed })
		if e := events[at].(*history.SubOrchestrationInstanceFailed); e.Failure != nil || !strings.Contains(*e.Details, `"ClassName":"CardDeclined"`) {
			t.Errorf("stored as %+v", e)
		}
	})
}

// A durable call made where none may be says so, with the remedy.
func TestIllegalCalls(t *testing.T) {
	t.Parallel()
	var kept durabletask.Context
	keeps := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		kept = ctx
		return 0, nil
	}, durabletask.Named("Keeps"))
	inActivity := durabletask.NewActivity(func(context.Context, durabletask.None) (int, error) { return double.Call(kept, 1) }, durabletask.Named("InActivity"))
	got, _ := outcomeOf(t, func(ctx durabletask.Context) (string, error) {
		if _, err := keeps.Call(ctx, durabletask.None{}); err != nil {
			return "", err
		}
		_, err := inActivity.Call(ctx, durabletask.None{})
		return fmt.Sprint(errors.Is(err, durabletask.ErrPanic), " ", err), nil
	}, keeps, inActivity)
	if !strings.Contains(got, "true InActivity failed: durabletask: an orchestration context was used outside of its orchestrator, at ") {
		t.Errorf("from an activity, after the return: %s", got)
	}
	got, _ = outcomeOf(t, func(ctx durabletask.Context) (string, error) {
		told := make(chan any)
		go func() {
			defer func() { told <- recover() }()
			_ = durabletask.Sleep(ctx, time.Hour)
		}()
		return fmt.Sprint(<-told), nil
	})
	if !strings.Contains(got, "from a goroutine that the orchestrator started, at ") || !strings.Contains(got, "orchestration_test.go:") {
		t.Errorf("from a goroutine: %s", got)
	}
}
