package azurestorage_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// An instance that is rewound while its worker still deletes the messages of the step in which it failed goes on all the same.
func TestRewindBeforeTheWorkerIsDone(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]func(w *world, beside *durabletask.Client) *durabletask.Client{
		"by the same process": func(_ *world, beside *durabletask.Client) *durabletask.Client { return beside },
		"by another process":  func(w *world, _ *durabletask.Client) *durabletask.Client { return w.Client },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rewindAtOnce(t, client)
		})
	}
}

func rewindAtOnce(t *testing.T, client func(w *world, beside *durabletask.Client) *durabletask.Client) {
	t.Helper()
	var mended atomic.Bool
	app := func() *durabletask.App {
		return durabletask.New(durabletask.NewOrchestrator(func(durabletask.Context, string) (string, error) {
			if !mended.Load() {
				return "", errors.New("broken")
			}
			return "mended", nil
		}, durabletask.Named("Breaks")))
	}
	inWorld(t, app, func(w *world, h *hub) {
		w.start("Breaks", "warm", "") // so that the worker has the partition
		w.after(time.Minute, "warm")
		fault := h.transport.Inject(azuretest.Rule{Op: azuretest.OpDeleteMessage, Times: 3, Do: azuretest.FailBefore(500, "InternalError")})
		w.start("Breaks", "broken", "")
		ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
		defer cancel()
		beside := durabletask.NewClient(h.Backend, nil, durabletask.ClientOptions{}) // it hears of the end at once
		state, err := beside.Wait(ctx, "broken")
		if err != nil || state.Status != durabletask.Failed || fault.Fired() == 3 {
			t.Fatalf("%+v, %v; %v", state, err, fault)
		}
		mended.Store(true)
		if err := client(w, beside).Rewind(w.ctx, "broken", nil); err != nil {
			t.Fatal(err)
		}
		w.completes(time.Minute, "broken", `"mended"`)
		if kinds := w.kinds("broken"); strings.Count(kinds, "ExecutionCompleted") != 1 {
			t.Errorf("history: %s", kinds)
		}
	})
}
