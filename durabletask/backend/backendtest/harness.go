// Package backendtest is the conformance suite of the seam: what every backend.Backend has to do, tested through that interface
// alone. A backend runs it from a test of its own:
//
//	func TestBackend(t *testing.T) {
//		backendtest.Run(t, backendtest.Harness{Open: open, Crash: crash})
//	}
//
// Each test runs in a bubble of testing/synctest: time stands still while something is going on, so nothing here waits in
// earnest and nothing is timed. The backend is opened inside the bubble and must be made for it (no goroutine that waits for
// the network, none that outlives Stop).
package backendtest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// Harness says how the suite gets its backends.
type Harness struct {
	// Open opens a backend on a new, empty hub. It is neither started nor stopped by Open.
	Open func(t *testing.T, env backend.Environment) backend.Backend
	// Crash ends a backend as the end of its process would, so that nothing it holds in memory is stored any more, and opens
	// its hub again. Nil if a hub does not outlive its backend; then the tests of crashes are left out.
	Crash func(t *testing.T, b backend.Backend, env backend.Environment) backend.Backend
	// Settle is how long it takes after Start until everything that waits can be handed out, also what a crash has left; default: no time.
	Settle time.Duration
	// Patience is how long a message may be under way to its instance; default: no time to speak of.
	Patience time.Duration
	// Age is how long a hub can be left alone in a test that should end soon; default: more than a year. A store that polls needs less.
	Age time.Duration
	// Without are tests that can't be run on this backend, by their names, each with the reason.
	Without map[string]string
}

// Run runs the suite, each test on a hub of its own.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.crash && h.Crash == nil {
				t.Skip("the hub does not outlive its backend: there is no Harness.Crash")
			}
			if reason, ok := h.Without[c.name]; ok {
				t.Skip(reason)
			}
			synctest.Test(t, func(t *testing.T) { c.run(newHub(t, h)) })
		})
	}
}

type testCase struct {
	name  string
	run   func(*hub)
	crash bool // needs Harness.Crash
}

func cases() []testCase {
	var all []testCase
	for _, part := range [][]testCase{
		creation(), messages(), redelivery(), checkpoints(), generations(), timers(), activities(),
		states(), lists(), lives(), sessions(), rewinds(), entities(), purges(), poison(), crashes(), crowds(),
	} {
		all = append(all, part...)
	}
	return all
}
