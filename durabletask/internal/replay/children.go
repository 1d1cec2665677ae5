package replay

import (
	"strconv"
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
)

// StartChild starts a child orchestration. With a FireAndForget tag the task is done at once.
func (x *Execution) StartChild(c Call) *Task {
	x.check()
	a := &action{
		kind: history.TypeSubOrchestrationInstanceCreated, name: c.Name, version: c.Version, input: c.Input,
		target: c.InstanceID, tags: childTags(c.Tags, x.start.Tags),
	}
	if a.version == nil {
		a.version = x.defaultVersion
	}
	if strings.TrimSpace(a.target) == "" {
		a.target = x.start.Instance.ExecutionID + ":" + strconv.Itoa(x.nextID)
	}
	_, forget := a.tags[history.FireAndForget]
	f := x.refuseChild(a.target)
	if f == nil && !forget && x.entities.caller != nil {
		if err := x.entities.caller.StartChild(); err != nil {
			f = brokenRule(err)
		}
	}
	if f != nil {
		t := &Task{Name: c.Name, timerID: history.NoID}
		x.finish(t, nil, f)
		return t
	}
	if forget {
		x.decide(a)
		t := &Task{Name: c.Name, timerID: history.NoID, child: a.target}
		x.finish(t, nil, nil)
		return t
	}
	t := x.call(a)
	t.child = a.target
	return t
}

// refuseChild says why an instance can't be a child of this one (ext: DurableOrchestrationContext.cs).
func (x *Execution) refuseChild(id string) *history.FailureDetails {
	var reason string
	parent := x.start.Parent
	switch {
	case strings.EqualFold(id, x.start.Instance.ID), parent != nil && strings.EqualFold(id, parent.Instance.ID):
		reason = "The instance ID of a sub-orchestration must be different than the instance ID of a parent orchestration."
	case strings.HasPrefix(id, "@"):
		reason = "The instance ID of a sub-orchestration must not start with @, which is for entities."
	default:
		return nil
	}
	return &history.FailureDetails{ErrorType: "InvalidInstanceID", ErrorMessage: reason, NonRetriable: true}
}

// childTags are a child's own tags and those of its parent; its own win.
func childTags(own, parents map[string]string) map[string]string {
	var tags map[string]string
	add := func(from map[string]string, inherited bool) {
		for k, v := range from {
			if inherited && k == history.FireAndForget {
				continue
			}
			if tags == nil {
				tags = make(map[string]string)
			}
			tags[k] = v
		}
	}
	add(parents, true)
	add(own, false)
	return tags
}

// answerParent is the message by which a parent learns how its child ended, or nil if nobody waits for that.
func (x *Execution) answerParent(head history.Header) *history.Message {
	parent := x.start.Parent
	if _, forget := x.start.Tags[history.FireAndForget]; forget || parent == nil {
		return nil
	}
	m := &history.Message{Target: parent.Instance}
	switch o := x.outcome; o.Status {
	case history.Completed:
		m.Event = &history.SubOrchestrationInstanceCompleted{Header: head, TaskID: parent.TaskID, Result: o.Result}
	case history.Failed, history.Terminated:
		e := &history.SubOrchestrationInstanceFailed{Header: head, TaskID: parent.TaskID, Failure: o.Failure}
		if o.Result != nil {
			e.Reason = *o.Result
		}
		m.Event = e
	default:
		return nil
	}
	return m
}
