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

// Inline activities write the history that sent ones would have.
func TestInlineHistory(t *testing.T) {
	t.Parallel()
	run := func(options ...durabletask.CallOption) string {
		_, events := outcomeOf(t, func(ctx durabletask.Context) (string, error) {
			for range 3 {
				if _, err := double.Call(ctx, 1, options...); err != nil {
					return "", err
				}
			}
			return "", nil
		})
		return kindsOf(events)
	}
	if inline, sent := run(durabletask.Inline), run(); inline != sent {
		t.Errorf("inline %s\nsent   %s", inline, sent)
	}
}

// Inline activities beside ordinary ones, at the end of an orchestration and across generations.
func TestInlineAtTheEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
			sum := 0
			for range 3 {
				v, err := double.Call(ctx, n, durabletask.Inline)
				if err != nil {
					return 0, err
				}
				sum += v
			}
			double.Start(ctx, n) // nobody waits for it
			if n < 3 {
				return durabletask.ContinueAsNew[int](ctx, n+1)
			}
			double.Start(ctx, n, durabletask.Inline) // nor for this one
			return sum, nil
		}, durabletask.Named("Ends"))
		b := setup(t, durabletask.New(o, double), durabletask.WorkerOptions{})
		i, err := o.Schedule(t.Context(), b.Client, 1)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if got, err := i.Wait(ctx); got != 18 || err != nil {
			t.Errorf("got %d, %v\n%s", got, err, b.log)
		}
	})
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

func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		ev := durabletask.NewEvent[int]("E")
		o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
			n, err := ev.Next(ctx).Await(ctx)
			if err != nil {
				return 0, err
			}
			return double.Call(ctx, n)
		}, durabletask.Named("Waits"))
		b := setup(t, durabletask.New(o, double), durabletask.WorkerOptions{})
		i, err := o.Schedule(ctx, b.Client, durabletask.None{})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var wrong *durabletask.StateError
		if err := b.Resume(ctx, i.ID, nil); !errors.As(err, &wrong) || wrong.Status != durabletask.Running {
			t.Errorf("resuming what runs: %v", err)
		}
		if err := b.Suspend(ctx, i.ID, new("lunch")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s, err := b.Get(ctx, i.ID); err != nil || s.Status != durabletask.Suspended || *s.Output != "lunch" {
			t.Errorf("suspended: %+v, %v", s, err)
		}
		if err := b.Suspend(ctx, i.ID, nil); !errors.As(err, &wrong) {
			t.Errorf("suspending twice: %v", err)
		}
		if err := ev.Raise(ctx, b.Client, i.ID, 4); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if s, err := b.Get(ctx, i.ID); err != nil || s.Status != durabletask.Suspended {
			t.Errorf("after an event: %+v, %v", s, err)
		}
		if err := b.Resume(ctx, i.ID, new("back")); err != nil {
			t.Fatal(err)
		}
		if got, err := i.Wait(ctx); got != 8 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
		if err := b.Suspend(ctx, i.ID, nil); !errors.As(err, &wrong) || wrong.Status != durabletask.Completed {
			t.Errorf("suspending what has ended: %v", err)
		}
		again, err := b.Restart(ctx, i.ID)
		if err != nil || again == i.ID {
			t.Errorf("restart: %s, %v", again, err)
		}
	})
}

func TestTerminateRecursively(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		child := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
			return 0, durabletask.Sleep(ctx, time.Hour)
		}, durabletask.Named("Child"))
		parent := durabletask.NewOrchestrator(func(ctx durabletask.Context, id string) (int, error) {
			return child.Call(ctx, durabletask.None{}, durabletask.InstanceID(id))
		}, durabletask.Named("Parent"))
		b := setup(t, durabletask.New(child, parent), durabletask.WorkerOptions{})
		for id, options := range map[string][]durabletask.TerminateOption{"with": {durabletask.Recursive}, "without": nil} {
			if _, err := parent.Schedule(ctx, b.Client, id+"-child", durabletask.InstanceID(id)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if err := b.Terminate(ctx, id, new("enough"), options...); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			s, err := b.Get(ctx, id+"-child")
			if want := map[string]durabletask.Status{"with": durabletask.Terminated, "without": durabletask.Running}[id]; err != nil || s.Status != want {
				t.Errorf("%s: the child is %v, %v", id, s.Status, err)
			}
		}
	})
}

func TestScheduledStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := setup(t, durabletask.New(double, power), durabletask.WorkerOptions{})
		begun := time.Now()
		late, err := power.Schedule(ctx, b.Client, 2, durabletask.StartAt(begun.Add(time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		never, err := power.Schedule(ctx, b.Client, 2, durabletask.StartAt(begun.Add(2*time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Terminate(ctx, never.ID, new("changed our mind")); err != nil {
			t.Fatal(err)
		}
		if s, err := b.Wait(ctx, never.ID); err != nil || s.Status != durabletask.Terminated || *s.Output != "changed our mind" || time.Since(begun) > time.Minute {
			t.Errorf("terminated before its start: %+v, %v after %v", s, err, time.Since(begun))
		}
		if s, err := b.Get(ctx, late.ID); err != nil || s.Status != durabletask.Pending {
			t.Errorf("before its start: %+v, %v", s, err)
		}
		if got, err := late.Wait(ctx); got != 4 || err != nil || time.Since(begun) < time.Hour {
			t.Errorf("got %d, %v after %v", got, err, time.Since(begun))
		}
		time.Sleep(3 * time.Hour)
		if s, err := b.Get(ctx, never.ID); err != nil || s.Status != durabletask.Terminated {
			t.Errorf("after its time: %+v, %v", s, err)
		}
	})
}

// A rewind lets the failed parts try again, through children, and what succeeded is not done again (DTFx: wire §11.1).
func TestRewind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		var broken atomic.Bool
		var goods, bads atomic.Int32
		good := durabletask.NewActivity(func(context.Context, durabletask.None) (string, error) { goods.Add(1); return "good", nil }, durabletask.Named("Good"))
		bad := durabletask.NewActivity(func(context.Context, durabletask.None) (string, error) {
			bads.Add(1)
			if broken.Load() {
				return "", errDeclined
			}
			return "mended", nil
		}, durabletask.Named("Bad"))
		child := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
			a, err := good.Call(ctx, durabletask.None{})
			if err != nil {
				return "", err
			}
			b, err := bad.Call(ctx, durabletask.None{})
			return a + " " + b, err
		}, durabletask.Named("Child"))
		parent := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
			a, err := good.Call(ctx, durabletask.None{})
			if err != nil {
				return "", err
			}
			b, err := child.Call(ctx, durabletask.None{}, durabletask.InstanceID("child"))
			return a + " " + b, err
		}, durabletask.Named("Parent"))
		b := setup(t, durabletask.New(good, bad, child, parent), durabletask.WorkerOptions{})
		broken.Store(true)
		i, err := parent.Schedule(ctx, b.Client, durabletask.None{}, durabletask.InstanceID("parent"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a rewind that fails again can be rewound again
			if _, err := i.Wait(ctx); !errors.Is(err, errDeclined) {
				t.Fatalf("got %v", err)
			}
			if err := b.Rewind(ctx, i.ID, new("try again")); err != nil {
				t.Fatal(err)
			}
			if s, err := b.Get(ctx, i.ID); err != nil || s.Status.Terminal() || s.Output != nil {
				t.Errorf("after the rewind: %+v, %v", s, err)
			}
			synctest.Wait()
		}
		broken.Store(false)
		if err := b.Rewind(ctx, i.ID, nil); err != nil {
			t.Fatal(err)
		}
		if got, err := i.Wait(ctx); got != "good good mended" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if goods.Load() != 2 || bads.Load() != 4 {
			t.Errorf("good ran %d times, bad %d times", goods.Load(), bads.Load())
		}
		var not *durabletask.NotFailedError
		if err := b.Rewind(ctx, i.ID, nil); !errors.As(err, &not) || not.Status != durabletask.Completed {
			t.Errorf("rewinding what has completed: %v", err)
		}
		if err := b.Rewind(ctx, "nope", nil); !errors.Is(err, durabletask.ErrInstanceNotFound) {
			t.Errorf("rewinding what is not there: %v", err)
		}
	})
}

// Who may replace whom is said at the start (§10.3).
func TestRefuse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		b := setup(t, durabletask.New(double, power), durabletask.WorkerOptions{})
		id := durabletask.InstanceID("p")
		if i, err := power.Schedule(ctx, b.Client, 1, id); err != nil {
			t.Fatal(err)
		} else if _, err := i.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		var exists *durabletask.InstanceExistsError
		if _, err := power.Schedule(ctx, b.Client, 1, id, durabletask.Refuse(durabletask.Completed)); !errors.As(err, &exists) || exists.Status != durabletask.Completed {
			t.Errorf("a start that refuses completed ones: %v", err)
		}
		if _, err := power.Schedule(ctx, b.Client, 1, id, durabletask.StartAt(time.Now().Add(time.Hour))); err != nil {
			t.Errorf("a start that replaces completed ones: %v", err)
		}
		if i, err := power.Schedule(ctx, b.Client, 3, id, durabletask.Refuse()); err != nil {
			t.Errorf("a start that replaces any: %v", err)
		} else if got, err := i.Wait(ctx); got != 8 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
	})
}

// Versions decide which worker runs an instance (§13.1).
func TestVersions(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		instance string
		match    durabletask.VersionMatch
		fail     bool
		want     durabletask.Status
	}{
		"any":                  {"9.0", durabletask.MatchAny, false, durabletask.Completed},
		"older":                {"1.9", durabletask.MatchCurrentOrOlder, false, durabletask.Completed},
		"newer waits":          {"1.11", durabletask.MatchCurrentOrOlder, false, durabletask.Pending},
		"newer fails":          {"1.11", durabletask.MatchCurrentOrOlder, true, durabletask.Failed},
		"strict and the same":  {"1.10", durabletask.MatchStrict, false, durabletask.Completed},
		"strict and different": {"1.9", durabletask.MatchStrict, true, durabletask.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, durabletask.New(double, power), durabletask.WorkerOptions{
					Versions: durabletask.Versions{Default: new("1.10"), Match: row.match, FailMismatch: row.fail},
				})
				i, err := power.Schedule(t.Context(), b.Client, 1, durabletask.Version(row.instance))
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				if s, err := b.Get(t.Context(), i.ID); err != nil || s.Status != row.want || *s.Version != row.instance {
					t.Errorf("%+v, %v", s, err)
				}
			})
		})
	}
}

func TestTagsAndParents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		parent := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
			return power.Call(ctx, 1, durabletask.InstanceID("child"), durabletask.Tags{"own": "1", "both": "child"})
		}, durabletask.Named("Parent"))
		b := setup(t, durabletask.New(double, power, parent), durabletask.WorkerOptions{})
		i, err := parent.Schedule(ctx, b.Client, durabletask.None{}, durabletask.InstanceID("parent"), durabletask.Tags{"inherited": "1", "both": "parent"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := i.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		s, err := b.Get(ctx, "child")
		if err != nil || len(s.Tags) != 3 || s.Tags["both"] != "child" || s.Tags["inherited"] != "1" || s.Parent == nil || s.Parent.Instance.ID != "parent" {
			t.Errorf("the child: %+v, parent %+v, %v", s, s.Parent, err)
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
