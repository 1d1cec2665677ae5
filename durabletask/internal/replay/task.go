package replay

import (
	"runtime"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Task is something the orchestrator can wait for: an activity, a timer, an external event.
type Task struct {
	// Name says what the task is, for error messages: the activity's or the event's name.
	Name string

	done    bool
	value   *string
	failure *history.FailureDetails
	waits   []*wait
	// then is called when the task is done, before anybody who waits for it runs.
	then func()
	// timerID is the sequence number of a timer that can still be cancelled; NoID for everything else.
	timerID int
}

// Done reports whether the task has its outcome.
func (t *Task) Done() bool { return t.done }

// Outcome returns the value (JSON text, nil for none) or the failure of a task that is done.
func (t *Task) Outcome() (*string, *history.FailureDetails) { return t.value, t.failure }

// wait is what a coroutine is parked on: so many of some tasks.
type wait struct {
	needed int
	co     *coroutine
	site   callSite
}

// Await parks the running coroutine until needed of the tasks are done. The tasks must differ.
func (x *Execution) Await(needed int, tasks ...*Task) {
	x.check()
	w := &wait{needed: needed, co: x.current}
	for _, t := range tasks {
		if t.done {
			w.needed--
		}
	}
	if w.needed <= 0 {
		return
	}
	for _, t := range tasks {
		if !t.done {
			t.waits = append(t.waits, w)
		}
	}
	if !x.replaying { // code that makes this mistake makes it on its first run, too
		w.co.checkGoroutine()
	}
	w.site = here()
	w.co.wait = w
	if !w.co.park() {
		runtime.Goexit()
	}
	w.co.wait = nil
}

// finish gives a task its outcome and makes those ready who waited for it.
func (x *Execution) finish(t *Task, value *string, failure *history.FailureDetails) {
	t.done, t.value, t.failure, t.timerID = true, value, failure, history.NoID
	if t.then != nil {
		t.then()
	}
	for _, w := range t.waits {
		if w.needed--; w.needed == 0 {
			x.ready = append(x.ready, w.co)
		}
	}
	t.waits = nil
}
