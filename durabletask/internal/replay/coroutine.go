package replay

import (
	"bytes"
	"iter"
	"runtime"
	"strconv"
	"sync/atomic"
)

// coroutine is a function that runs in turns with the replay loop: resume lets it run until it parks or returns.
type coroutine struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	// goroutine is the id of the goroutine the function runs on, for the watchdog and to catch calls from others.
	goroutine int64
	finished  bool
	// wait is what the coroutine is parked on; its call site is for messages.
	wait *wait
	// task is the outcome of a function that runs beside the orchestrator; nil for the orchestrator itself.
	task *Task
}

// newCoroutine makes a coroutine of fn; fn does not run before the first resume. The number of its goroutine is also stored
// in running.
func newCoroutine(running *atomic.Int64, fn func()) *coroutine {
	c := &coroutine{}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		c.goroutine = goroutineID()
		running.Store(c.goroutine)
		fn()
	})
	return c
}

// resume runs the coroutine until it parks or returns. If its function calls runtime.Goexit, resume doesn't return:
// the exit travels on into the caller's goroutine (contain).
func (c *coroutine) resume() {
	c.finished = true // stays so if the call below doesn't return
	_, more := c.next()
	c.finished = !more
}

// park gives control back to the replay loop. It reports false if the coroutine is to be unloaded.
func (c *coroutine) park() bool { return c.yield(struct{}{}) }

// checkGoroutine panics unless it is called on the coroutine's own goroutine: yielding from another one would hang the program.
func (c *coroutine) checkGoroutine() {
	if goroutineID() != c.goroutine {
		panic("durabletask: a durable call was made from a goroutine that the orchestrator started, at " + here().String() +
			"; use durabletask.Go in place of a go statement, or an activity for work that runs beside it")
	}
}

// contain runs loop on a goroutine of its own until it returns, starting it anew after every runtime.Goexit: an exit in
// user code cannot be caught, only survived. Panics of the loop itself are passed on to the caller.
func contain(loop func(), exited func()) {
	type end struct {
		returned bool
		panicked any
	}
	for {
		ended := make(chan end, 1)
		go func() {
			var e end
			defer func() {
				e.panicked = recover()
				ended <- e
			}()
			loop()
			e.returned = true
		}()
		switch e := <-ended; {
		case e.panicked != nil:
			panic(e.panicked)
		case e.returned:
			return
		}
		exited()
	}
}

// goroutineID reads the number of the running goroutine from its stack's first line, "goroutine 7 [running]:".
func goroutineID() int64 {
	var buf [40]byte
	line := buf[:runtime.Stack(buf[:], false)]
	number, _, _ := bytes.Cut(line[len("goroutine "):], []byte{' '})
	id, _ := strconv.ParseInt(string(number), 10, 64)
	return id
}

// stackOf returns the stack of a goroutine, or "" if it is gone.
func stackOf(goroutine int64) string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	for stack := range bytes.SplitSeq(buf, []byte("\n\n")) {
		if bytes.HasPrefix(stack, []byte("goroutine "+strconv.FormatInt(goroutine, 10)+" ")) {
			return string(stack)
		}
	}
	return ""
}
