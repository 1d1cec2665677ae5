package main

import (
	"context"
	"errors"
	"time"
)

// reasoned are the id and the reason of a command that steers an instance. Commands embed it.
type reasoned struct {
	ID     string  `arg:"" help:"Id of the instance."`
	Reason *string `placeholder:"TEXT" help:"Why, for whoever looks at the instance later."`
}

type terminateCommand struct {
	reasoned `embed:""`
	Timeout  time.Duration `default:"30s" help:"How long to wait until it has ended; 0 only sends the message."`
}

// Help is what --help adds.
func (terminateCommand) Help() string {
	return `The reason becomes its output. Children go on, and so do activities, whose results are dropped.

  azdurable instances terminate hello-1 --reason 'started by mistake'`
}

// Run terminates an instance.
func (c *terminateCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		i, err := s.get(ctx, c.ID, view{})
		switch {
		case codeOf(err) == exitNotFound:
			return fail(exitNotFound, "Failed to find instance '%s'. No instance was terminated.", visible(c.ID))
		case err != nil:
			return err
		case i.RuntimeStatus != "Terminated":
			if err := s.control(ctx, terminate, c.ID, c.Reason); err != nil {
				return err
			}
			if c.Timeout <= 0 || !s.alive() {
				return errors.Join(s.sent("Sent a termination message to instance '%s'.", visible(c.ID)), s.result(changed{c.ID, i.RuntimeStatus}))
			}
			if err := s.tell("Sent a termination message to instance '%s'. Waiting up to %g seconds for the orchestration to actually terminate...",
				visible(c.ID), c.Timeout.Seconds()); err != nil {
				return err
			}
			if i, err = s.ended(ctx, c.ID, c.Timeout); err != nil {
				return err
			}
		}
		return errors.Join(s.tell("Successfully terminated '%s'", visible(c.ID)), s.result(changed{c.ID, i.RuntimeStatus}))
	})
}

// ended waits until a termination has taken effect.
func (s *session) ended(ctx context.Context, id string, timeout time.Duration) (*instance, error) {
	i, err := s.watch(ctx, timeout, id, view{}, (*instance).terminal)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fail(exitTimeout, "Instance did not terminate within the given timeout. Is an app running that has its task hub?")
	case err != nil:
		return nil, err
	case i.RuntimeStatus != "Terminated":
		return nil, fail(exitState, "the instance '%s' got ahead: it is %s", visible(id), i.RuntimeStatus)
	}
	return i, nil
}
