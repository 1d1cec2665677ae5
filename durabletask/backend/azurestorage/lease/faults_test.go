package lease

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/slow"
)

// Every request of a handover fails once, before and after its effect: nothing is received by two at once, and all is shared in the end. Without slow tests, some requests.
func TestEveryRequestFailsOnce(t *testing.T) {
	t.Parallel()
	acts := []struct {
		name string
		act  azuretest.Act
	}{
		{"reset before", azuretest.ResetBefore()},
		{"no answer", azuretest.LoseAnswer()},
		{"500 before", azuretest.FailBefore(500, "InternalError")},
		{"500 after", azuretest.FailAfter(500, "OperationTimedOut")},
		{"throttled", azuretest.Throttle(time.Second)},
		{"cut", azuretest.CutAnswer(10)},
	}
	slowly := os.Getenv(slow.Variable) == "1"
	for i, name := range []string{"table", "safe", "legacy"} {
		for j, a := range acts {
			manager, do, first := Manager(i), a.act, i*len(acts)+j
			t.Run(name+" "+a.name, func(t *testing.T) {
				t.Parallel()
				requests, step := 420, 61 // about what the story takes with blobs
				if slowly {
					step = 7 // all of them would take two minutes
				}
				if manager == Table {
					requests = 100
				}
				if slowly && manager == Table {
					step = 1
				}
				for n := first % step; n < requests; n += step {
					t.Run(strconv.Itoa(n), func(t *testing.T) {
						t.Parallel()
						bubble(t, manager, func(_ *testing.T, w *world) {
							w.service.Inject(azuretest.Rule{After: n, Times: 1, Do: do})
							a := w.run("a", faulty())
							after(5 * time.Second)
							b := w.run("b", faulty(), drainsIn(time.Second))
							after(90 * time.Second)
							w.spread([]int{2, 2}, a, b)
							b.stop()
							after(60 * time.Second)
							w.expect(map[*worker]string{a: "00 01 02 03", b: ""})
							a.stop()
						})
					})
				}
			})
		}
	}
}
