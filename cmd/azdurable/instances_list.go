package main

import (
	"context"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// filter are the flags that select instances. Commands embed it.
type filter struct {
	Status        []string `placeholder:"STATUS" help:"Only instances in these states, in any letter case."`
	Name          string   `placeholder:"NAME" help:"Only instances of this orchestrator."`
	Prefix        string   `placeholder:"TEXT" help:"Only instances whose ids begin so."`
	CreatedAfter  string   `placeholder:"TIME" help:"Only instances started since: 2026-11-27T10:00:00Z, or how long ago (24h, 7d)."`
	CreatedBefore string   `placeholder:"TIME" help:"Only instances started until then."`
}

// query makes a query of the filter. The name is not part of it: no store can look for names.
func (f *filter) query(now time.Time) (q instanceQuery, err error) {
	q.prefix = f.Prefix
	if q.statuses, err = parseStatuses(f.Status); err != nil {
		return q, err
	}
	if q.from, err = parseTime("--created-after", f.CreatedAfter, now); err != nil {
		return q, err
	}
	q.to, err = parseTime("--created-before", f.CreatedBefore, now)
	return q, err
}

func (f *filter) named(i *instance) bool { return f.Name == "" || strings.EqualFold(f.Name, i.Name) }

type listCommand struct {
	filter    `embed:""`
	paging    `embed:""`
	Entities  bool `help:"List entities, too, which are instances underneath."`
	ShowInput bool `help:"Print inputs, too. (Only with --json.)"`
}

// Help is what --help adds.
func (listCommand) Help() string {
	return `Instances are listed in the order of their ids.

  azdurable instances list --status failed --created-after 24h
  azdurable instances list --name HelloCities --all --json | jq -r .instanceId`
}

// Run lists instances.
func (c *listCommand) Run(ctx context.Context, o *outside, t *target) error {
	q, err := c.query(o.now())
	if err != nil {
		return err
	}
	q.inputs = c.ShowInput && t.JSON
	limit, err := c.limit()
	if err != nil {
		return err
	}
	return t.use(ctx, o, func(s *session) error {
		list := table{heading: []string{"INSTANCE", "STATUS", "CREATED", "UPDATED", "NAME"}}
		read := func(size int, token string) (page[*instance], error) {
			q.size, q.token = size, token
			return s.list(ctx, q)
		}
		wanted := func(i *instance) bool { return (c.Entities || !history.IsEntity(i.InstanceID)) && c.named(i) }
		next, err := collect(limit, c.ContinuationToken, wanted, read, func(i *instance) error {
			if s.json {
				return s.result(i)
			}
			list.rows = append(list.rows, []cell{
				{text: i.InstanceID}, statusCell(i.RuntimeStatus), {text: relative(i.Created, o.now())}, {text: relative(i.Updated, o.now())}, {text: i.Name},
			})
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
