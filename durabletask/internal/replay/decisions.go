package replay

import (
	"slices"

	"github.com/azdurable/azdurable/durabletask/history"
)

// emit turns what the code decided into events and messages, in order of the decisions.
func (x *Execution) emit(d *Decisions, ep Episode) {
	for _, g := range x.markers.fresh {
		g.Time = x.now
		d.Events = append(d.Events, g)
	}
	x.markers.fresh = nil
	ids := make([]int, 0, len(x.pending))
	for id := range x.pending {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		a := x.pending[id]
		if a.inline && x.outcome == nil && !d.Continued { // a new generation is committed before anything of it runs
			x.offer(d, a)
			continue
		}
		delete(x.pending, id)
		if !a.given { // the worker is running it already, and nobody waits for it any more
			x.send(d, a, ep.StoreInputs)
		}
	}
}

// send adds the event and the message of one decision.
func (x *Execution) send(d *Decisions, a *action, storeInputs bool) {
	me := x.start.Instance
	head := history.Header{ID: a.id, Time: x.now}
	sent := history.Header{ID: history.NoID, Time: x.now, ActivityID: x.messageID(a)}
	recorded := a.input
	if !storeInputs {
		recorded = nil
	}
	switch a.kind {
	case history.TypeTaskScheduled:
		d.Events = append(d.Events, a.scheduled(head, recorded))
		d.Activities = append(d.Activities, x.activity(a))
	case history.TypeTimerCreated:
		d.Events = append(d.Events, &history.TimerCreated{Header: head, FireAt: a.fireAt})
		d.Timers = append(d.Timers, history.Message{Target: me, Event: &history.TimerFired{Header: sent, TimerID: a.id, FireAt: a.fireAt}})
	case history.TypeEventSent:
		d.Events = append(d.Events, &history.EventSent{Header: head, InstanceID: a.target, Name: a.name, Input: a.input})
		d.Messages = append(d.Messages, history.Message{
			Target: history.Instance{ID: a.target}, Event: &history.EventRaised{Header: sent, Name: a.name, Input: a.input},
		})
	case history.TypeExecutionTerminated:
		d.Messages = append(d.Messages, history.Message{
			Target: history.Instance{ID: a.target}, Event: &history.ExecutionTerminated{Header: sent, Reason: a.input, Recurse: true},
		})
	case history.TypeSubOrchestrationInstanceCreated:
		d.Events = append(d.Events, &history.SubOrchestrationInstanceCreated{
			Header: head, InstanceID: a.target, Name: a.name, Version: a.version, Input: recorded, Tags: a.tags,
		})
		// The execution id is derived, not random, so that a re-run of this episode starts the same child again, not a second one.
		child := history.Instance{ID: a.target, ExecutionID: derivedExecution(me.ExecutionID, a.id, a.target)}
		d.Messages = append(d.Messages, history.Message{Target: child, Event: &history.ExecutionStarted{
			Header: sent, Instance: child, Name: a.name, Version: a.version, Input: a.input, Tags: a.tags,
			Parent: &history.ParentInstance{Instance: me, Name: x.start.Name, Version: x.start.Version, TaskID: a.id},
		}})
	}
}

func (a *action) scheduled(head history.Header, input *string) *history.TaskScheduled {
	return &history.TaskScheduled{Header: head, Name: a.name, Version: a.version, Input: input, Tags: a.tags}
}

// activity is the message that has an activity run.
func (x *Execution) activity(a *action) history.Message {
	head := history.Header{ID: a.id, Time: x.now, ActivityID: x.messageID(a)}
	return history.Message{Target: x.start.Instance, Event: a.scheduled(head, a.input)}
}

// close ends the episode: with the outcome, if there is one, and the answer to the parent.
func (x *Execution) close(d *Decisions) {
	if x.outcome != nil {
		x.outcome.ID, x.outcome.Time = x.nextID, x.now
		x.closed = true
		d.Outcome = x.outcome
		d.Events = append(d.Events, x.outcome)
		head := history.Header{ID: history.NoID, Time: x.now, ActivityID: x.messageID(&action{id: x.nextID, kind: history.TypeExecutionCompleted})}
		if m := x.answerParent(head); m != nil {
			d.Messages = append(d.Messages, *m)
		}
	}
	if _, closed := d.Events[len(d.Events)-1].(*history.OrchestratorCompleted); !closed {
		d.Events = append(d.Events, x.orchestratorCompleted())
	}
}

func (x *Execution) orchestratorCompleted() history.Event {
	return &history.OrchestratorCompleted{Header: history.Header{ID: history.NoID, Time: x.now}}
}
