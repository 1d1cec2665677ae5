package durabletask

import (
	"context"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Instance is an instance whose result has type O.
type Instance[O any] struct {
	ID     string
	client *Client
}

// Wait waits until the instance has ended and returns its result. If it failed the error is a *TaskError; if somebody terminated it, one of
// kind ErrTerminated. The context ends the wait, not the instance.
func (i *Instance[O]) Wait(ctx context.Context) (O, error) {
	var zero O
	s, err := i.client.Wait(ctx, i.ID)
	if err != nil {
		return zero, err
	}
	switch s.Status {
	case history.Completed:
		return decode[O](s.Output)
	case history.Terminated:
		reason := "terminated"
		if s.Output != nil {
			reason += ": " + *s.Output
		}
		return zero, &TaskError{Task: s.Name, Kind: string(ErrTerminated), Message: reason}
	default:
		return zero, i.client.failureOf(s)
	}
}

func (c *Client) failureOf(s *State) error {
	f := s.Failure
	if f == nil {
		f = &history.FailureDetails{ErrorType: "(unknown)"}
		if s.Output != nil {
			f.ErrorMessage = *s.Output
		}
	}
	var kinds errorKinds
	if c.app != nil {
		kinds = c.app.errors
	}
	return kinds.taskError(s.Name, f)
}
