package local

import (
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// kindTaken is the kind of the failure that a parent sees whose child could not be started.
const kindTaken = "InstanceExists"

// refusal answers the start of a child whose id is in use, for the parent that waits. It returns nil if nobody does, or if the instance is the
// child itself.
//
// Differs from DTFx, where the start is dropped and the parent waits for ever.
func (p *post) refusal(t *transaction, old *instanceRow) (*post, error) {
	_, detached := p.start.Tags[history.FireAndForget]
	if p.start.Parent == nil || detached || old.executionID == p.target.ExecutionID {
		return nil, nil
	}
	reason := (&backend.InstanceExistsError{InstanceID: old.id, Status: old.status}).Error()
	answer, err := newPost(history.Message{Target: p.start.Parent.Instance, Event: &history.SubOrchestrationInstanceFailed{
		Header: history.Header{ID: history.NoID, Time: t.b.env.Now(), ActivityID: p.start.ActivityID},
		TaskID: p.start.Parent.TaskID, Reason: reason,
		Failure: &history.FailureDetails{ErrorType: kindTaken, ErrorMessage: reason, NonRetriable: true},
	}})
	if err != nil {
		return nil, err
	}
	if err := answer.address(t); err != nil || answer.instance == nil {
		return nil, err
	}
	return &answer, answer.write(t, answer.instance)
}
