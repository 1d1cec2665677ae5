package durabletask_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// move takes an amount from one tally and puts it on another, under their locks.
var move = durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
	from, to := tallies.ID("from"), tallies.ID("to")
	unlock, err := durabletask.Lock(ctx, to, from)
	if err != nil {
		return 0, err
	}
	defer unlock()
	left, err := durabletask.CallEntity(ctx, from, (*tally).Spend, n)
	if err != nil {
		return 0, err
	}
	_, err = durabletask.CallEntity(ctx, to, (*tally).Add, n)
	return left, err
}, durabletask.Named("Move"))

func TestLockedTransfersAreWhole(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(move, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		_ = durabletask.Signal(ctx, h.Client, tallies.ID("from"), (*tally).Add, 100)
		var all []*durabletask.Instance[int]
		for range 20 {
			all = append(all, durabletest.Start(h, move, 7))
		}
		failed := 0
		for _, i := range all {
			if _, err := i.Wait(ctx); errors.Is(err, errBroke) {
				failed++
			} else if err != nil {
				t.Error(err)
			}
		}
		h.Advance(time.Second)
		from, _, _ := durabletask.ReadEntity(ctx, h.Client, tallies.ID("from"))
		to, _, _ := durabletask.ReadEntity(ctx, h.Client, tallies.ID("to"))
		if failed != 6 || from.Value != 2 || to.Value != 98 {
			t.Errorf("%d failed, %d left, %d moved", failed, from.Value, to.Value)
		}
		nothingLocked(t, h)
	})
}

// nothingLocked checks that all locks have been given back, and that nothing waits.
func nothingLocked(t *testing.T, h *durabletest.Hub) {
	t.Helper()
	h.Advance(time.Second)
	p, err := h.Entities(t.Context(), durabletask.EntityQuery{IncludeDeleted: true})
	if err != nil {
		t.Error(err)
	}
	for _, e := range p.Entities {
		if e.LockedBy != "" || e.QueueSize != 0 {
			t.Errorf("entity %v is locked by %q, and %d requests wait", e.ID, e.LockedBy, e.QueueSize)
		}
	}
}

func TestLockSurvivesCrashes(t *testing.T) {
	t.Parallel()
	durabletest.CrashEverywhere(t, durabletask.New(move, tallyUp, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		a := durabletest.Start(h, tallyUp, 9, durabletask.InstanceID("up"))
		if _, err := a.Wait(ctx); err != nil {
			t.Error(err)
		}
		b, c := durabletest.Start(h, move, 4, durabletask.InstanceID("b")), durabletest.Start(h, move, 4, durabletask.InstanceID("c"))
		left, err := b.Wait(ctx)
		right, err2 := c.Wait(ctx)
		if got := []int{left, right}; err != nil || err2 != nil || slices.Max(got) != 5 || slices.Min(got) != 1 {
			t.Errorf("left %v, %v, %v", got, err, err2)
		}
		nothingLocked(t, h)
	})
}

var tallyUp = durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
	return durabletask.CallEntity(ctx, tallies.ID("from"), (*tally).Add, n)
}, durabletask.Named("TallyUp"))

// ways are the ways out of a critical section: however an orchestration ends, its locks are given back.
var ways = durabletask.NewOrchestrator(func(ctx durabletask.Context, how string) (string, error) {
	if how == "again" {
		return "again", nil
	}
	if _, err := durabletask.Lock(ctx, tallies.ID("a"), tallies.ID("b")); err != nil {
		return "", err
	}
	switch how {
	case "fail":
		return "", errBroke.New("failed")
	case "panic":
		panic("failed")
	case "continue":
		return durabletask.ContinueAsNew[string](ctx, "again")
	case "call":
		durabletask.StartEntityCall(ctx, tallies.ID("a"), (*tally).Add, 1)
	case "wait":
		_, err := note.Next(ctx).Await(ctx)
		return "", err
	}
	return how, nil
}, durabletask.Named("Ways"))

var note = durabletask.NewEvent[string]("Note")

func TestEveryWayOutGivesLocksBack(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"return", "fail", "panic", "continue", "call", "wait"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			durabletest.Test(t, durabletask.New(ways, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
				i := durabletest.Start(h, ways, how)
				h.Advance(time.Second)
				if how == "wait" {
					if e, err := h.Entity(t.Context(), tallies.ID("b").EntityID); err != nil || e.LockedBy != i.ID {
						t.Errorf("the entity is %+v, %v", e, err)
					}
					if err := h.Terminate(t.Context(), i.ID, nil); err != nil {
						t.Error(err)
					}
				}
				_, err := i.Wait(t.Context())
				h.Advance(time.Second)
				if bad := how == "fail" || how == "panic" || how == "wait"; bad != (err != nil) {
					t.Errorf("it ended with %v", err)
				}
				nothingLocked(t, h)
			})
		})
	}
}

