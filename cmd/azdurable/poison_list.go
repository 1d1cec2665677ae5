package main

import "context"

type poisonListCommand struct {
	paging `embed:""`
}

// Help is what --help adds.
func (poisonListCommand) Help() string {
	return `The oldest come first.

  azdurable poison list --connection AzureWebJobsStorage --hub Orders`
}

// Run lists messages.
func (c *poisonListCommand) Run(ctx context.Context, o *outside, t *target) error {
	limit, err := c.limit()
	if err != nil {
		return err
	}
	return t.use(ctx, o, func(s *session) error {
		list := table{heading: []string{"ID", "GIVEN UP", "TRIES", "KIND", "NAME", "INSTANCE", "REASON"}}
		next, err := collect(limit, c.ContinuationToken, func(*poisoned) bool { return true }, func(size int, token string) (page[*poisoned], error) {
			return s.poison(ctx, size, token)
		}, func(m *poisoned) error {
			if s.json {
				return s.result(m)
			}
			list.add(m.ID, relative(m.At, o.now()), number(m.Tries), m.Kind, m.Name, m.InstanceID, m.Reason)
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
