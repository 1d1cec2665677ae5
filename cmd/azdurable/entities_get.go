package main

import "context"

type entityGetCommand struct {
	ID string `arg:"" help:"The entity: <name>@<key>."`
}

// Help is what --help adds.
func (entityGetCommand) Help() string {
	return `The state is printed as it is, which is JSON, with --json and without.

  azdurable entities get counter@a`
}

// Run prints the state of an entity.
func (c *entityGetCommand) Run(ctx context.Context, o *outside, t *target) error {
	id, err := parseEntity(c.ID)
	if err != nil {
		return err
	}
	return t.use(ctx, o, func(s *session) error {
		state, err := s.entity(ctx, id)
		if err != nil {
			return err
		}
		return printJSON(s.stdout, state)
	})
}
