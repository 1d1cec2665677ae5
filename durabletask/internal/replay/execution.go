package replay

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Code is an orchestrator with its types taken off: JSON text in, JSON text or a failure out. It recovers its own panics.
type Code func(x *Execution, input *string) (*string, *history.FailureDetails)

// Execution is one generation of an instance in memory: the parked orchestrator and what it waits for.
// It is not for concurrent use. Its methods for user code (Schedule, Timer, NextEvent, Await, …) may be called only by the
// orchestrator while it runs.
type Execution struct {
	code  Code
	start *history.ExecutionStarted
	main  *coroutine

	now       time.Time // of the episode that is processed
	last      time.Time // of the last event
	replaying bool
	nextID    int
	uuids     int
	random    *rand.Rand

	pending map[int]*action // decided by the code, not in the history yet
	open    map[int]*Task   // decided and not done
	inbox   inbox
	applied map[string]bool // ids of messages that must not be applied again

	ready    []*coroutine // to be resumed, in order
	current  *coroutine   // running now
	retrying callSite     // of the call that a retry repeats

	customStatus *string
	outcome      *history.ExecutionCompleted // set when the execution is over
	closed       bool                        // the history shows the outcome
	running      bool                        // events are being processed
	unloading    bool

	goroutine atomic.Int64 // on which code runs now or ran last
}

// New makes a fresh execution for the first Run.
func New() *Execution {
	return &Execution{
		pending: make(map[int]*action),
		open:    make(map[int]*Task),
		inbox:   inbox{buffered: make(map[string][]*string), waiting: make(map[string][]*Task)},
		applied: make(map[string]bool),
	}
}

// process applies events, one after the other, and after each lets the code run as far as it can. feed returns nil when
// there are no more.
func (x *Execution) process(feed func() history.Event) {
	x.running = true
	contain(func() {
		for {
			x.resumeReady()
			if x.outcome != nil && !x.replaying {
				return
			}
			e := feed()
			if e == nil {
				return
			}
			x.apply(e)
		}
	}, x.exited)
	x.running = false
}

func (x *Execution) resumeReady() {
	for len(x.ready) > 0 && x.outcome == nil {
		x.current, x.ready = x.ready[0], x.ready[1:]
		x.goroutine.Store(x.current.goroutine)
		x.current.resume()
		x.current = nil
	}
}

// exited is called when the running coroutine ended its goroutine: the code did not return, so it failed.
func (x *Execution) exited() {
	x.current = nil
	x.fail(&history.FailureDetails{
		ErrorType:    "Goexit",
		ErrorMessage: "the orchestrator ended its goroutine (runtime.Goexit, or FailNow of a test) instead of returning",
	})
}

func (x *Execution) apply(e history.Event) {
	h := e.Head()
	if h.Time.After(x.last) {
		x.last = h.Time
	}
	switch e := e.(type) {
	case *history.OrchestratorStarted:
		x.now = e.Time
	case *history.ExecutionStarted:
		x.begin(e)
	case *history.TaskScheduled:
		x.match(e, e.Name)
	case *history.TimerCreated:
		x.match(e, "")
	case *history.TaskCompleted:
		x.resolve(e.TaskID, e.Result, nil)
	case *history.TaskFailed:
		x.resolve(e.TaskID, nil, failureOf(e))
	case *history.TimerFired:
		x.resolve(e.TimerID, nil, nil)
	case *history.EventRaised:
		x.remember(h)
		x.deliver(e)
	case *history.ExecutionTerminated:
		x.remember(h)
		x.outcome = &history.ExecutionCompleted{Status: history.Terminated, Result: e.Reason}
	case *history.ExecutionCompleted:
		x.outcome, x.closed = e, true
	case *history.OrchestratorCompleted:
	}
}

// remember notes the message an event came with, so that a redelivery of it is not a second event.
func (x *Execution) remember(h *history.Header) {
	if h.ActivityID != "" {
		x.applied[h.ActivityID] = true
	}
}

