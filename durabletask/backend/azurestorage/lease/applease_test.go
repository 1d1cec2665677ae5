package lease

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/slow"
)

func TestAppLeaseIDs(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":          "811c9dc5-0000-0000-0000-000000000000",
		"myapp":     "1312a8a6-0000-0000-0000-000000000000",
		"MyFuncApp": "0a615e48-0000-0000-0000-000000000000",
		"appOne":    "01b10450-0000-0000-0000-000000000000",
		"appTwo":    "da3c4086-0000-0000-0000-000000000000",
	} {
		if got := appLeaseID(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// member is a worker with its app lease.
type member struct {
	*worker
	*Membership
	held []string // what activities were told, with the second
}

func (w *world) member(name, app string, change func(*AppOptions), options ...option) *member {
	w.t.Helper()
	m := &member{worker: w.worker(name, options...)}
	o := AppOptions{Account: m.account, Environment: m.env, Hub: testHub, AppName: app}
	if change != nil {
		change(&o)
	}
	lease, err := NewAppLease(o)
	if err != nil {
		w.t.Fatal(err)
	}
	m.Membership = NewMembership(lease, m.worker.owners)
	if err := lease.EnsureCreated(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := m.worker.owners.EnsureCreated(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	m.Start(w.t.Context(), m.worker, func(held bool) {
		m.held = append(m.held, fmt.Sprintf("%v at %.0f", held, time.Since(w.start).Seconds()))
	})
	w.t.Cleanup(func() {
		m.transport.Crash()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = m.Stop(ctx)
	})
	return m
}

func (m *member) told(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(m.held, want) {
		t.Errorf("%s: activities were told %q, want %q", m.name, m.held, want)
	}
}

func TestAppLeaseIsSharedByWorkersOfOneApp(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a, b := w.member("a", "app", nil), w.member("b", "app", nil)
		after(60 * time.Second)
		w.spread([]int{2, 2}, a.worker, b.worker)
		other := w.member("c", "other", nil)
		after(15 * time.Minute)
		w.spread([]int{2, 2}, a.worker, b.worker)
		w.expect(map[*worker]string{other.worker: ""})
		if !a.Held() || other.Held() {
			t.Error("held by the wrong app")
		}
		a.told(t, "true at 0")
		other.told(t)
	})
}

func TestAppLeaseIdleHour(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.member("a", "app", nil)
		after(10 * time.Second)
		w.service.ResetLog()
		before := a.transport.Requests()
		after(time.Hour)
		n := a.transport.Requests() - before
		t.Logf("%d requests in an idle hour: %v", n, w.service.Counts())
		if n > 450 {
			t.Errorf("%d requests in an idle hour", n)
		}
	})
}

func TestAppLeaseGoesToAnotherAppAfterItsEnd(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.member("a", "app", nil)
		after(5 * time.Second)
		b := w.member("b", "other", func(o *AppOptions) { o.AcquireInterval = 20 * time.Second })
		if err := a.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.told(t, "true at 0", "false at 5")
		after(90 * time.Second)
		w.expect(map[*worker]string{b.worker: "00 01 02 03"})
	})
}

func TestAppLeaseTakenOverAndTakenAgain(t *testing.T) {
	t.Parallel()
	for _, manager := range []Manager{Table, Safe, Legacy} {
		t.Run(fmt.Sprint(manager), func(t *testing.T) {
			t.Parallel()
			bubble(t, manager, func(t *testing.T, w *world) {
				quick := func(o *AppOptions) { o.AcquireInterval = 30 * time.Second }
				a := w.member("a", "app", quick, drainsIn(3*time.Second))
				after(5 * time.Second)
				b := w.member("b", "other", quick)
				after(5 * time.Second)
				w.expect(map[*worker]string{a.worker: "00 01 02 03", b.worker: ""})
				if err := b.App().TakeOver(t.Context()); err != nil {
					t.Fatal(err)
				}
				after(70 * time.Second)
				w.expect(map[*worker]string{a.worker: "", b.worker: "00 01 02 03"})
				if a.Held() || !b.Held() {
					t.Error("held by the wrong app")
				}
				for _, why := range a.drains {
					if why != AppLeaseLost && why != Wanted {
						t.Errorf("drained because %s", why)
					}
				}
				// The reference never tries again: here the first app gets the hub back when the other is gone.
				if err := b.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
				after(2 * time.Minute)
				w.expect(map[*worker]string{a.worker: "00 01 02 03"})
			})
		})
	}
}

