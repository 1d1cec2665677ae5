package durabletask_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/google/go-cmp/cmp"
)

type summing struct{ N int }

func (t *summing) Add(_ durabletask.EntityContext, n int) (int, error) { t.N += n; return t.N, nil }

// Every change of state is told once, after it is stored, and in order.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	slow := durabletask.NewActivity(func(context.Context, durabletask.None) (int, error) {
		time.Sleep(2 * time.Second) //nolint:forbidigo // virtual time: this is how long the activity takes
		return 1, nil
	}, durabletask.Named("Slow"))
	bad := durabletask.NewActivity(func(context.Context, durabletask.None) (int, error) { return 0, errors.New("no") }, durabletask.Named("Bad"))
	works := durabletask.NewOrchestrator(func(ctx durabletask.Context, left int) (int, error) {
		if left > 0 {
			return durabletask.ContinueAsNew[int](ctx, left-1)
		}
		return slow.Call(ctx, durabletask.None{})
	}, durabletask.Named("Works"))
	fails := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		return bad.Call(ctx, durabletask.None{}, durabletask.Inline)
	}, durabletask.Named("Fails"))
	waits := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		return durabletask.NewEvent[int]("go").Next(ctx).Await(ctx)
	}, durabletask.Named("Waits"))
	tallies := durabletask.NewEntity[summing](durabletask.Named("Tally"))
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		b := setup(t, durabletask.New(slow, bad, works, fails, waits, tallies), durabletask.WorkerOptions{OnChange: func(c durabletask.Change) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, fmt.Sprintf("%s %s %s %q %v", c.Kind, c.Name, c.Instance.ID, c.Reason, c.Took))
		}})
		ctx := t.Context()
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		schedule := func(o interface {
			Name() string
		}, id string, input any,
		) {
			t.Helper()
			_, err := b.Schedule(ctx, o.Name(), input, durabletask.InstanceID(id))
			do(err)
		}
		schedule(works, "works", 1)
		if _, err := b.Wait(ctx, "works"); err != nil {
			t.Fatal(err)
		}
		schedule(fails, "fails", nil)
		schedule(waits, "waits", nil)
		why := "why not"
		do(b.Suspend(ctx, "waits", &why))
		do(b.Resume(ctx, "waits", nil))
		do(b.Terminate(ctx, "waits", &why))
		do(b.SignalEntity(ctx, tallies.ID("one").EntityID, "add", 1))
		do(b.SignalEntity(ctx, tallies.ID("one").EntityID, "add", 1))
		mu.Lock()
		defer mu.Unlock()
		want := []string{
			`orchestration.continued_as_new Works works "" 0s`, `orchestration.started Works works "" 0s`,
			`activity.completed Slow works "" 2s`, `orchestration.completed Works works "" 2s`,
			`orchestration.started Fails fails "" 0s`, `activity.failed Bad fails "no" 0s`, `orchestration.failed Fails fails "Bad failed: no" 0s`,
			`orchestration.started Waits waits "" 0s`, `orchestration.suspended Waits waits "why not" 0s`, `orchestration.resumed Waits waits "" 0s`,
			`orchestration.terminated Waits waits "why not" 0s`, `entity.created tally @tally@one "" 0s`,
		}
		slices.Sort(want)
		slices.Sort(told)
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
