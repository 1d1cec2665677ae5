package durabletask_test

import (
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A start keeps the trace that it is part of, if it is one.
func TestStartsKeepTheirTrace(t *testing.T) {
	t.Parallel()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	nothing := durabletask.NewOrchestrator(func(durabletask.Context, durabletask.None) (int, error) { return 0, nil }, durabletask.Named("Nothing"))
	durabletest.Test(t, durabletask.New(nothing), func(t *testing.T, h *durabletest.Hub) {
		for _, c := range []struct{ parent, state, wantParent, wantState string }{
			{parent, "vendor=1", parent, "vendor=1"},
			{parent, strings.Repeat("x", 514), parent, ""},
			{"no trace", "vendor=1", "", ""},
			{"", "", "", ""},
		} {
			i, err := nothing.Schedule(durabletask.WithTrace(t.Context(), c.parent, c.state), h.Client, durabletask.None{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := i.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			events, err := h.History(t.Context(), i.ID)
			if err != nil {
				t.Fatal(err)
			}
			got := &history.TraceContext{}
			for _, e := range events {
				if start, ok := e.(*history.ExecutionStarted); ok && start.ParentTraceContext != nil {
					got = start.ParentTraceContext
				}
			}
			if got.TraceParent != c.wantParent || got.TraceState != c.wantState {
				t.Errorf("%q %q: %+v", c.parent, c.state, got)
			}
		}
	})
}
