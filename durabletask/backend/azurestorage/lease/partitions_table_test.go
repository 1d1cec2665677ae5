package lease

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/internal/azuretest"
)

func TestTableOneWorkerTakesAll(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.run("a")
		after(time.Second)
		w.expect(map[*worker]string{a: "00 01 02 03"})
		until, ok := a.owners.Owns("hub1-control-02")
		if left := time.Until(until); !ok || left < 20*time.Second || left > 30*time.Second {
			t.Errorf("owned until %s from now, %v", left, ok)
		}
		w.service.ResetLog()
		after(time.Hour)
		if n := a.transport.Requests(); n > 310 {
			t.Errorf("%d requests in an idle hour", n)
		}
		counts := w.service.Counts()
		t.Logf("idle hour: %v", counts)
		if counts[azuretest.OpQueryEntities] > 0 {
			t.Errorf("rows were read although all are ours: %v", counts)
		}
		w.expect(map[*worker]string{a: "00 01 02 03"})
		if a.losses() > 0 {
			t.Errorf("lost partitions in an idle hour\n%s", w.story())
		}
	})
}

func TestTableWorkersShare(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(_ *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		b := w.run("b")
		after(30 * time.Second)
		w.spread([]int{2, 2}, a, b)
		c := w.run("c")
		after(30 * time.Second)
		w.spread([]int{1, 1, 2}, a, b, c)
		d := w.run("d")
		after(60 * time.Second)
		w.spread([]int{1, 1, 1, 1}, a, b, c, d)
		e := w.run("e")
		after(60 * time.Second)
		w.spread([]int{0, 1, 1, 1, 1}, a, b, c, d, e)
		b.stop()
		after(60 * time.Second)
		w.spread([]int{1, 1, 1, 1}, a, c, d, e)
	})
}

func TestTableHandoverWaitsForTheDrain(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.run("a", drainsIn(20*time.Second))
		after(5 * time.Second)
		b := w.run("b")
		after(20 * time.Second)
		w.expect(map[*worker]string{a: "02 03", b: ""}) // 00 and 01 drain
		after(40 * time.Second)
		w.spread([]int{2, 2}, a, b)
		for _, why := range a.drains {
			if why != Wanted {
				t.Errorf("drained because %s", why)
			}
		}
	})
}

func TestTableStopReleasesAtOnce(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		w.service.ResetLog()
		start := time.Now()
		a.stop()
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("an idle stop took %s", d)
		}
		if counts := w.service.Counts(); counts[azuretest.OpBatch] != 1 || len(counts) != 1 {
			t.Errorf("an idle stop made requests %v", counts)
		}
		b := w.run("b")
		after(time.Second)
		w.expect(map[*worker]string{a: "", b: "00 01 02 03"})
	})
}

func TestTableKilledWorkerIsReplacedAfterItsLease(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(_ *testing.T, w *world) {
		a, b := w.run("a"), w.run("b")
		after(60 * time.Second)
		w.spread([]int{2, 2}, a, b)
		a.kill()
		after(18 * time.Second)
		w.spread([]int{2}, b)
		after(13 * time.Second)
		w.expect(map[*worker]string{b: "00 01 02 03"})
	})
}

func TestTableKilledWorkerOfThisMachineIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		machine := Machine{Host: "h", Boot: "b", Namespace: "1", Process: 7, Started: func(process int) (string, error) {
			if process == 7 {
				return "100", nil
			}
			return "", nil
		}}
		dead := machine
		dead.Process = 6
		dead.Started = func(int) (string, error) { return "50", nil }
		a := w.run("a", on(dead, dead.WorkerID(0, "")))
		after(5 * time.Second)
		a.kill()
		b := w.run("b", on(machine, machine.WorkerID(0, "")))
		after(time.Second)
		w.expect(map[*worker]string{b: "00 01 02 03"})
		// Another worker of the same live process keeps its share.
		c := w.run("c", on(machine, machine.WorkerID(1, "")))
		after(30 * time.Second)
		w.spread([]int{2, 2}, b, c)
		if b.losses() != 0 {
			t.Errorf("the living worker lost partitions\n%s", w.story())
		}
	})
}

func TestTableCutOffWorkerLosesBeforeOthersTake(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a, b := w.run("a"), w.run("b")
		after(60 * time.Second)
		w.spread([]int{2, 2}, a, b)
		cut := a.transport.Inject(azuretest.Rule{Do: azuretest.ResetBefore()})
		after(45 * time.Second)
		w.expect(map[*worker]string{a: "", b: "00 01 02 03"}) // the observer has seen that a lost first
		if a.losses() != 2 {
			t.Errorf("a lost %d partitions", a.losses())
		}
		cut.Remove()
		after(60 * time.Second)
		w.spread([]int{2, 2}, a, b)
	})
}

