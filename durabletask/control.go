package durabletask

import (
	"context"
	"fmt"
	"slices"

	"github.com/azdurable/azdurable/durabletask/history"
)

// StateError refuses an operation that an instance is not in the state for.
type StateError struct {
	// Operation is what was asked for, such as "suspend".
	Operation  string
	InstanceID string
	Status     Status
}

// Error says so in the words that the reference uses.
func (e *StateError) Error() string {
	return fmt.Sprintf("Cannot %s the orchestration instance %s because instance is in the %s state.", e.Operation, e.InstanceID, e.Status)
}

// TerminateOption is a property of one termination.
type TerminateOption interface {
	terminate(*history.ExecutionTerminated)
}

type recursive struct{}

func (recursive) terminate(e *history.ExecutionTerminated) { e.Recurse = true }

// Recursive terminates the children of an instance, too, those that are still running.
var Recursive TerminateOption = recursive{} //nolint:gochecknoglobals // a constant, if Go had such

// Terminate ends an instance as soon as it has handled what came before. Its activities are not stopped, their results are dropped. The reason
// becomes the instance's output; nil for none. The error is ErrInstanceNotFound or ErrInstanceFinished.
func (c *Client) Terminate(ctx context.Context, instanceID string, reason *string, options ...TerminateOption) error {
	e := &history.ExecutionTerminated{Reason: reason}
	for _, o := range options {
		o.terminate(e)
	}
	if err := c.send(ctx, instanceID, e, &e.Header); err != nil {
		return fmt.Errorf("terminate %s: %w", excerpt(instanceID), err)
	}
	return nil
}

// Suspend stops an instance until it is resumed. What arrives meanwhile is kept, activities go on. The reason is shown as its output; nil for none.
// The error is ErrInstanceNotFound, or a *StateError if the instance is suspended or has ended.
func (c *Client) Suspend(ctx context.Context, instanceID string, reason *string) error {
	e := &history.ExecutionSuspended{Reason: reason}
	return c.control(ctx, "suspend", instanceID, e, &e.Header, Running, Pending, history.ContinuedAsNew)
}

// Resume lets a suspended instance go on. The error is ErrInstanceNotFound, or a *StateError if the instance is not suspended.
func (c *Client) Resume(ctx context.Context, instanceID string, reason *string) error {
	e := &history.ExecutionResumed{Reason: reason}
	return c.control(ctx, "resume", instanceID, e, &e.Header, Suspended)
}

// control sends a control message to an instance that is in one of the states.
func (c *Client) control(ctx context.Context, operation, instanceID string, e history.Event, h *history.Header, states ...Status) error {
	s, err := c.backend.Get(ctx, instanceID)
	if err != nil {
		return fmt.Errorf("%s %s: %w", operation, excerpt(instanceID), err)
	}
	if !slices.Contains(states, s.Status) {
		return &StateError{Operation: operation, InstanceID: instanceID, Status: s.Status}
	}
	if err := c.send(ctx, instanceID, e, h); err != nil {
		return fmt.Errorf("%s %s: %w", operation, excerpt(instanceID), err)
	}
	return nil
}

// Rewind lets an instance that has failed try again what failed: activities that failed are scheduled again, children that failed are rewound,
// and the failure of the orchestrator itself is taken back. The error is ErrInstanceNotFound, or a *NotFailedError.
func (c *Client) Rewind(ctx context.Context, instanceID string, reason *string) error {
	if err := c.backend.Rewind(ctx, instanceID, reason); err != nil {
		return fmt.Errorf("rewind %s: %w", excerpt(instanceID), err)
	}
	return nil
}

// SourceInstanceTag is the tag of a restarted instance that has another id than the one it repeats. Its value is that one's id.
const SourceInstanceTag = "MS_DurableFunctions_SourceInstanceId"

// Restart starts the orchestrator of an instance again with the same input and tags, and returns the id of the new instance: a random one,
// or that of an InstanceID option, which may be the old instance's own if that has ended. An instance with another id than the old one gets
// the tag SourceInstanceTag (ext 3.19: DurableClient.RestartAsync). Errors are those of Get and Schedule.
func (c *Client) Restart(ctx context.Context, instanceID string, options ...StartOption) (string, error) {
	s, err := c.backend.Get(ctx, instanceID)
	if err != nil {
		return "", fmt.Errorf("restart %s: %w", excerpt(instanceID), err)
	}
	before := startFunc(func(o *start) { o.tags, o.anyName = s.Tags, true })
	after := startFunc(func(o *start) {
		if o.id != instanceID {
			o.tags = merge(o.tags, Tags{SourceInstanceTag: instanceID})
		}
	})
	return c.ScheduleJSON(ctx, s.Name, s.Input, slices.Concat([]StartOption{before}, options, []StartOption{after})...)
}
