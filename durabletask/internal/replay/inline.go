package replay

import "github.com/azdurable/azdurable/durabletask/history"

// Inline activities are run by the worker between two episodes and not sent anywhere. The history shows them as if they had been:
// TaskScheduled closes one episode, the result is the begin of the next. Both are written together, so that no history says
// that an activity was scheduled which nobody will run.

// offer hands an inline activity to the worker, once.
func (x *Execution) offer(d *Decisions, a *action) {
	if !a.given {
		a.given = true
		d.Inline = append(d.Inline, x.activity(a))
	}
}

// inlineScheduled is what has to stand in the history before the episode that delivers the result of an inline activity.
func (x *Execution) inlineScheduled(m history.Message) []history.Event {
	id, ok := resultOf(m.Event)
	if !ok {
		return nil
	}
	a := x.pending[id]
	if a == nil || !a.given {
		return nil
	}
	return []history.Event{a.scheduled(history.Header{ID: id, Time: x.now}, nil), x.orchestratorCompleted()}
}

func resultOf(e history.Event) (int, bool) {
	switch e := e.(type) {
	case *history.TaskCompleted:
		return e.TaskID, true
	case *history.TaskFailed:
		return e.TaskID, true
	default:
		return 0, false
	}
}

// Append joins what a further episode decided to what this one did, for one commit: the frame between the two is that of one
// episode after the other.
func (d *Decisions) Append(next *Decisions) {
	if next.Continued {
		d.Events = next.Events
	} else if n := len(d.Events); n > 0 && len(next.Events) > 0 {
		if _, inline := next.Events[0].(*history.TaskScheduled); inline {
			d.Events = d.Events[:n-1] // the closing frame comes again behind the activity
		}
		d.Events = append(d.Events, next.Events...)
	} else {
		d.Events = append(d.Events, next.Events...)
	}
	d.Activities = append(d.Activities, next.Activities...)
	d.Timers = append(d.Timers, next.Timers...)
	d.Messages = append(d.Messages, next.Messages...)
	d.Inline = next.Inline
	d.Continued = d.Continued || next.Continued
	d.Start, d.Outcome, d.CustomStatus = next.Start, next.Outcome, next.CustomStatus
	d.Suspended, d.Reason = next.Suspended, next.Reason
}
