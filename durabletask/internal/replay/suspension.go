package replay

import (
	"maps"

	"github.com/azdurable/azdurable/durabletask/history"
)

// suspension is the part of an execution that stands still between Suspended and Resumed (DTFx: §5.8).
type suspension struct {
	suspended bool
	held      []history.Event // what came meanwhile
	parked    map[int]*action // what was decided before, and not yet sent
	reason    *string         // of the last suspension or resumption
}

// suspend stops the execution: what it decided in this episode stays unsent until it is resumed.
func (x *Execution) suspend(reason *string) {
	x.suspended, x.reason = true, reason
	x.parked, x.pending = x.pending, make(map[int]*action)
}

// holdBack keeps an event for the time after the suspension. Those that end it, or frame episodes, are not kept.
func (x *Execution) holdBack(e history.Event) bool {
	switch e := e.(type) {
	case *history.OrchestratorStarted, *history.OrchestratorCompleted, *history.ExecutionResumed, *history.ExecutionTerminated,
		*history.ExecutionCompleted, *history.ContinueAsNew, *history.GenericEvent:
		return false
	case *history.ExecutionSuspended:
		x.remember(&e.Header)
	default:
		x.remember(e.Head())
		x.held = append(x.held, e)
	}
	return true
}

// resume goes on where suspend stopped; what came meanwhile is processed next. To resume what is not suspended changes nothing but
// the reason.
func (x *Execution) resume(reason *string) {
	x.reason = reason
	if !x.suspended {
		return
	}
	x.suspended = false
	maps.Copy(x.pending, x.parked)
	x.parked = nil
}

// heldEvent takes the next of the events that came during a suspension that is over, or nil.
func (x *Execution) heldEvent() history.Event {
	if x.suspended || len(x.held) == 0 {
		return nil
	}
	e := x.held[0]
	x.held = x.held[1:]
	return e
}
