package main

import (
	"context"
	"errors"
	"time"
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
	return c.send(ctx, o, t, suspend, "suspension", func(i *instance) bool { return i.RuntimeStatus == "Suspended" })
}

type resumeCommand struct {
	reasoned `embed:""`
}

// Run resumes an instance.
func (c *resumeCommand) Run(ctx context.Context, o *outside, t *target) error {
	return c.send(ctx, o, t, resume, "resumption", func(i *instance) bool { return i.RuntimeStatus != "Suspended" })
}

// send sends a message, and looks for a moment whether it has taken effect.
func (c *reasoned) send(ctx context.Context, o *outside, t *target, operation, message string, done func(*instance) bool) error {
	return t.use(ctx, o, func(s *session) error {
		if err := s.control(ctx, operation, c.ID, c.Reason); err != nil {
			return err
		}
		i, err := s.effect(ctx, c.ID, done)
		if err != nil {
			return err
		}
		return errors.Join(
			s.sent("Sent a %s message to instance '%s', which is %s now.", message, visible(c.ID), i.RuntimeStatus),
			s.result(changed{c.ID, i.RuntimeStatus}),
		)
	})
}

// effectTime is how long to look for the effect of a message, as func durable does.
const effectTime = 3 * time.Second

// effect looks at an instance until a message has taken effect, or some time has passed.
func (s *session) effect(ctx context.Context, id string, done func(*instance) bool) (*instance, error) {
	i, err := s.watch(ctx, effectTime, id, view{}, func(i *instance) bool { return done(i) || !s.alive() })
	if errors.Is(err, context.DeadlineExceeded) {
		return i, nil
	}
	return i, err
}