// An orchestration that is terminated while it waits for a lock takes its request back.
func TestTerminatedWhileWaitingForALock(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(ways, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		holder := durabletest.Start(h, ways, "wait")
		h.Advance(time.Second)
		second, third := durabletest.Start(h, ways, "wait"), durabletest.Start(h, ways, "return")
		h.Advance(time.Second)
		_ = h.Terminate(t.Context(), second.ID, nil)
		h.Advance(time.Second)
		_ = h.Terminate(t.Context(), holder.ID, nil)
		if got, err := third.Wait(t.Context()); err != nil || got != "return" {
			t.Errorf("the third got %q, %v", got, err)
		}
		nothingLocked(t, h)
	})
}

// An owner that is replaced leaves its lock behind. Whoever waits gets it within two minutes, and so does whoever comes then.
func TestLockOfAnOwnerThatVanished(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(ways, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		holder := durabletest.Start(h, ways, "wait", durabletask.InstanceID("owner"))
		h.Advance(time.Second)
		waiting := durabletest.Start(h, ways, "return")
		h.Advance(time.Second)
		durabletest.Start(h, ways, "again", durabletask.InstanceID(holder.ID), durabletask.Refuse())
		h.Advance(2 * time.Minute)
		if s, err := h.Get(t.Context(), waiting.ID); err != nil || s.Status != durabletask.Completed {
			t.Errorf("who waited is %+v, %v", s, err)
		}
		nothingLocked(t, h)
	})
}

func TestOrphanedLocksAreCleaned(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(ways, held, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		durabletest.Start(h, ways, "wait", durabletask.InstanceID("owner"))
		living := durabletest.Start(h, held, "c", durabletask.InstanceID("living"))
		h.Advance(time.Second)
		durabletest.Start(h, ways, "again", durabletask.InstanceID("owner"), durabletask.Refuse())
		h.Advance(time.Second)
		cleaned, err := h.CleanEntities(t.Context())
		if err != nil || cleaned.OrphanedLocksReleased != 2 {
			t.Errorf("cleaned %+v, %v", cleaned, err)
		}
		h.Advance(time.Second)
		if e, err := h.Entity(t.Context(), tallies.ID("c").EntityID); err != nil || e.LockedBy != living.ID {
			t.Errorf("the lock of a living owner: %+v, %v", e, err)
		}
		_ = h.Suspend(t.Context(), living.ID, nil)
		h.Advance(time.Second)
		if cleaned, err = h.CleanEntities(t.Context()); err != nil || cleaned.OrphanedLocksReleased != 0 {
			t.Errorf("with a suspended owner: %+v, %v", cleaned, err)
		}
		_ = h.Resume(t.Context(), living.ID, nil)
		_ = note.Raise(t.Context(), h.Client, living.ID, "")
		nothingLocked(t, h)
	})
}

// held holds the lock of one tally until an event comes.
var held = durabletask.NewOrchestrator(func(ctx durabletask.Context, key string) (string, error) {
	unlock, err := durabletask.Lock(ctx, tallies.ID(key))
	if err != nil {
		return "", err
	}
	defer unlock()
	return note.Next(ctx).Await(ctx)
}, durabletask.Named("Held"))

