package azurestorage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// panicky is an app whose middleware panics for a while, as an engine does that has a fault.
func panicky(broken *atomic.Bool) func() *durabletask.App {
	return func() *durabletask.App {
		echo := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ string) (string, error) {
			return durabletask.NewEvent[string]("Text").Wait(ctx, time.Hour)
		}, durabletask.Named("Echo"))
		app := durabletask.New(echo)
		app.UseOrchestrations(func(next durabletask.Handler[*durabletask.OrchestrationWork]) durabletask.Handler[*durabletask.OrchestrationWork] {
			return func(ctx context.Context, w *durabletask.OrchestrationWork) error {
				if broken.Load() {
					panic("out of order")
				}
				return next(ctx, w)
			}
		})
		return app
	}
}

func (w *world) poison() []durabletask.PoisonMessage {
	w.Helper()
	page, err := w.ListPoison(w.ctx, durabletask.PoisonQuery{})
	if err != nil {
		w.Fatal(err)
	}
	return page.Messages
}

// What an engine that is out of order has given up is replayed when it is mended: a small message, and one that stands in a blob.
func TestReplayAfterRepair(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, 100_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			var broken atomic.Bool
			inWorld(t, panicky(&broken), func(w *world, worker *hub) {
				w.start("Echo", "echo", "")
				time.Sleep(time.Second)
				broken.Store(true)
				text := strings.Repeat("x", size)
				if err := w.RaiseEvent(w.ctx, "echo", "Text", text); err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Minute)
				all := w.poison()
				if len(all) != 1 || all[0].InstanceID != "echo" || all[0].Kind != "EventRaised" || !strings.Contains(all[0].Reason, "out of order") {
					t.Fatalf("given up: %+v", all)
				}
				whole, err := w.GetPoison(w.ctx, all[0].ID)
				if err != nil || whole.Name != "Text" {
					t.Errorf("%+v, %v", whole, err)
				}
				broken.Store(false)
				if err := w.ReplayPoison(w.ctx, all[0].ID); err != nil {
					t.Fatal(err)
				}
				w.completes(time.Minute, "echo", `"`+text+`"`)
				if left := w.poison(); len(left) != 0 {
					t.Errorf("still given up: %+v", left)
				}
				_ = worker
			})
		})
	}
}

// A process that ends between putting a message back and deleting it from the poison queue leaves it in both; its second copy has no effect.
func TestReplayCutShort(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	inWorld(t, panicky(&broken), func(w *world, _ *hub) {
		w.start("Echo", "echo", "")
		time.Sleep(time.Second)
		broken.Store(true)
		if err := w.RaiseEvent(w.ctx, "echo", "Text", "text"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		broken.Store(false)
		id := w.poison()[0].ID
		fault := w.outside.transport.Inject(azuretest.Rule{Op: azuretest.OpDeleteMessage, Times: 4, Do: azuretest.FailBefore(500, "InternalError")})
		if err := w.ReplayPoison(w.ctx, id); err == nil || fault.Fired() != 4 {
			t.Errorf("error %v, %v", err, fault)
		}
		w.completes(time.Minute, "echo", `"text"`)
		if all := w.poison(); len(all) != 1 || all[0].ID != id {
			t.Fatalf("given up: %+v", all)
		}
		if err := w.ReplayPoison(w.ctx, id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if left := w.poison(); len(left) != 0 || strings.Count(w.kinds("echo"), "EventRaised") != 1 {
			t.Errorf("left: %+v", left)
		}
	})
}

// A long text that can't be understood is kept whole, in a blob that goes with it.
func TestLongPoison(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, _ *hub) {
		text := strings.Repeat(`"`, 50_000)
		w.put("control-02", text)
		time.Sleep(2 * time.Hour)
		all := w.poison()
		if len(all) != 1 || all[0].Size != len(text) || all[0].Queue != "testhub-control-02" || all[0].Tries != durabletask.MaxTries {
			t.Fatalf("given up: %+v", all)
		}
		whole, err := w.GetPoison(w.ctx, all[0].ID)
		if err != nil || whole.Text != text {
			t.Errorf("%d bytes, %v", len(whole.Text), err)
		}
		if err := w.ReplayPoison(w.ctx, all[0].ID); err != nil {
			t.Fatal(err)
		}
		if again := w.messages("control-02"); len(again) != 1 || again[0].Text != text {
			t.Fatalf("put back: %d", len(again))
		}
		time.Sleep(2 * time.Hour)
		if err := w.DropPoison(w.ctx, w.poison()[0].ID); err != nil {
			t.Fatal(err)
		}
		if left := w.service.Snapshot().Containers["testhub-largemessages"].Blobs; len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
	})
}

// What another program has put into the poison queue is shown, and can only be dropped.
func TestForeignPoison(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, _ *hub) {
		w.put("workitems", "no message")
		time.Sleep(2 * time.Hour)
		for _, text := range []string{"hello", `{"queue":"another-hub-workitems","message":"{}"}`, `[]`} {
			w.put("poison", text)
		}
		synctest.Wait()
		all := w.poison()
		if len(all) != 4 {
			t.Fatalf("%+v", all)
		}
		for _, m := range all {
			if m.Queue == "testhub-workitems" {
				continue
			}
			if err := w.ReplayPoison(w.ctx, m.ID); err == nil || !strings.Contains(err.Error(), "can only be dropped") {
				t.Errorf("replay of %+v: %v", m, err)
			}
			if err := w.DropPoison(w.ctx, m.ID); err != nil {
				t.Error(err)
			}
			if err := w.DropPoison(w.ctx, m.ID); !errors.Is(err, durabletask.ErrPoisonNotFound) {
				t.Errorf("again: %v", err)
			}
		}
		if left := w.poison(); len(left) != 1 {
			t.Errorf("left: %+v", left)
		}
	})
}

// A process that ended while it looked at the queue hides messages for a short time only, and who wants one of them waits for it.
func TestPoisonHiddenByALook(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, _ *hub) {
		w.put("workitems", "no message")
		time.Sleep(2 * time.Hour)
		for n := range 40 {
			w.put("poison", fmt.Sprint(n))
		}
		fault := w.outside.transport.Inject(azuretest.Rule{Op: azuretest.OpUpdateMessage, Do: azuretest.ResetBefore()})
		id := w.poison()[0].ID
		if fault.Fired() == 0 {
			t.Error("nothing was made visible again")
		}
		if err := w.DropPoison(w.ctx, id); err != nil {
			t.Error(err)
		}
	})
}
