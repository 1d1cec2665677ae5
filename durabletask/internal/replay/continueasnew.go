package replay

import (
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Continuation is what an orchestrator goes on with as a new generation.
type Continuation struct {
	Input *string
	// Version is that of the next generation; nil keeps the present one.
	Version *string
}

// ContinueAsNew makes the orchestrator's return the begin of a new generation. It takes effect only if the code returns without a
// failure; the last one counts.
func (x *Execution) ContinueAsNew(next Continuation) { x.next = &next }

// maxGenerations is how often an instance may continue as new within one episode. One that never waits would do so for ever.
const maxGenerations = 1000

// continueAsNew replaces the generation that has ended by the next one and runs that. Generations that end within one episode
// leave no history, only their messages (DTFx: §3.7). It returns the messages that the new generation ended before.
//
// All events that the old one has not consumed go with it, those first that it had received.
func (x *Execution) continueAsNew(d *Decisions, rest []history.Message, ep Episode) []history.Message {
	x.emit(d, ep)
	old := x.generation
	x.End()
	x.generation = newGeneration()
	x.phase.Store(parked)
	x.configure(ep)
	d.Continued, d.Events, d.Inline = true, nil, nil
	d.Timers = nil // they were for the old generation, which nobody reaches any more
	d.generations++

	head := history.Header{ID: history.NoID, Time: old.now, ActivityID: derivedExecution(old.start.Instance.ExecutionID, old.nextID, "start")}
	start := *old.start
	start.Header, start.Input, start.ScheduledStart, start.Generation = head, old.next.Input, time.Time{}, nil
	start.Instance.ExecutionID = derivedExecution(old.start.Instance.ExecutionID, old.nextID, "")
	if old.next.Version != nil {
		start.Version = old.next.Version
	}
	anyGeneration := history.Instance{ID: start.Instance.ID}
	messages := []history.Message{{Target: start.Instance, Event: &start}}
	for _, e := range old.inbox.arrived {
		if !e.consumed {
			messages = append(messages, history.Message{Target: anyGeneration, Event: e.EventRaised})
		}
	}
	for _, e := range old.held {
		if _, ok := e.(*history.EventRaised); ok {
			messages = append(messages, history.Message{Target: anyGeneration, Event: e})
		}
	}
	x.last = old.last
	if old.customStatus != nil {
		d.carried = old.customStatus // until an episode begins in which the new one doesn't set it: the history knows nothing of this one
	}
	if d.generations > maxGenerations {
		x.code = func(*Execution, *string) (*string, *history.FailureDetails) {
			return nil, &history.FailureDetails{ErrorType: "ContinueAsNewLoop", ErrorMessage: fmt.Sprintf(
				"the orchestrator has continued as new %d times without waiting for anything; let it wait, with a timer or for an event", maxGenerations)}
		}
	}
	left := x.advance(d, append(messages, rest...), ep.Now)
	d.Events = append(d.Events, x.orchestratorCompleted())
	return left
}
