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

// Execution is an instance in memory: the parked orchestrator and what it waits for. When the instance continues as new, the
// Execution goes on with the next generation.
//
// It is not for concurrent use. Its methods for user code (Schedule, Timer, NextEvent, Await, …) may be called only by the
// orchestrator while it runs.
type Execution struct {
	code Code
	generation
	goroutine atomic.Int64 // on which code runs now or ran last
	phase     atomic.Int32 // calls from where none may be made read it, too, to say so
}

// The phases of an Execution.
const (
	parked    = iota
	running   // events are being processed
	unloading // the coroutines are being stopped
	unloaded
)

// generation is what an Execution holds of one generation of its instance.
type generation struct {
	start *history.ExecutionStarted

	now       time.Time // of the episode that is processed
	last      time.Time // of the last event
	engine    int       // the rules of the episode that is processed
	replaying bool
	nextID    int
	uuids     int
	random    *rand.Rand

	pending  map[int]*action // decided by the code, not in the history yet
	open     map[int]*Task   // decided and not done
	calls    int             // decided altogether, without retries
	finished int             // tasks that are done
	inbox    inbox
	applied  map[string]bool // ids of messages that must not be applied again
	markers  markers
	entities entities
	suspension

	coroutines []*coroutine // the first is the orchestrator's own
	ready      []*coroutine // to be resumed, in order
	conditions []*condition // to be looked at when nobody is ready
	current    *coroutine   // running now
	retrying   callSite     // of the call that a retry repeats

	customStatus *string
	next         *Continuation               // what the orchestrator goes on with when it returns
	returned     *history.ExecutionCompleted // how the code ended, while the rules keep the execution open
	outcome      *history.ExecutionCompleted // set when the execution is over
	closed       bool                        // the history shows the outcome

	host           any
	maxCalls       int
	reorderWindow  time.Duration
	defaultVersion *string
}

// New makes a fresh execution for the first Run.
func New() *Execution { return &Execution{generation: newGeneration()} }

func newGeneration() generation {
	return generation{
		pending: make(map[int]*action),
		open:    make(map[int]*Task),
		inbox:   inbox{buffered: make(map[string][]*bufferedEvent), waiting: make(map[string][]*Task)},
		applied: make(map[string]bool),
		markers: markers{recorded: make(map[string]*history.GenericEvent)},
		engine:  Engine,
	}
}

// process applies events, one after the other, and after each lets the code run as far as it can. feed returns nil when
// there are no more.
func (x *Execution) process(feed func() history.Event) {
	x.phase.Store(running)
	contain(func() {
		for {
			x.resumeReady()
			if x.outcome != nil && !x.replaying {
				return
			}
			e := x.heldEvent()
			if e == nil {
				e = feed()
			}
			if e == nil {
				return
			}
			x.apply(e)
		}
	}, x.exited)
	x.phase.Store(parked)
}

func (x *Execution) apply(e history.Event) {
	h := e.Head()
	if h.Time.After(x.last) {
		x.last = h.Time
	}
	if x.suspended && x.holdBack(e) {
		return
	}
	switch e := e.(type) {
	case *history.OrchestratorStarted:
		x.now, x.engine = e.Time, e.Engine
		x.settle() // what an episode of other rules kept open
	case *history.ExecutionStarted:
		x.begin(e)
	case *history.TaskScheduled:
		x.match(e, e.Name)
	case *history.TimerCreated:
		x.match(e, "")
	case *history.SubOrchestrationInstanceCreated:
		x.match(e, e.Name)
	case *history.EventSent:
		x.recognise(e)
		x.match(e, e.Name)
	case *history.TaskCompleted:
		x.resolve(e.TaskID, e.Result, nil)
	case *history.TaskFailed:
		x.resolve(e.TaskID, nil, history.FailureOf(e.Reason, e.Details, e.Failure))
	case *history.SubOrchestrationInstanceCompleted:
		x.resolve(e.TaskID, e.Result, nil)
	case *history.SubOrchestrationInstanceFailed:
		x.resolve(e.TaskID, nil, history.FailureOf(e.Reason, e.Details, e.Failure))
	case *history.TimerFired:
		x.resolve(e.TimerID, nil, nil)
	case *history.EventRaised:
		x.remember(h)
		x.deliver(e)
	case *history.ExecutionSuspended:
		x.remember(h)
		x.suspend(e.Reason)
	case *history.ExecutionResumed:
		x.remember(h)
		x.resume(e.Reason)
	case *history.ExecutionTerminated:
		x.remember(h)
		x.terminate(e)
	case *history.ContinueAsNew:
		x.outcome, x.closed = &history.ExecutionCompleted{Header: e.Header, Status: history.ContinuedAsNew, Result: e.Result}, true
	case *history.ExecutionCompleted:
		x.outcome, x.closed = e, true
	}
	x.settle()
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
	x.spawn(func() {
		result, failure := x.code(x, e.Input)
		switch {
		case x.phase.Load() == unloading:
		case failure != nil:
			x.end(failed(failure))
		case x.next != nil:
			x.end(&history.ExecutionCompleted{Status: history.ContinuedAsNew, Result: x.next.Input})
		default:
			x.end(&history.ExecutionCompleted{Status: history.Completed, Result: result})
		}
	})
}

