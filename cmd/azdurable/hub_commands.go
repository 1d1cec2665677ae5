package main

import (
	"context"
	"errors"

	"github.com/azdurable/azdurable/durabletask/history"
)

// hubCommands are the commands about a task hub as a whole.
type hubCommands struct {
	target  `embed:""`
	Create  hubCreateCommand  `cmd:"" help:"Make a task hub, if it is not there."`
	Info    hubInfoCommand    `cmd:"" help:"Tell where a task hub is, and what is in it."`
	Compact hubCompactCommand `cmd:"" help:"Give the space of what was purged from an embedded store back to the disk."`
	Delete  hubDeleteCommand  `cmd:"" help:"Delete a task hub with everything in it."`
}

type hubCreateCommand struct{}

// Help is what --help adds.
func (hubCreateCommand) Help() string {
	return `An app makes its hub by itself. Partition count and names come from host.json here.

  azdurable hub create --connection AzureWebJobsStorage --hub Orders`
}

// Run makes a task hub.
func (hubCreateCommand) Run(ctx context.Context, o *outside, t *target) error {
	if err := t.check(); err != nil {
		return err
	}
	if t.Connection == "" && t.Data == "" {
		return notOverHTTP("making a task hub")
	}
	h, err := openDirect(ctx, t, o, true)
	if err != nil {
		return err
	}
	s := &session{hub: h, outside: o, json: t.JSON}
	return errors.Join(
		s.tell("Task hub '%s' is there, in %s.", h.Name, h.where()),
		s.result(&hubInfo{Hub: h.Name, Where: h.where()}),
		h.close(context.WithoutCancel(ctx)),
	)
}

type hubInfoCommand struct {
	Count bool `help:"Count the instances in each state, also where that means reading all of them."`
}

// Help is what --help adds.
func (hubInfoCommand) Help() string {
	return `  azdurable hub info --count
  azdurable hub info --data .azdurable`
}

// Run describes a task hub.
func (c *hubInfoCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		info, err := s.describe(ctx)
		if err != nil {
			return err
		}
		if c.Count && info.Instances == nil {
			if err := s.count(ctx, info); err != nil {
				return err
			}
		}
		if s.json {
			return s.result(info)
		}
		return printFields(o.stdout, info.fields(o.now()))
	})
}

// count reads all instances.
func (s *session) count(ctx context.Context, info *hubInfo) error {
	info.Instances, info.Entities = make(map[string]int), new(0)
	for _, status := range allStatuses() {
		info.Instances[status] = 0
	}
	q := instanceQuery{size: largestPage, anyOrder: true}
	for {
		p, err := s.list(ctx, q)
		if err != nil {
			return err
		}
		for _, i := range p.items {
			if history.IsEntity(i.InstanceID) {
				*info.Entities++
			} else {
				info.Instances[i.RuntimeStatus]++
			}
		}
		if q.token = p.next; q.token == "" {
			return nil
		}
	}
}

type hubDeleteCommand struct {
	confirmation `embed:""`
}

// Help is what --help adds.
func (hubDeleteCommand) Help() string {
	return `Stop its apps first: they would go on with what is in their memory, and fail.
Azure Storage keeps the names of what is deleted for some time, so that a hub of the same name can't be made at once.

  azdurable hub delete --connection AzureWebJobsStorage --hub Orders`
}

// Run deletes a task hub.
func (c *hubDeleteCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		if err := s.removable(); err != nil {
			return err
		}
		info, err := s.describe(ctx)
		if err != nil {
			return err
		}
		if err := c.ask(o, "Delete the task hub '"+info.Hub+"' in "+info.Where+" with everything in it?"); err != nil {
			return err
		}
		if err := s.remove(ctx); err != nil {
			return err
		}
		return errors.Join(s.tell("Task hub '%s' successfully deleted.", info.Hub), s.result(info))
	})
}
