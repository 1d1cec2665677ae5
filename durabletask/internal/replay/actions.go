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
	kind    history.Type // of the event that records it
	name    string
	input   *string
	version *string
	fireAt  time.Time
	site    callSite
}

func (a *action) String() string {
	switch a.kind {
	case history.TypeTimerCreated:
		return "a timer"
	default:
		return fmt.Sprintf("activity %q", a.name)
	}
}

// decide numbers an action, puts it among the pending ones and opens its task.
func (x *Execution) decide(a *action) *Task {
	x.check()
	a.id = x.nextID
	x.nextID++
	if a.site = x.retrying; x.current != nil {
		a.site = here()
	}
	x.pending[a.id] = a
	t := &Task{Name: a.name, timerID: history.NoID}
	x.open[a.id] = t
	return t
}

// Schedule starts an activity.
func (x *Execution) Schedule(name string, version, input *string) *Task {
	return x.decide(&action{kind: history.TypeTaskScheduled, name: name, version: version, input: input})
}

// Timer creates a timer that is done at fireAt.
func (x *Execution) Timer(fireAt time.Time) *Task {
	a := &action{kind: history.TypeTimerCreated, fireAt: fireAt.UTC().Truncate(history.Resolution)}
	t := x.decide(a)
	t.timerID = a.id
	return t
}

// Cancel gives up a timer that is not done: nobody is told, and its firing is ignored. It does nothing to other tasks.
// The timer's creation is recorded all the same (DTFx: TaskOrchestrationContext.CreateTimer).
func (x *Execution) Cancel(t *Task) {
	if t.timerID != history.NoID {
		delete(x.open, t.timerID)
		t.timerID = history.NoID
	}
}

// match takes the pending action that a recorded decision corresponds to.
func (x *Execution) match(e history.Event, name string) {
	id := e.Head().ID
	a, ok := x.pending[id]
	if ok && a.kind == e.Type() && strings.EqualFold(a.name, name) {
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
}

// whereabouts says where the orchestrator is parked.
func (x *Execution) whereabouts() string {
	switch {
	case x.main == nil:
		return "not even being started"
	case x.main.finished || x.main.wait == nil:
		return "for it has returned"
	default:
		return "waiting at " + x.main.wait.site.String()
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
