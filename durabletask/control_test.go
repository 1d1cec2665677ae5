package durabletask_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

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
		if s, err := b.Get(ctx, again); err != nil || s.Tags[durabletask.SourceInstanceTag] != i.ID {
			t.Errorf("the restarted instance does not say which one it repeats: %+v, %v", s, err)
		}
		if _, err := b.Restart(ctx, i.ID, durabletask.InstanceID(i.ID)); err != nil {
			t.Fatal(err)
		}
		if s, err := b.Get(ctx, i.ID); err != nil || s.Tags != nil {
			t.Errorf("restarted under its own id: %+v, %v", s, err)
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
