package main

import (
	"context"

	"github.com/azdurable/azdurable/durabletask"
)

type entitiesListCommand struct {
	Name                string `arg:"" optional:"" help:"Only entities of this name."`
	paging              `embed:""`
	LastOperationAfter  string `placeholder:"TIME" help:"Only entities whose last operation was since: 2026-11-27T10:00:00Z, or how long ago (24h, 7d)."`
	LastOperationBefore string `placeholder:"TIME" help:"Only entities whose last operation was until then."`
	State               bool   `help:"Print the states, too."`
}

// Help is what --help adds.
func (entitiesListCommand) Help() string {
	return `  azdurable entities list counter --state
  azdurable entities list --all --json | jq -r '.entityId | "\(.name)@\(.key)"'`
}

// Run lists entities.
func (c *entitiesListCommand) Run(ctx context.Context, o *outside, t *target) error {
	q := entityQuery{name: c.Name, states: c.State}
	limit, err := c.limit()
	if err != nil {
		return err
	}
	if q.from, err = parseTime("--last-operation-after", c.LastOperationAfter, o.now()); err != nil {
		return err
	}
	if q.to, err = parseTime("--last-operation-before", c.LastOperationBefore, o.now()); err != nil {
		return err
	}
	return t.use(ctx, o, func(s *session) error {
		list := table{heading: []string{"ENTITY", "LAST OPERATION"}}
		if c.State {
			list.heading = append(list.heading, "STATE")
		}
		read := func(size int, token string) (page[*entity], error) {
			q.size, q.token = size, token
			return s.entities(ctx, q)
		}
		next, err := collect(limit, c.ContinuationToken, func(*entity) bool { return true }, read, func(e *entity) error {
			if s.json {
				return s.result(e)
			}
			row := []string{durabletask.EntityID{Name: e.ID.Name, Key: e.ID.Key}.String(), relative(e.LastOperation, o.now())}
			if c.State {
				row = append(row, text(e.State))
			}
			list.add(row...)
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.show(&list); err != nil {
			return err
		}
		return c.end(s, next)
	})
}
