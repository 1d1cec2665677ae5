package dispatch

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// An entity can be suspended, resumed and terminated like an orchestration, by the management API. What comes while it is suspended stands in its
// history behind the start, as with an orchestration (DTFx keeps it in the same place).

// entityIntake is how new messages change an entity.
type entityIntake struct {
	// runs says that a batch is due: for the events of run, or because the entity goes on after a suspension.
	runs bool
	run  []history.Event
	// suspended says whether the entity is so afterwards, because of by unless it was so before; held are the events that wait for its end, of
	// which the last fresh ones are new.
	suspended bool
	by        *history.ExecutionSuspended
	held      []history.Event
	fresh     int
	// end terminates the entity. What came after it is dropped.
	end *history.ExecutionTerminated
}

// intake takes messages apart, in order of arrival.
func (r *entityRecord) intake(messages []history.Message) entityIntake {
	in := entityIntake{runs: !r.suspended, suspended: r.suspended, held: r.held}
	for _, m := range messages {
		switch e := m.Event.(type) {
		case *history.ExecutionTerminated:
			in.end = e
			in.runs = len(in.run) > 0
			return in
		case *history.ExecutionSuspended:
			in.suspended, in.by = true, e
		case *history.ExecutionResumed:
			in.suspended, in.by, in.runs = false, nil, true
			in.run = append(in.run, in.held...)
			in.held, in.fresh = nil, 0
		case *history.ExecutionStarted, *history.GenericEvent: // an entity needs no start, and has no failures to be rewound
		default:
			if in.suspended {
				in.held = append(in.held, e)
				in.fresh++
			} else {
				in.run = append(in.run, e)
			}
		}
	}
	in.runs = in.runs && (!in.suspended || len(in.run) > 0)
	return in
}

// follow returns the record as the intake leaves it, and the events that say so, to stand behind the record's own. A record that has just been
// renewed has nothing of the suspension yet.
func (r *entityRecord) follow(in entityIntake, renewed bool, now time.Time) (*entityRecord, []history.Event) {
	head := history.Header{ID: history.NoID, Time: now}
	var events []history.Event
	switch {
	case in.end != nil:
		events = []history.Event{in.end, &history.ExecutionCompleted{Header: head, Status: history.Terminated, Result: in.end.Reason}}
	case in.suspended:
		held := in.held
		if !renewed {
			held = held[len(held)-in.fresh:]
		}
		if by := in.by; by != nil {
			events = append(events, by)
		} else if renewed {
			events = append(events, &history.ExecutionSuspended{Header: head})
		}
		events = append(events, held...)
	}
	if len(events) == 0 {
		return r, nil
	}
	next := *r
	next.suspended, next.held = in.suspended, in.held
	framed := append([]history.Event{&history.OrchestratorStarted{Header: head}}, events...)
	return &next, append(framed, &history.OrchestratorCompleted{Header: head})
}
