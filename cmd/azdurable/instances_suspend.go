package main

import (
	"context"
	"errors"
)

type suspendCommand struct {
	reasoned `embed:""`
}

// Help is what --help adds.
func (suspendCommand) Help() string {
	return `What arrives meanwhile is kept; activities go on.

  azdurable instances suspend hello-1 --reason 'the shop is closed'`
}

// Run suspends an instance.
func (c *suspendCommand) Run(ctx context.Context, o *outside, t *target) error {
	return c.send(ctx, o, t, suspend, "suspension")
}

type resumeCommand struct {
	reasoned `embed:""`
}

// Run resumes an instance.
func (c *resumeCommand) Run(ctx context.Context, o *outside, t *target) error {
	return c.send(ctx, o, t, resume, "resumption")
}

// send sends a message that takes effect soon.
func (c *reasoned) send(ctx context.Context, o *outside, t *target, operation, message string) error {
	return t.use(ctx, o, func(s *session) error {
		if err := s.control(ctx, operation, c.ID, c.Reason); err != nil {
			return err
		}
		i, err := s.get(ctx, c.ID, view{})
		if err != nil {
			return err
		}
		return errors.Join(s.sent("Sent a %s message to instance '%s'.", message, visible(c.ID)), s.result(changed{c.ID, i.RuntimeStatus}))
	})
}
