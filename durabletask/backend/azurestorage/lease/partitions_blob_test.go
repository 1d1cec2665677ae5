package lease

import (
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
)

func bothBlobManagers(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	for manager, name := range map[Manager]string{Safe: "safe", Legacy: "legacy"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, manager, test)
		})
	}
}

func TestBlobOneWorkerTakesAll(t *testing.T) {
	t.Parallel()
	bothBlobManagers(t, func(t *testing.T, w *world) {
		a := w.run("a")
		after(time.Second)
		w.expect(map[*worker]string{a: "00 01 02 03"})
		w.service.ResetLog()
		after(time.Hour)
		t.Logf("idle hour: %v", w.service.Counts())
		w.expect(map[*worker]string{a: "00 01 02 03"})
		if a.losses() > 0 {
			t.Errorf("lost partitions in an idle hour\n%s", w.story())
		}
	})
}

func TestBlobWorkersShare(t *testing.T) {
	t.Parallel()
	bothBlobManagers(t, func(t *testing.T, w *world) {
		a := w.run("a", drainsIn(2*time.Second))
		after(5 * time.Second)
		b := w.run("b")
		after(60 * time.Second)
		w.spread([]int{2, 2}, a, b)
		c := w.run("c")
		after(60 * time.Second)
		w.spread([]int{1, 1, 2}, a, b, c)
		b.stop()
		after(60 * time.Second)
		w.spread([]int{2, 2}, a, c)
		a.kill()
		after(60 * time.Second)
		w.expect(map[*worker]string{c: "00 01 02 03"})
		list, err := c.owners.Ownership(t.Context())
		if err != nil || len(list) != 4 || list[1] != (Ownership{Partition: "hub1-control-01", Owner: "c"}) {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestBlobStopReleasesAtOnce(t *testing.T) {
	t.Parallel()
	bothBlobManagers(t, func(t *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		start := time.Now()
		a.stop()
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("an idle stop took %s", d)
		}
		b := w.run("b")
		after(time.Second)
		w.expect(map[*worker]string{a: "", b: "00 01 02 03"})
		a.owners.Start(t.Context(), a)
		after(60 * time.Second)
		w.spread([]int{2, 2}, a, b)
	})
}

func TestBlobWorkerOfThisMachineThatIsGone(t *testing.T) {
	t.Parallel()
	bothBlobManagers(t, func(_ *testing.T, w *world) {
		machine := Machine{Host: "h", Boot: "b", Namespace: "1", Process: 7, Started: func(process int) (string, error) {
			return map[int]string{7: "100"}[process], nil
		}}
		dead := machine
		dead.Process, dead.Started = 6, func(int) (string, error) { return "50", nil }
		a := w.run("a", on(dead, dead.WorkerID(0, "")))
		after(5 * time.Second)
		a.kill()
		b := w.run("b", on(machine, machine.WorkerID(0, "")))
		after(time.Second)
		w.expect(map[*worker]string{b: "00 01 02 03"})
	})
}

func TestBlobCutOffWorkerLosesBeforeOthersTake(t *testing.T) {
	t.Parallel()
	bothBlobManagers(t, func(_ *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		cut := a.transport.Inject(azuretest.Rule{Do: azuretest.ResetBefore()})
		b := w.worker("b")
		b.owners.Start(w.t.Context(), b)
		w.t.Cleanup(b.kill)
		after(60 * time.Second)
		w.expect(map[*worker]string{a: "", b: "00 01 02 03"})
		cut.Remove()
		after(90 * time.Second)
		w.spread([]int{2, 2}, a, b)
	})
}

func TestBlobWrongClock(t *testing.T) {
	t.Parallel()
	bothBlobManagers(t, func(t *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		b := w.run("b", skewed(10*time.Minute))
		after(90 * time.Second)
		w.spread([]int{2, 2}, a, b)
		moved := a.losses() + b.losses()
		b.clock.set(-10 * time.Minute)
		after(10 * time.Minute)
		if a.losses()+b.losses() != moved {
			t.Errorf("setting a clock moved partitions\n%s", w.story())
		}
	})
}

func TestBlobPartitionCount(t *testing.T) {
	t.Parallel()
	bothBlobManagers(t, func(t *testing.T, w *world) {
		a := w.run("a")
		var wrong *PartitionCountError
		if err := w.worker("b", partitions(6)).owners.EnsureCreated(t.Context()); !errors.As(err, &wrong) || wrong.Have != 4 || wrong.Want != 6 {
			t.Errorf("6 partitions on a hub with 4: %v", err)
		}
		if n, err := a.owners.Partitions(t.Context()); n != 4 || err != nil {
			t.Errorf("%d partitions, %v", n, err)
		}
	})
}

func TestBlobHubDeletedWhileRunning(t *testing.T) {
	t.Parallel()
	bothBlobManagers(t, func(t *testing.T, w *world) {
		a := w.run("a")
		after(5 * time.Second)
		other := w.worker("b")
		if err := other.owners.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(15 * time.Second)
		w.expect(map[*worker]string{a: ""})
		if err := other.owners.EnsureCreated(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(30 * time.Second)
		w.expect(map[*worker]string{a: "00 01 02 03"})
	})
}
