package replay

import (
	"fmt"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// action is a decision of the code that the history does not show yet.
type action struct {
	id      int
	kind    history.Type // of the event that records it; ExecutionTerminated for a message that is not recorded
	name    string
	input   *string
	version *string
	tags    map[string]string
	target  string // instance id of a child or of whoever an event is sent to
	fireAt  time.Time
	inline  bool   // the activity is run by the worker, not sent
	given   bool   // to the worker, as inline
	asks    string // the event that answers a request to an entity
	site    callSite
}

func (a *action) String() string {
	switch a.kind {
	case history.TypeTimerCreated:
		return "a timer"
	case history.TypeSubOrchestrationInstanceCreated:
		return fmt.Sprintf("sub-orchestration %q", a.name)
	case history.TypeEventSent:
		return fmt.Sprintf("event %q to another instance", a.name)
	default:
		return fmt.Sprintf("activity %q", a.name)
	}
}

// MaxCalls is the default limit of durable calls of one execution (ext: maxOrchestrationActions).
const MaxCalls = 100_000

// decide numbers an action and puts it among the pending ones.
func (x *Execution) decide(a *action) {
	x.number(a)
	if a.site = x.retrying; x.current != nil {
		if x.calls++; x.calls > x.maxCalls {
			panic(fmt.Sprintf("durabletask: Maximum amount of orchestration actions (%d) has been reached. "+
				"Continue as new before that, or spread the work over sub-orchestrations", x.maxCalls))
		}
		a.site = here()
	}
}

// number puts an action among the pending ones without counting it: for those that the engine decides on.
func (x *Execution) number(a *action) {
	a.id = x.nextID
	x.nextID++
	x.pending[a.id] = a
}

// call decides an action that has an outcome.
func (x *Execution) call(a *action) *Task {
	x.check()
	x.decide(a)
	t := &Task{Name: a.name, timerID: history.NoID}
	x.open[a.id] = t
	return t
}

// Call describes an activity or a child that is to be started.
type Call struct {
	Name    string
	Version *string
	Input   *string
	Tags    map[string]string
	// Inline makes the worker run an activity at once, between two episodes, instead of sending it.
	Inline bool
	// InstanceID is a child's; empty for the default: execution id, colon, sequence number.
	InstanceID string
}

// Schedule starts an activity.
func (x *Execution) Schedule(c Call) *Task {
	a := &action{kind: history.TypeTaskScheduled, name: c.Name, version: c.Version, input: c.Input, tags: c.Tags, inline: c.Inline}
	if a.version == nil {
		a.version = new("") // as DTFx writes it
	}
	return x.call(a)
}

// SendEvent sends an external event to another instance. Nobody says whether it arrived.
func (x *Execution) SendEvent(instanceID, name string, input *string) {
	x.check()
	x.decide(&action{kind: history.TypeEventSent, name: name, target: instanceID, input: input})
}

// match takes the pending action that a recorded decision corresponds to.
func (x *Execution) match(e history.Event, name string) {
	id := e.Head().ID
	if id == interruption {
		return
	}
	a, ok := x.pending[id]
	if ok && a.kind == e.Type() && sameName(a.name, name) {
		delete(x.pending, id)
		return
	}
	n := &Nondeterminism{ID: id, Recorded: (&action{kind: e.Type(), name: name}).String()}
	if ok {
		n.Replayed, n.At = "calls "+a.String(), "at "+a.site.String()
	} else {
		n.Replayed, n.At = "makes no such call", x.whereabouts()
	}
	x.outcome = failed(n.details()) // even if the code has returned in the meantime
	x.nextID = max(x.nextID, id+1)
	clear(x.pending) // nothing that the wrong code decided may happen
	x.releaseLocks()
}

// sameName compares names as DTFx does. A delayed entity operation has its time in the name, which .NET takes from the clock on the wall.
func sameName(a, b string) bool {
	const delayed = "op@"
	return strings.EqualFold(a, b) || strings.HasPrefix(a, delayed) && strings.HasPrefix(b, delayed)
}

// interruption is the id of the timer by which DTFx marks an episode that it cut short; the rest was decided again.
const interruption = -100

// whereabouts says where the orchestrator is parked.
func (x *Execution) whereabouts() string {
	switch {
	case len(x.coroutines) == 0:
		return "not even being started"
	case x.coroutines[0].finished || x.coroutines[0].wait == nil:
		return "for it has returned"
	default:
		return "waiting at " + x.coroutines[0].wait.site.String()
	}
}

// Nondeterminism says that the code does not do what the history says it did.
type Nondeterminism struct {
	// ID is the sequence number of the durable call.
	ID int
	// Recorded is what was called then, Replayed what the code does now, At where the call or wait is.
	Recorded, Replayed, At string
}

// KindNondeterminism is the ErrorType of an orchestration that failed because of a Nondeterminism.
const KindNondeterminism = "Nondeterminism"

func (n *Nondeterminism) details() *history.FailureDetails {
	return &history.FailureDetails{
		ErrorType: KindNondeterminism,
		ErrorMessage: fmt.Sprintf("Non-Deterministic workflow detected: durable call #%d is recorded as %s, but the code now %s, %s. "+
			"Was the orchestrator changed while this instance was running? Keep the old code for running instances, "+
			"and keep clocks, random numbers, map iteration and I/O out of orchestrators.", n.ID, n.Recorded, n.Replayed, n.At),
		NonRetriable: true,
	}
}