// end notes how the code ended.
func (x *Execution) end(how *history.ExecutionCompleted) {
	if x.returned == nil {
		x.returned = how
		x.releaseLocks()
	}
	x.settle()
}

// settle turns the code's end into the execution's. Our rules end it at once, and what is still open is discarded when it
// comes; by DTFx's it stays open until every task and timer has ended.
func (x *Execution) settle() {
	if x.outcome == nil && x.returned != nil && (x.engine != 0 || len(x.open) == 0) {
		x.outcome = x.returned
	}
}

// resolve finishes the task that was opened under id. Whatever is not open (a repeated result, a cancelled timer) is ignored.
func (x *Execution) resolve(id int, value *string, failure *history.FailureDetails) {
	if t, ok := x.open[id]; ok {
		delete(x.open, id)
		x.finish(t, value, failure)
	}
}

// terminate ends the execution. The code is not told (DTFx: §5.7).
func (x *Execution) terminate(e *history.ExecutionTerminated) {
	x.outcome = &history.ExecutionCompleted{Status: history.Terminated, Result: e.Reason}
	if x.replaying {
		return
	}
	x.releaseLocks()
	if !e.Recurse {
		return
	}
	for _, t := range x.openInOrder() {
		if t.child != "" {
			x.decide(&action{kind: history.TypeExecutionTerminated, target: t.child, input: e.Reason})
		}
	}
}

func failed(f *history.FailureDetails) *history.ExecutionCompleted {
	return &history.ExecutionCompleted{Status: history.Failed, Result: &f.ErrorMessage, Failure: f}
}

// check stands at the begin of every durable call. While the orchestrator is being unloaded each of them ends its goroutine
// again: a zero value instead would let a deferred compensation "succeed" or a polling loop spin for ever.
func (x *Execution) check() {
	phase := x.phase.Load()
	if phase == unloading && goroutineID() == x.goroutine.Load() {
		runtime.Goexit()
	}
	if phase != running {
		panic("durabletask: an orchestration context was used outside of its orchestrator, at " + here().String() +
			"; don't keep it, and don't hand it to other goroutines")
	}
}

// Start returns the event that began the execution, or nil if none has been seen.
func (x *Execution) Start() *history.ExecutionStarted { return x.start }

// Now is the orchestration's time: when the present episode began. It stands still within an episode.
func (x *Execution) Now() time.Time { return x.now }

// Host returns what the episode's caller has given as such.
func (x *Execution) Host() any { return x.host }

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
	size := int64(parkedSize*max(1, len(x.coroutines)) + taskSize*(len(x.open)+len(x.applied)))
	for _, queue := range x.inbox.buffered {
		for _, e := range queue {
			if e.Input != nil {
				size += int64(len(*e.Input))
			}
		}
	}
	return size
}

// Stack returns the stack of the goroutine on which code runs, for reports about code that doesn't come back. Unlike the other
// methods it may be called while the execution runs.
func (x *Execution) Stack() string { return stackOf(x.goroutine.Load()) }

// End unloads the orchestrator: its deferred calls run, its results and panics are ignored. It does nothing the second time.
func (x *Execution) End() {
	if x.phase.Load() < unloading {
		x.phase.Store(unloading)
		x.unload()
		x.phase.Store(unloaded)
	}
}
