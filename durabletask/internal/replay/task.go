package replay

import (
	"runtime"
	"slices"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Task is something the orchestrator can wait for: an activity, a child, a timer, an external event.
type Task struct {
	// Name says what the task is, for error messages: the activity's, the child's or the event's name.
	Name string

	done    bool
	order   int // in which the tasks of an execution were done; meaningless before
	value   *string
	failure *history.FailureDetails
	waits   []*wait
	// then is called when the task is done, before anybody who waits for it runs.
	then func()
	// timerID is the sequence number of a timer that can still be cancelled; NoID for everything else.
	timerID int
	// chunk is the timer that a long timer waits for now.
	chunk *Task
	// child is the instance id of the child orchestration that the task is.
	child string
	// withdrawn marks a wait for an event that nobody listens to any more.
	withdrawn bool
}

// Done reports whether the task has its outcome.
func (t *Task) Done() bool { return t.done }

// Settled returns a task that is done, before any other.
func Settled() *Task { return &Task{done: true, timerID: history.NoID} }

// First returns which of the tasks that are done was so first, or -1 if none is.
func First(tasks []*Task) int {
	first := -1
	for i, t := range tasks {
		if t.done && (first < 0 || t.order < tasks[first].order) {
			first = i
		}
	}
	return first
}

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
	w.site = here()
	for _, t := range tasks {
		if !t.done {
			t.waits = append(t.waits, w)
		}
	}
	x.park(w)
	for _, t := range tasks { // so that many waits for one task, each won by another, don't add up
		if !t.done {
			t.waits = slices.DeleteFunc(t.waits, func(other *wait) bool { return other == w })
		}
	}
}

// park gives control back until somebody makes the coroutine ready. If it is being unloaded, it ends.
func (x *Execution) park(w *wait) {
	if w.co == nil {
		panic("durabletask: a durable call was made where the orchestrator can't wait, such as in a RetryPolicy's Handle or a condition of Await, at " +
			w.site.String())
	}
	if !x.replaying { // code that makes this mistake makes it on its first run, too
		w.co.checkGoroutine()
	}
	w.co.wait = w
	if !w.co.park() {
		runtime.Goexit()
	}
	w.co.wait = nil
}

// finish gives a task its outcome and makes those ready who waited for it.
func (x *Execution) finish(t *Task, value *string, failure *history.FailureDetails) {
	if t.done {
		return
	}
	x.finished++
	t.done, t.order, t.value, t.failure, t.timerID = true, x.finished, value, failure, history.NoID
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

// openInOrder returns the open tasks in order of their decisions.
func (x *Execution) openInOrder() []*Task {
	ids := make([]int, 0, len(x.open))
	for id := range x.open {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	tasks := make([]*Task, len(ids))
	for i, id := range ids {
		tasks[i] = x.open[id]
	}
	return tasks
}
