package main

import (
	"context"
	"errors"
)

type restartCommand struct {
	ID     string `arg:"" help:"Id of the instance."`
	SameID bool   `xor:"id" help:"Replace the instance, which must have ended, by the new one."`
	NewID  string `xor:"id" placeholder:"ID" help:"Id of the new instance; default: a random one."`
}

// Help is what --help adds.
func (restartCommand) Help() string {
	return `The old instance may be in any state, unless the new one is to take its id.

  azdurable instances restart hello-1 --new-id hello-2`
}

// Run restarts an instance.
func (c *restartCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		id, err := s.restart(ctx, c.ID, restartRequest{same: c.SameID, newID: c.NewID})
		if err != nil {
			return err
		}
		return errors.Join(
			s.sent("Restarted '%s'. Instance ID: '%s'.", visible(c.ID), visible(id)),
			s.result(struct {
				InstanceID string `json:"instanceId"`
			}{id}),
		)
	})
}
