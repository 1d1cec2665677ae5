// Package durabletest is the test kit for apps: the real engine on the embedded store, in memory and under virtual time.
//
//	func TestApproval(t *testing.T) {
//		durabletest.Test(t, app(), func(t *testing.T, h *durabletest.Hub) {
//			i := durabletest.Start(h, Approval, nil)
//			h.Advance(71 * time.Hour) // takes no time
//			Decided.Raise(t.Context(), h.Client, i.ID, Decision{Approved: true})
//			if got, err := i.Wait(t.Context()); got != "approved" || err != nil {
//				t.Errorf("%q, %v", got, err)
//			}
//		})
//	}
//
// # Time and order
//
// [Test] runs its function in a bubble of testing/synctest, where the clock stands still while anything can go on and then jumps to the next
// timer. It begins at midnight UTC, 2000-01-01. [Hub.Advance] lets time pass; waiting for an instance does, too. [Hub.Settle] waits
// until nothing can go on without time passing. [New] is for tests that make the bubble by themselves.
//
// Storage requests pass one at a time in a fixed order, so a test takes the same course each time: identifiers, batches and histories
// are the same. Rules of bubbles hold: use the t of the bubble and its Context; no real network; no synctest.Wait beside a hub.
//
// A test that waits for what never comes fails after 10 years of virtual time, or after 200,000 storage requests, and shows what has not ended.
//
// # Stand-ins
//
// [Stub] puts a function in the place of an activity and returns the inputs with which it is called. [FailFirst] makes one that fails at first.
// An activity that is neither in the app nor replaced fails with a message that says so. [Web] has a handler answer durable HTTP calls.
//
// # Crashes
//
// [Hub.Crash] kills the worker and begins again with what was committed. [CrashEverywhere] does that for a whole scenario, right before and right after
// each commit, and requires that the outcome is always the same. It finds what a replay must not do: reading the clock, keeping state outside of the
// orchestrator, activities that can't run twice. Deferred calls of orchestrators do run in such a crash, as their goroutines have to end.
//
// # Versions
//
// [Hub.Deploy] goes on with other code. [Golden] pins what an orchestration does, as text:
//
//	Approval Completed
//
//	at 0s
//	  ExecutionStarted Approval
//	  TimerCreated #0 until 72h0m0s
//	at 1h0m0s
//	  EventRaised Approval {"approved":true}
//	  ExecutionCompleted Completed "approved"
//
// Each "at" is an episode, its time counted from the start; #n is the number of a durable call; made-up identifiers are <id-1>, <id-2>, ….
// [Save] stores a history for good and [Replay] runs the code of today on it: the test fails if instances that are running would. [Names] pins
// the names that are recorded with instances.
//
// The flag -durabletest.update writes the files of Golden and Names anew; Save never replaces one. Only tests that import this package know
// the flag, so name their packages: go test ./orders -durabletest.update.
//
// # Logs
//
// What the worker and its orchestrators log is shown if the test fails.
package durabletest