func TestTableHangingRequestsLoseInTime(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		never := make(chan struct{})
		hang := a.transport.Inject(azuretest.Rule{Do: azuretest.Hold(never)})
		after(30 * time.Second)
		w.expect(map[*worker]string{a: ""})
		if _, ok := a.owners.Owns("hub1-control-00"); ok {
			t.Error("still owned")
		}
		hang.Remove()
		after(15 * time.Second)
		w.expect(map[*worker]string{a: "00 01 02 03"})
	})
}

func TestTableWrongClocks(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, Table, func(t *testing.T, w *world) {
				a := w.run("a")
				after(5 * time.Second)
				b := w.run("b", skewed(skew))
				after(60 * time.Second)
				w.spread([]int{2, 2}, a, b)
				after(10 * time.Minute)
				if a.losses()+b.losses() > 0 || len(a.drains) != 2 || len(b.drains) != 0 {
					t.Errorf("a wrong clock moved partitions\n%s", w.story())
				}
				// A clock that is set while the worker runs.
				a.clock.set(skew)
				after(10 * time.Minute)
				if a.losses()+b.losses() > 0 || len(a.drains) != 2 || len(b.drains) != 0 {
					t.Errorf("setting a clock moved partitions\n%s", w.story())
				}
				b.kill()
				after(45 * time.Second)
				w.expect(map[*worker]string{a: "00 01 02 03"})
			})
		})
	}
}

func TestTablePartitionCount(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		for _, n := range []int{2, 6} {
			var wrong *PartitionCountError
			if err := w.worker("b", partitions(n)).owners.EnsureCreated(t.Context()); !errors.As(err, &wrong) || wrong.Have != 4 || wrong.Want != n {
				t.Errorf("%d partitions on a hub with 4: %v", n, err)
			}
		}
		if n, err := a.owners.Partitions(t.Context()); n != 4 || err != nil {
			t.Errorf("%d partitions, %v", n, err)
		}
	})
}

func TestTableTornCreationIsMended(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.worker("a")
		table := a.account.Table(testHub + "Partitions")
		if _, err := table.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := partitionRow{name: "hub1-control-01"}
		if _, err := table.Write(t.Context(), account.Op{Action: account.Insert, Key: account.Key{Row: r.name}, Row: r.columns()}); err != nil {
			t.Fatal(err)
		}
		a.start()
		after(time.Second)
		w.expect(map[*worker]string{a: "00 01 02 03"})
	})
}

func TestTableHubDeletedWhileRunning(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		other := w.worker("b")
		if err := other.owners.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(13 * time.Second)
		w.expect(map[*worker]string{a: ""})
		if n, err := other.owners.Partitions(t.Context()); n != 0 || err != nil {
			t.Errorf("%d partitions, %v", n, err)
		}
		if err := other.owners.EnsureCreated(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(15 * time.Second)
		w.expect(map[*worker]string{a: "00 01 02 03"})
	})
}

func TestTableStartsAgain(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(_ *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		a.stop()
		w.expect(map[*worker]string{a: ""})
		a.owners.Start(w.t.Context(), a)
		after(time.Second)
		w.expect(map[*worker]string{a: "00 01 02 03"})
		a.stop()
	})
}

func TestTableDrainThatFailsIsALoss(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.run("a", drainsIn(time.Hour))
		after(5 * time.Second)
		b := w.run("b")
		after(90 * time.Second)
		w.spread([]int{2, 2}, a, b)
		if a.losses() != 2 {
			t.Errorf("%d losses\n%s", a.losses(), w.story())
		}
		limit, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := a.owners.Stop(limit, Stopping); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stopped although work is out: %v", err)
		}
		if a.losses() != 4 {
			t.Errorf("%d losses\n%s", a.losses(), w.story())
		}
		after(45 * time.Second)
		w.expect(map[*worker]string{b: "00 01 02 03"})
	})
}

func TestTableThiefThatIsGone(t *testing.T) {
	t.Parallel()
	for _, work := range []time.Duration{0, 10 * time.Second} {
		bubble(t, Table, func(_ *testing.T, w *world) {
			var dead atomic.Bool
			machine := Machine{Host: "h", Boot: "b", Namespace: "1", Process: 7, Started: func(process int) (string, error) {
				if process == 8 && dead.Load() {
					return "", nil
				}
				return "100", nil
			}}
			other := machine
			other.Process = 8
			a := w.run("a", on(machine, machine.WorkerID(0, "")), drainsIn(work))
			after(10 * time.Second)
			b := w.run("b", on(other, other.WorkerID(0, "")))
			after(3 * time.Second) // a drains or has drained
			dead.Store(true)
			b.kill()
			after(30 * time.Second)
			w.expect(map[*worker]string{a: "00 01 02 03"})
		})
	}
}
