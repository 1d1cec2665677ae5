package lease

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask/internal/simulation"
	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/slow"
)

// Workers come, go and die, networks and clocks fail, in an order that a seed decides. No partition is ever received by two (the observer sees to that), and when all is
// well again, all are shared evenly.
func TestChaos(t *testing.T) {
	t.Parallel()
	seeds := 16
	if os.Getenv(slow.Variable) == "1" {
		seeds = 1000
	}
	for seed := range uint64(seeds) {
		manager := []Manager{Table, Table, Table, Safe}[seed%4]
		t.Run(fmt.Sprint(seed), func(t *testing.T) { //nolint:perfsprint // reads well
			t.Parallel()
			bubble(t, manager, func(_ *testing.T, w *world) { chaos(w, rand.New(rand.NewPCG(seed, 7))) })
		})
	}
}

func chaos(w *world, random *rand.Rand) {
	var live []*worker
	n := 0
	pick := func() int { return random.IntN(len(live)) }
	join := func() {
		n++
		k := w.run(fmt.Sprintf("w%d", n), faulty(), drainsIn(time.Duration(random.IntN(5))*time.Second))
		live = append(live, k)
	}
	join()
	for range 15 {
		after(time.Duration(random.IntN(20_000)) * time.Millisecond)
		switch action := random.IntN(9); {
		case action < 2 || len(live) == 0:
			if len(live) < 5 {
				join()
			}
		case action == 2:
			i := pick()
			_ = live[i].owners.Stop(w.t.Context(), Stopping) // it may be cut off, and then has nothing to give away
			live = slices.Delete(live, i, i+1)
		case action == 3:
			i := pick()
			live[i].kill()
			live = slices.Delete(live, i, i+1)
		case action == 4:
			k := live[pick()]
			cut := k.transport.Inject(azuretest.Rule{Do: azuretest.ResetBefore()})
			time.AfterFunc(time.Duration(random.IntN(60))*time.Second, cut.Remove)
		case action == 5:
			k := live[pick()]
			late := k.transport.Inject(azuretest.Rule{Do: azuretest.Delay(time.Duration(1+random.IntN(3000)) * time.Millisecond)})
			time.AfterFunc(time.Duration(random.IntN(60))*time.Second, late.Remove)
		case action == 6:
			live[pick()].clock.set(time.Duration(random.IntN(1200)-600) * time.Second)
		case action == 7:
			k := live[pick()]
			lossy := k.transport.Inject(azuretest.Rule{Every: 2 + random.IntN(3), Do: azuretest.LoseAnswer()})
			time.AfterFunc(time.Duration(random.IntN(60))*time.Second, lossy.Remove)
		default:
			w.service.Inject(azuretest.Rule{Times: 1 + random.IntN(3), Do: azuretest.FailAfter(500, "InternalError")})
		}
	}
	if len(live) == 0 {
		join()
	}
	after(5 * time.Minute)
	total := 0
	for _, k := range live {
		has := len(strings.Fields(k.has()))
		total += has
		if fair := 4 / len(live); has < fair || has > fair+1 {
			w.t.Errorf("%s has %d partitions of 4, there are %d workers", k.name, has, len(live))
		}
	}
	if total != 4 || w.t.Failed() {
		w.t.Errorf("%d partitions are received\n%s", total, w.story())
	}
}

// The same seed gives the same requests in the same order.
func TestSameSeedSameRequests(t *testing.T) {
	t.Parallel()
	for i, name := range []string{"table", "safe", "legacy"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(3) {
				first := trace(t, Manager(i), seed)
				if again := trace(t, Manager(i), seed); !slices.Equal(first, again) {
					for j := range min(len(first), len(again)) {
						if first[j] != again[j] {
							t.Fatalf("seed %d: request %d:\n%s\nagain:\n%s", seed, j, strings.Join(first[max(0, j-8):j+8], "\n"), strings.Join(again[max(0, j-8):j+8], "\n"))
						}
					}
					t.Fatalf("seed %d: %d and %d requests", seed, len(first), len(again))
				}
				if len(first) < 20 {
					t.Errorf("only %d requests", len(first))
				}
			}
		})
	}
}

func trace(t *testing.T, m Manager, seed uint64) (lines []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, m)
		gate := simulation.New(seed)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); gate.Run(ctx) }()
		gated := func(k *worker, o *Options) {
			o.Environment = gate.Environment()
			o.Environment.Clock = k.clock
		}
		a := w.run("a", gated)
		b := w.run("b", gated, drainsIn(700*time.Millisecond))
		time.Sleep(40300 * time.Millisecond) // what the test does comes at no instant at which a worker does something
		c := w.run("c", gated)
		time.Sleep(40400 * time.Millisecond)
		b.stop()
		time.Sleep(900 * time.Millisecond)
		a.kill()
		time.Sleep(50 * time.Second)
		c.stop()
		cancel()
		<-done
		lines = gate.Trace()
	})
	return lines
}
