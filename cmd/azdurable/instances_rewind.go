package main

import (
	"context"
	"errors"
)

type rewindCommand struct {
	reasoned `embed:""`
}

// Help is what --help adds.
func (rewindCommand) Help() string {
	return `Activities that failed are scheduled again, children that failed are rewound, and the orchestrator goes on from there.

  azdurable instances rewind import-7 --reason 'the database is back'`
}

// Run rewinds an instance. (core-tools: DurableManager.Rewind.)
func (c *rewindCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		before, err := s.get(ctx, c.ID, view{})
		if err != nil {
			return err
		}
		if err := s.control(ctx, rewind, c.ID, c.Reason); err != nil {
			return err
		}
		if err := s.tell("Rewind message sent to instance '%s'. Retrieving new status now...", visible(c.ID)); err != nil {
			return err
		}
		after, err := s.effect(ctx, c.ID, func(i *instance) bool { return i.RuntimeStatus != before.RuntimeStatus })
		if err != nil {
			return err
		}
		return errors.Join(
			s.tell("Status before rewind: %s\nStatus after rewind: %s", before.RuntimeStatus, after.RuntimeStatus),
			s.result(changed{c.ID, after.RuntimeStatus}),
		)
	})
}
