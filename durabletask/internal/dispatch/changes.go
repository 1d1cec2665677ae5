package dispatch

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// ChangeKind says what has happened to an instance or an activity.
type ChangeKind string

// The kinds of changes.
const (
	Started           ChangeKind = "orchestration.started"
	ContinuedAsNew    ChangeKind = "orchestration.continued_as_new"
	Suspended         ChangeKind = "orchestration.suspended"
	Resumed           ChangeKind = "orchestration.resumed"
	Completed         ChangeKind = "orchestration.completed"
	Failed            ChangeKind = "orchestration.failed"
	Terminated        ChangeKind = "orchestration.terminated"
	ActivityCompleted ChangeKind = "activity.completed"
	ActivityFailed    ChangeKind = "activity.failed"
	EntityCreated     ChangeKind = "entity.created"
)

// Change is a change of state of which storage knows already.
type Change struct {
	Kind ChangeKind
	// Instance is the orchestration or the entity; for an activity, the orchestration that called it.
	Instance history.Instance
	// Name is the name of the orchestrator, the activity or the entity.
	Name string
	// TaskID is the number of an activity's call.
	TaskID int
	// Reason is why: the message of a failure, the reason given for a termination, a suspension or a resumption.
	Reason string
	// Took is how long an orchestration has taken since its start, or an activity to run; 0 for other kinds.
	Took time.Duration
}

// tell tells the observer of changes of an orchestration that have just been committed.
func (d *Dispatcher) tell(part *replay.Decisions) {
	if d.OnChange == nil || part.Start == nil {
		return
	}
	c := Change{Instance: part.Start.Instance, Name: part.Start.Name}
	say := func(kind ChangeKind, reason *string) {
		c.Kind, c.Reason = kind, ""
		if reason != nil {
			c.Reason = *reason
		}
		d.OnChange(c)
	}
	for _, e := range part.Events {
		switch e := e.(type) {
		case *history.ExecutionStarted:
			if part.Continued {
				say(ContinuedAsNew, nil)
			}
			say(Started, nil)
		case *history.ExecutionSuspended:
			say(Suspended, e.Reason)
		case *history.ExecutionResumed:
			say(Resumed, e.Reason)
		case *history.ExecutionCompleted:
			c.Took = max(0, e.Time.Sub(part.Start.Time))
			switch e.Status {
			case history.Completed:
				say(Completed, nil)
			case history.Terminated:
				say(Terminated, e.Result)
			default:
				say(Failed, failureText(e))
			}
		}
	}
}

// failureText is what a failed orchestration says of itself.
func failureText(e *history.ExecutionCompleted) *string {
	if e.Failure != nil {
		return &e.Failure.ErrorMessage
	}
	return e.Result
}

// tellOfActivity tells the observer of an activity whose outcome has been delivered.
func (d *Dispatcher) tellOfActivity(a *Activity) {
	if d.OnChange == nil {
		return
	}
	c := Change{Kind: ActivityCompleted, Instance: a.Instance, Name: a.Name, TaskID: a.TaskID, Took: a.took}
	if f, ok := a.outcome.(*history.TaskFailed); ok {
		c.Kind, c.Reason = ActivityFailed, f.Reason
	}
	d.OnChange(c)
}

// tellOfEntity tells the observer of an entity that is stored for the first time.
func (d *Dispatcher) tellOfEntity(i history.Instance) {
	if d.OnChange == nil {
		return
	}
	if id, err := entity.ParseID(i.ID); err == nil {
		d.OnChange(Change{Kind: EntityCreated, Instance: i, Name: id.Name})
	}
}
