package azurestorage_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// Three workers, one of which is killed now and then, on storage that fails in every way: everything ends as it should.
func TestChaos(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			inWorld(t, chaosApp, func(w *world, _ *hub) {
				random := rand.New(rand.NewPCG(seed, 1))
				acts := []azuretest.Act{
					azuretest.FailBefore(500, "InternalError"), azuretest.LoseAnswer(), azuretest.FailAfter(500, "OperationTimedOut"), azuretest.ResetBefore(),
					azuretest.Throttle(time.Second), azuretest.TimeoutAfter(), azuretest.Delay(3 * time.Second),
				}
				for n, act := range acts {
					after := random.IntN(20)
					w.service.Inject(azuretest.Rule{
						Every: 23 + n, After: after, Times: 60, Do: act, If: func(c azuretest.Call) bool { return c.Client != "client" },
					})
				}
				const crowd = 30
				for n := range crowd {
					w.start([]string{"Hello5", "Sum", "Parents"}[n%3], fmt.Sprint("i-", n), 0)
				}
				second := w.work("second")
				for round := range 3 {
					time.Sleep(time.Duration(5+random.IntN(20)) * time.Second)
					second.transport.Crash()
					_ = second.stop(w.ctx)
					second = w.work(fmt.Sprint("second-", round))
					for n := 1; n < crowd; n += 3 {
						if err := number.Raise(w.ctx, w.Client, fmt.Sprint("i-", n), 1<<round); err != nil {
							t.Error(err)
						}
					}
				}
				time.Sleep(10 * time.Minute)
				for n := 1; n < crowd; n += 3 {
					if err := number.Raise(w.ctx, w.Client, fmt.Sprint("i-", n), 0); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(20 * time.Minute)
				synctest.Wait()
				for n := range crowd {
					w.completes(0, fmt.Sprint("i-", n), []string{helloOutput, "7", "18"}[n%3])
				}
				for name, left := range w.service.Snapshot().Queues {
					for _, m := range left {
						t.Errorf("left in %s: received %d times: %.300s", name, m.Dequeued, m.Text)
					}
				}
			})
		})
	}
}

var number = durabletask.NewEvent[int]("Number")

func chaosApp() *durabletask.App {
	child := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) { return double.Call(ctx, n) }, durabletask.Named("Child"))
	parents := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ int) (int, error) {
		a, err := child.Call(ctx, 3)
		if err != nil {
			return 0, err
		}
		if err := durabletask.Sleep(ctx, 20*time.Second); err != nil {
			return 0, err
		}
		b, err := child.Call(ctx, a)
		return a + b, err
	}, durabletask.Named("Parents"))
	sum := durabletask.NewOrchestrator(func(ctx durabletask.Context, sum int) (int, error) {
		all, err := durabletask.WhenAll(ctx, number.Next(ctx))
		if err != nil || all[0] == 0 {
			return sum, err
		}
		return durabletask.ContinueAsNew[int](ctx, sum+all[0])
	}, durabletask.Named("Sum"))
	return durabletask.New(sayHello, hello5, double, child, parents, sum)
}