func TestAppLeaseCutOff(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.member("a", "app", nil)
		after(5 * time.Second)
		cut := a.transport.Inject(azuretest.Rule{Resource: "hub1-applease", Do: azuretest.ResetBefore()})
		after(50 * time.Second)
		if !a.Held() {
			t.Error("lost although the lease lasts")
		}
		after(20 * time.Second)
		if a.Held() {
			t.Error("held although not renewed for a lease")
		}
		w.expect(map[*worker]string{a.worker: ""})
		cut.Remove()
		after(40 * time.Second)
		w.expect(map[*worker]string{a.worker: "00 01 02 03"})
		if len(a.held) != 3 {
			t.Errorf("activities were told %q", a.held)
		}
	})
}

func TestAppLeaseOff(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.member("a", "app", func(o *AppOptions) { o.Off = true })
		after(5 * time.Second)
		w.expect(map[*worker]string{a.worker: "00 01 02 03"})
		if !a.Held() {
			t.Error("not held")
		}
		if err := a.App().TakeOver(t.Context()); err == nil {
			t.Error("taken over although off")
		}
		for op, n := range w.service.Counts() {
			if op[:min(len(op), len(azuretest.OpContainerLease))] == azuretest.OpContainerLease {
				t.Errorf("%d requests %s", n, op)
			}
		}
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		a.told(t, "true at 0", "false at 5")
	})
}

func TestAppLeaseDelete(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.member("a", "app", nil)
		after(5 * time.Second)
		b := w.member("b", "other", nil)
		if err := b.App().Delete(t.Context()); !account.LeaseLost(err) {
			t.Errorf("another app's lease deleted: %v", err)
		}
		if err := a.App().Delete(t.Context()); err != nil {
			t.Error(err)
		}
		after(30 * time.Second)
		if a.Held() {
			t.Error("held although deleted")
		}
	})
}

func TestAppLeaseStops(t *testing.T) {
	t.Parallel()
	bubble(t, Table, func(t *testing.T, w *world) {
		a := w.member("a", "app", nil)
		if err := a.Stop(t.Context()); err != nil { // while it is being acquired
			t.Error(err)
		}
		a.Start(t.Context(), a.worker, nil)
		after(5 * time.Second)
		w.expect(map[*worker]string{a.worker: "00 01 02 03"})
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := a.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAppInfo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`: `{"OwnerId":"x","DesiredSwapId":null}`,
		`{"OwnerId":"01b10450-0000-0000-0000-000000000000","DesiredSwapId":"da3c4086-0000-0000-0000-000000000000"}`: `{"OwnerId":"x","DesiredSwapId":"da3c4086-0000-0000-0000-000000000000"}`,
		`{"Z":[1, 2],"OwnerId":null,"A":"é"}`: `{"OwnerId":"x","DesiredSwapId":null,"A":"é","Z":[1,2]}`,
	} {
		info, err := parseAppInfo([]byte(text))
		info.owner = "x"
		if got := string(info.json()); err != nil || got != want {
			t.Errorf("%s becomes %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{``, `null`, `[]`, `{"OwnerId":1}`} {
		if _, err := parseAppInfo([]byte(text)); err == nil {
			t.Errorf("%q is understood", text)
		}
	}
}

// Every request of a takeover fails once, before and after its effect.
func TestAppLeaseEveryRequestFailsOnce(t *testing.T) {
	t.Parallel()
	step := 5
	if os.Getenv(slow.Variable) == "1" {
		step = 1
	}
	for name, act := range map[string]azuretest.Act{
		"reset before": azuretest.ResetBefore(), "no answer": azuretest.LoseAnswer(), "500 after": azuretest.FailAfter(500, "InternalError"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 0; n < 40; n += step {
				bubble(t, Table, func(t *testing.T, w *world) {
					quick := func(o *AppOptions) { o.AcquireInterval = 30 * time.Second }
					a, b := w.member("a", "app", quick), w.member("b", "other", quick)
					w.service.Inject(azuretest.Rule{Resource: "hub1-applease", After: n, Times: 1, Do: act})
					after(40 * time.Second)
					if !a.Held() {
						a, b = b, a
					}
					if err := b.App().TakeOver(t.Context()); err != nil {
						if err := b.App().TakeOver(t.Context()); err != nil {
							t.Error(err)
						}
					}
					after(2 * time.Minute)
					w.expect(map[*worker]string{a.worker: "", b.worker: "00 01 02 03"})
					if err := b.Stop(t.Context()); err != nil {
						t.Error(err)
					}
					after(2 * time.Minute)
					w.expect(map[*worker]string{a.worker: "00 01 02 03", b.worker: ""})
				})
			}
		})
	}
}