func (x *Execution) begin(e *history.ExecutionStarted) {
	if x.start != nil {
		return
	}
	x.start = e
	x.main = newCoroutine(&x.goroutine, func() {
		result, failure := x.code(x, e.Input)
		switch {
		case x.unloading || x.outcome != nil:
		case failure != nil:
			x.fail(failure)
		default:
			x.outcome = &history.ExecutionCompleted{Status: history.Completed, Result: result}
		}
	})
	x.ready = append(x.ready, x.main)
}

// resolve finishes the task that was opened under id. Whatever is not open (a repeated result, a cancelled timer) is ignored.
func (x *Execution) resolve(id int, value *string, failure *history.FailureDetails) {
	if t, ok := x.open[id]; ok {
		delete(x.open, id)
		x.finish(t, value, failure)
	}
}

// failureOf reads a failure in any of the forms in which engines write it.
func failureOf(e *history.TaskFailed) *history.FailureDetails {
	if e.Failure != nil {
		return e.Failure
	}
	f := &history.FailureDetails{ErrorType: "(unknown)", ErrorMessage: e.Reason}
	if e.Details != nil {
		f.StackTrace = *e.Details
	}
	return f
}

func (x *Execution) fail(f *history.FailureDetails) {
	if x.outcome == nil {
		x.outcome = failed(f)
	}
}

func failed(f *history.FailureDetails) *history.ExecutionCompleted {
	return &history.ExecutionCompleted{Status: history.Failed, Result: &f.ErrorMessage, Failure: f}
}

// check stands at the begin of every durable call. While the orchestrator is being unloaded each of them ends its goroutine
// again: a zero value instead would let a deferred compensation "succeed" or a polling loop spin for ever.
func (x *Execution) check() {
	if x.unloading {
		runtime.Goexit()
	}
	if !x.running {
		panic("durabletask: an orchestration context was used outside of its orchestrator; " +
			"don't keep it, and don't hand it to other goroutines")
	}
}

// Start returns the event that began the execution, or nil if none has been seen.
func (x *Execution) Start() *history.ExecutionStarted { return x.start }

// Now is the orchestration's time: when the present episode began. It stands still within an episode.
func (x *Execution) Now() time.Time { return x.now }

// Replaying reports whether the code runs because of events that were committed earlier.
func (x *Execution) Replaying() bool { return x.replaying }

// Rand returns the orchestration's random source. It yields the same numbers at every replay.
func (x *Execution) Rand() *rand.Rand {
	if x.random == nil {
		seed := uuid5(orchestrationSpace, x.start.Instance.ID+"_"+x.start.Instance.ExecutionID)
		var key [32]byte
		copy(key[:], seed[:])
		x.random = rand.New(rand.NewChaCha8(key))
	}
	return x.random
}

// SetStatus sets the custom status, JSON text; nil clears it. The last one of an episode is what others see.
func (x *Execution) SetStatus(json *string) { x.customStatus = json }

// sizes that Size estimates with: a parked goroutine with its coroutine, and a task with what refers to it.
const (
	parkedSize = 8 << 10
	taskSize   = 512
)

// Size is about how many bytes the parked execution keeps in memory.
func (x *Execution) Size() int64 {
	size := int64(parkedSize + taskSize*(len(x.open)+len(x.applied)))
	for _, queue := range x.inbox.buffered {
		for _, input := range queue {
			if input != nil {
				size += int64(len(*input))
			}
		}
	}
	return size
}

// Stack returns the stack of the orchestrator's goroutine, for reports about code that doesn't come back. Unlike the other
// methods it may be called while the execution runs.
func (x *Execution) Stack() string {
	return stackOf(x.goroutine.Load())
}

// End unloads the orchestrator: its deferred calls run, its results and panics are ignored. It does nothing the second time.
func (x *Execution) End() {
	if x.unloading {
		return
	}
	x.unloading = true
	if x.main == nil || x.main.finished {
		return
	}
	x.main.finished = true
	stopped := false
	contain(func() {
		defer func() { _ = recover() }()
		if !stopped {
			stopped = true
			x.main.stop()
		}
	}, func() {})
}
