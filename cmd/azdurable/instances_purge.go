package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

type purgeCommand struct {
	ID           string `arg:"" optional:"" help:"Id of the instance; without it, all that the filters select."`
	filter       `embed:""`
	All          bool `help:"All instances that have ended."`
	DryRun       bool `help:"Only count."`
	confirmation `embed:""`
}

// Help is what --help adds.
func (purgeCommand) Help() string {
	return `Only instances that have ended are removed, whatever the filters select, and no entities. They are removed one by one,
so that the command can be interrupted and made again.

  azdurable instances purge hello-1
  azdurable instances purge --created-before 30d --status completed --yes`
}

// Run purges instances.
func (c *purgeCommand) Run(ctx context.Context, o *outside, t *target) error {
	q, err := c.selection(o.now())
	if err != nil {
		return err
	}
	return t.use(ctx, o, func(s *session) error {
		if c.ID != "" {
			return c.one(ctx, s)
		}
		return c.many(ctx, s, q)
	})
}

// selection makes a query of the flags, and insists on some.
func (c *purgeCommand) selection(now time.Time) (instanceQuery, error) {
	q, err := c.query(now)
	if err != nil {
		return q, err
	}
	filtered := len(c.Status) > 0 || c.Name != "" || c.Prefix != "" || !q.from.IsZero() || !q.to.IsZero()
	switch {
	case c.ID != "" && (filtered || c.All):
		return q, fail(exitUsage, "an id and filters don't go together")
	case c.ID == "" && !filtered && !c.All:
		return q, fail(exitUsage, "say what to purge: an id, filters such as --created-before 30d, or --all")
	}
	ends := []string{history.Completed.String(), history.Failed.String(), history.Terminated.String(), history.Canceled.String()}
	if len(q.statuses) == 0 {
		q.statuses = ends
	}
	for _, status := range q.statuses {
		if !slices.Contains(ends, status) {
			return q, fail(exitUsage, "--status %s: only instances that have ended can be purged: %s", status, strings.Join(ends, ", "))
		}
	}
	return q, nil
}

// purged is what programs are told.
type purged struct {
	Deleted int `json:"instancesDeleted"`
}

// wouldPurge tells what a dry run has found.
func (s *session) wouldPurge(n int) error {
	return errors.Join(s.tell("Instances to delete: %d", n), s.result(struct {
		Found int `json:"instancesToDelete"`
	}{n}))
}

func (c *purgeCommand) one(ctx context.Context, s *session) error {
	i, err := s.get(ctx, c.ID, view{})
	switch {
	case err != nil:
		return err
	case !i.terminal() && !history.IsEntity(c.ID):
		return stillRunning("the instance '" + visible(c.ID) + "' is " + i.RuntimeStatus)
	case c.DryRun:
		return s.wouldPurge(1)
	}
	if err := c.ask(s.outside, "Purge the instance '"+visible(c.ID)+"' ("+i.RuntimeStatus+") in "+s.where()+"?"); err != nil {
		return err
	}
	if err := s.purge(ctx, c.ID); err != nil {
		return err
	}
	return errors.Join(s.tell("Purged orchestration history for instance '%s'\nInstances deleted: 1", visible(c.ID)), s.result(purged{1}))
}

func (c *purgeCommand) many(ctx context.Context, s *session, q instanceQuery) error {
	if c.DryRun {
		n, err := c.each(ctx, s, q, func(ids []string, done func(int)) error {
			done(len(ids))
			return nil
		})
		return errors.Join(err, s.wouldPurge(n))
	}
	if err := c.ask(s.outside, "Purge all instances in "+s.where()+describe(&q, c.Name)+"?"); err != nil {
		return err
	}
	n, err := c.each(ctx, s, q, func(ids []string, done func(int)) error { return s.purgeAll(ctx, ids, done) })
	if err == nil {
		err = s.tell("Purged orchestration history for all instances%s", describe(&q, c.Name))
	}
	return errors.Join(s.tell("Instances deleted: %d", n), s.result(purged{n}), err)
}

// each hands over the instances that are selected, page by page, and returns how many are done.
func (c *purgeCommand) each(ctx context.Context, s *session, q instanceQuery, do func(ids []string, done func(n int)) error) (int, error) {
	bar := progress{o: s.outside, what: "Instances deleted"}
	defer bar.end()
	q.size, q.anyOrder = largestPage, true
	for {
		p, err := s.list(ctx, q)
		if err != nil {
			return bar.n, err
		}
		var ids []string
		for _, i := range p.items {
			if !history.IsEntity(i.InstanceID) && c.named(i) {
				ids = append(ids, i.InstanceID)
			}
		}
		if err := do(ids, bar.add); err != nil {
			return bar.n, err
		}
		if q.token = p.next; q.token == "" {
			return bar.n, nil
		}
	}
}

// describe says in the words of func durable which instances are meant.
func describe(q *instanceQuery, name string) string {
	var b strings.Builder
	if name != "" {
		b.WriteString(" of " + visible(name))
	}
	if q.prefix != "" {
		b.WriteString(" whose ids begin with '" + visible(q.prefix) + "'")
	}
	b.WriteString(" created between '" + bound(q.from, "the beginning") + "' and '" + bound(q.to, "now") + "'")
	b.WriteString(" and whose runtime status matched one of the following: [" + strings.Join(q.statuses, ", ") + "]")
	return b.String()
}

func bound(t time.Time, otherwise string) string {
	if t.IsZero() {
		return otherwise
	}
	return t.UTC().Format(time.RFC3339)
}
