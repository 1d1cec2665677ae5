package durabletest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/azdurable/azdurable/durabletask"
)

// crashPoint says when a hub is to crash: right before or right after its nth commit; 0: never.
type crashPoint struct {
	commit int
	after  bool
}

func (p crashPoint) String() string {
	if p.after {
		return fmt.Sprintf("crash after commit %d", p.commit)
	}
	return fmt.Sprintf("crash before commit %d", p.commit)
}

// pass lets a storage request pass, and crashes where it was planned. It is called by the order.
func (h *Hub) pass(q *request) {
	if h.order.count() == h.limit {
		go h.fail(fmt.Sprintf("%d storage requests have been made", h.limit))
	}
	if q.Kind != "commit" || q.gate != h.present().gate {
		q.answer <- nil
		return
	}
	h.mu.Lock()
	h.commits++
	crash := h.commits == h.planned.commit
	h.mu.Unlock()
	if !crash {
		q.answer <- nil
		return
	}
	h.log.Info(h.planned.String())
	if h.planned.after {
		h.present().kill() // what the commit sets going does not happen any more
		q.answer <- nil
		synctest.Wait()
	} else {
		h.order.mu.Lock()
		h.order.waiting = append(h.order.waiting, q) // it fails with the others
		h.order.mu.Unlock()
	}
	h.restart(h.app)
}

// CrashEverywhere runs a scenario once, counting its commits, and then again with a crash right before and right after each of them, each time
// as a subtest with a hub of its own. A crash loses whatever is in memory; the worker starts again with what was committed, and the scenario's
// calls and waits go on. Every run must come to the same: states, results, failures and custom statuses of all instances, and each activity
// run at least as often as without a crash. What the scenario checks by itself is checked in each run, too.
//
// The scenario may do whatever a test may. It must take the same course each time.
func CrashEverywhere(t *testing.T, app *durabletask.App, scenario func(t *testing.T, h *Hub), options ...durabletask.WorkerOptions) {
	t.Helper()
	want := play(t, app, scenario, crashPoint{}, options)
	if t.Failed() {
		return
	}
	for commit := 1; commit <= want.commits; commit++ {
		for _, after := range []bool{false, true} {
			point := crashPoint{commit, after}
			t.Run(point.String(), func(t *testing.T) {
				got := play(t, app, scenario, point, options)
				if t.Failed() {
					return
				}
				if got.commits < commit {
					t.Errorf("durabletest: there was no commit %d this time: the scenario does not take the same course each time", commit)
				}
				if got.states != want.states {
					t.Errorf("durabletest: with a %v the outcome (+) is not that without (-):\n%s", point, difference(want.states, got.states))
				}
				for _, activity := range slices.Sorted(maps.Keys(want.performed)) {
					if got.performed[activity] < want.performed[activity] {
						t.Errorf("durabletest: with a %v activity %s was run %d times, without %d times",
							point, activity, got.performed[activity], want.performed[activity])
					}
				}
			})
		}
	}
}

// outcome is what a scenario came to.
type outcome struct {
	commits   int
	states    string
	performed map[string]int
}

// play runs a scenario with one crash.
func play(t *testing.T, app *durabletask.App, scenario func(*testing.T, *Hub), point crashPoint, options []durabletask.WorkerOptions) (o outcome) {
	t.Helper()
	Test(t, app, func(t *testing.T, h *Hub) {
		h.planned = point
		scenario(t, h)
		h.Settle()
		h.mu.Lock()
		o.commits, o.performed = h.commits, maps.Clone(h.performed)
		h.mu.Unlock()
		var err error
		if o.states, err = h.states(t.Context()); err != nil {
			t.Error(err)
		}
	}, options...)
	return o
}

// states shows how far all instances have come.
func (h *Hub) states(ctx context.Context) (string, error) {
	var b strings.Builder
	q := durabletask.Query{PageSize: 1000}
	for {
		page, err := h.List(ctx, q)
		if err != nil {
			return "", err
		}
		for _, s := range page.Instances {
			var l line
			l.text(s.Status.String()).named("custom status", s.CustomStatus)
			if s.Failure != nil {
				l.failure(s.Failure)
			} else {
				l.payload(s.Output)
			}
			fmt.Fprintf(&b, "%s %s:%s\n", s.Name, s.Instance.ID, l.String())
		}
		if q.Token = page.Next; q.Token == "" {
			return b.String(), nil
		}
	}
}
