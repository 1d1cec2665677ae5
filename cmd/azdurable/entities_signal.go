package main

import (
	"context"
	"errors"
)

type entitySignalCommand struct {
	ID        string `arg:"" help:"The entity: <name>@<key>."`
	Operation string `arg:"" help:"Name of the operation."`
	Input     string `arg:"" optional:"" help:"Input: JSON, @file, or - for stdin."`
	payload   `embed:""`
}

// Help is what --help adds.
func (entitySignalCommand) Help() string {
	return `Nobody says whether the operation succeeds. An entity that is not there is made by it.

  azdurable entities signal counter@a add 5
  azdurable entities signal counter@a delete`
}

// Run signals an entity.
func (c *entitySignalCommand) Run(ctx context.Context, o *outside, t *target) error {
	id, err := parseEntity(c.ID)
	if err != nil {
		return err
	}
	input, err := c.read(c.Input, o.stdin)
	if err != nil {
		return err
	}
	return t.use(ctx, o, func(s *session) error {
		if err := s.signal(ctx, id, c.Operation, input); err != nil {
			return err
		}
		return errors.Join(
			s.sent("Sent the operation '%s' to entity '%s'.", visible(c.Operation), visible(id.String())),
			s.result(struct {
				Entity    string `json:"entity"`
				Operation string `json:"operation"`
			}{id.String(), c.Operation}),
		)
	})
}
