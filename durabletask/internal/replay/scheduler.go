package replay

import "github.com/azdurable/azdurable/durabletask/history"

// The scheduler runs the coroutines of an execution: the orchestrator's own, and those that it started with Go. One runs at a
// time, until it parks; who became ready first runs next.

// condition is a coroutine that is parked until a function says that it may go on.
type condition struct {
	holds func() bool
	wait  *wait
}

// spawn makes fn a coroutine, which runs when those that are ready now have run.
func (x *Execution) spawn(fn func()) *coroutine {
	c := newCoroutine(&x.goroutine, fn)
	x.coroutines = append(x.coroutines, c)
	x.ready = append(x.ready, c)
	return c
}

// Go runs fn beside the orchestrator, in turns with it. The task has what fn returns.
func (x *Execution) Go(name string, fn func() (*string, *history.FailureDetails)) *Task {
	x.check()
	t := &Task{Name: name, timerID: history.NoID}
	c := x.spawn(func() {
		value, failure := fn()
		if x.phase.Load() != unloading {
			x.finish(t, value, failure)
		}
	})
	c.task = t
	return t
}

func (x *Execution) resumeReady() {
	for x.outcome == nil {
		if len(x.ready) == 0 && !x.lookAtConditions() {
			return
		}
		c := x.ready[0]
		x.ready = x.ready[1:]
		x.current = c
		x.goroutine.Store(c.goroutine)
		c.resume()
		x.current = nil
	}
}

// lookAtConditions makes ready who waited for a condition that holds now, and reports whether there is somebody.
func (x *Execution) lookAtConditions() bool {
	kept := x.conditions[:0]
	for _, c := range x.conditions {
		if c.holds() {
			x.ready = append(x.ready, c.wait.co)
		} else {
			kept = append(kept, c)
		}
	}
	clear(x.conditions[len(kept):])
	x.conditions = kept
	return len(x.ready) > 0
}

// AwaitCondition parks the running coroutine until holds returns true. It is asked after each event.
func (x *Execution) AwaitCondition(holds func() bool) {
	x.check()
	if holds() {
		return
	}
	w := &wait{co: x.current, site: here()}
	x.conditions = append(x.conditions, &condition{holds, w})
	x.park(w)
}

// exited is called when the running coroutine ended its goroutine: its function did not return, so it failed.
func (x *Execution) exited() {
	c := x.current
	x.current = nil
	f := &history.FailureDetails{
		ErrorType:    "Goexit",
		ErrorMessage: "the orchestrator ended its goroutine (runtime.Goexit, or FailNow of a test) instead of returning",
	}
	if c != nil && c.task != nil {
		x.finish(c.task, nil, f)
		return
	}
	x.end(failed(f))
}

// unload stops all coroutines, the last started first, as deferred calls run.
func (x *Execution) unload() {
	left := x.coroutines
	contain(func() {
		defer func() { _ = recover() }() // panics while unloading are ignored
		for len(left) > 0 {
			c := left[len(left)-1]
			left = left[:len(left)-1]
			if !c.finished {
				c.finished = true
				x.goroutine.Store(c.goroutine)
				c.stop()
			}
		}
	}, func() {})
	if len(left) > 0 { // a panic has ended the loop early
		x.coroutines = left
		x.unload()
	}
	x.coroutines = nil
}
