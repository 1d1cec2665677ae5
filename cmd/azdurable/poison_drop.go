package main

import (
	"context"
	"errors"
)

type poisonDropCommand struct {
	chosen       `embed:""`
	confirmation `embed:""`
}

// Help is what --help adds.
func (poisonDropCommand) Help() string {
	return `An instance whose start is dropped is terminated. One that waits for anything else that is dropped, such as a result, waits for ever.

  azdurable poison drop 17 18`
}

// Run drops messages.
func (c *poisonDropCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		ids, err := c.ids(ctx, s)
		if err != nil {
			return err
		}
		if err := c.ask(o, "Delete "+number(len(ids))+" messages in "+s.where()+" for good?"); err != nil {
			return err
		}
		n, err := c.each(ctx, ids, s.dropPoison)
		return errors.Join(s.tell("Messages deleted: %d", n), s.result(struct {
			Dropped int `json:"messagesDropped"`
		}{n}), err)
	})
}