func TestRulesOfCriticalSections(t *testing.T) {
	t.Parallel()
	child := durabletask.NewOrchestrator(func(durabletask.Context, durabletask.None) (string, error) { return "child", nil }, durabletask.Named("Child"))
	a, b := tallies.ID("a"), tallies.ID("b")
	for name, row := range map[string]struct {
		do   func(ctx durabletask.Context) error
		want string
	}{
		"nothing to lock": {func(ctx durabletask.Context) error { _, err := durabletask.Lock(ctx); return err }, "must not be null or empty"},
		"nested": {func(ctx durabletask.Context) error {
			if _, err := durabletask.Lock(ctx, a); err != nil {
				return err
			}
			_, err := durabletask.Lock(ctx, b)
			return err
		}, "another critical section"},
		"call to an entity outside": {func(ctx durabletask.Context) error {
			if _, err := durabletask.Lock(ctx, a); err != nil {
				return err
			}
			_, err := durabletask.CallEntity(ctx, b, (*tally).Add, 1)
			return err
		}, "not one of the locked entities"},
		"two calls at once": {func(ctx durabletask.Context) error {
			if _, err := durabletask.Lock(ctx, a); err != nil {
				return err
			}
			durabletask.StartEntityCall(ctx, a, (*tally).Add, 1)
			_, err := durabletask.CallEntity(ctx, a, (*tally).Add, 1)
			return err
		}, "still pending"},
		"signal to a locked one": {func(ctx durabletask.Context) error {
			if _, err := durabletask.Lock(ctx, a); err != nil {
				return err
			}
			return durabletask.SignalEntity(ctx, a, (*tally).Add, 1)
		}, "signal a locked entity"},
		"child": {func(ctx durabletask.Context) error {
			if _, err := durabletask.Lock(ctx, a); err != nil {
				return err
			}
			_, err := child.Call(ctx, durabletask.None{})
			return err
		}, "cannot call suborchestrators"},
		"call before the grant": {func(ctx durabletask.Context) error {
			early := durabletask.Go(ctx, func(ctx durabletask.Context) (int, error) { return durabletask.CallEntity(ctx, a, (*tally).Add, 1) })
			if _, err := durabletask.Lock(ctx, a); err != nil {
				return err
			}
			_, err := early.Await(ctx)
			return err
		}, "prior to calling any entity"},
		"allowed": {func(ctx durabletask.Context) error {
			unlock, err := durabletask.Lock(ctx, a, b, a)
			if err != nil {
				return err
			}
			one, two := durabletask.StartEntityCall(ctx, a, (*tally).Add, 1), durabletask.StartEntityCall(ctx, b, (*tally).Add, 1)
			_, err = durabletask.WhenAll(ctx, one, two)
			_, err2 := durabletask.CallEntity(ctx, a, (*tally).Add, 1)
			err3 := durabletask.SignalEntity(ctx, tallies.ID("other"), (*tally).Add, 1)
			_, err4 := child.Call(ctx, durabletask.None{}, durabletask.Detached)
			unlock()
			unlock()
			_, err5 := child.Call(ctx, durabletask.None{})
			relock, err6 := durabletask.Lock(ctx, b)
			relock()
			return errors.Join(err, err2, err3, err4, err5, err6)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := script(func(ctx durabletask.Context) (string, error) {
				err := row.do(ctx)
				if row.want == "" {
					return "", err
				}
				if !errors.Is(err, durabletask.ErrCriticalSection) || !strings.Contains(err.Error(), row.want) {
					return "", fmt.Errorf("got %w", err)
				}
				return "", nil
			})
			durabletest.Test(t, durabletask.New(s, child, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
				if _, err := durabletest.Run(h, s, durabletask.None{}); err != nil {
					t.Error(err)
				}
				nothingLocked(t, h)
			})
		})
	}
}

// 100 orchestrations want the same 5 locks: they get them in the order in which they asked.
func TestLocksAreGrantedInOrderOfArrival(t *testing.T) {
	t.Parallel()
	var order []string
	enter := durabletask.NewActivity(func(_ context.Context, id string) (durabletask.None, error) {
		order = append(order, id) // one at a time: that is the point
		return durabletask.None{}, nil
	}, durabletask.Named("Enter"))
	contender := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (durabletask.None, error) {
		var all []durabletask.AnyEntity
		for _, key := range []string{"e", "d", "c", "b", "a"} {
			all = append(all, tallies.ID(key))
		}
		unlock, err := durabletask.Lock(ctx, all...)
		if err != nil {
			return durabletask.None{}, err
		}
		defer unlock()
		return enter.Call(ctx, ctx.InstanceID())
	}, durabletask.Named("Contender"))
	durabletest.Test(t, durabletask.New(contender, enter, held, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		var want []string
		var all []*durabletask.Instance[durabletask.None]
		first := durabletest.Start(h, held, "a")
		h.Advance(time.Millisecond)
		for i := range 100 {
			id := fmt.Sprintf("contender-%03d", i)
			want = append(want, id)
			all = append(all, durabletest.Start(h, contender, durabletask.None{}, durabletask.InstanceID(id)))
			h.Advance(time.Millisecond)
		}
		_ = note.Raise(t.Context(), h.Client, first.ID, "")
		for _, i := range all {
			if _, err := i.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if !slices.Equal(order, want) {
			t.Errorf("granted in the order %v", order)
		}
		nothingLocked(t, h)
	})
}
