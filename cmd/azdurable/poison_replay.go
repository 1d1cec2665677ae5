package main

import (
	"context"
	"errors"
	"strconv"
)

// chosen says which messages are meant. Commands embed it.
type chosen struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Ids of the messages."`
	All bool     `help:"All of them."`
}

// ids returns the messages that are meant: all that there are now, or those that were named.
func (c *chosen) ids(ctx context.Context, s *session) ([]string, error) {
	switch {
	case c.All == (len(c.IDs) > 0):
		return nil, fail(exitUsage, "say which messages: their ids, or --all; 'azdurable poison list' shows them")
	case !c.All:
		return c.IDs, nil
	}
	var all []string
	_, err := collect(0, "", func(*poisoned) bool { return true }, func(size int, token string) (page[*poisoned], error) {
		return s.poison(ctx, size, token)
	}, func(m *poisoned) error {
		all = append(all, m.ID)
		return nil
	})
	return all, err
}

// each does something to one message after the other. What fails for one does not keep the others from it.
func (*chosen) each(ctx context.Context, ids []string, do func(ctx context.Context, id string) error) (int, error) {
	done := 0
	var failed error
	for _, id := range ids {
		if err := do(ctx, id); err != nil {
			failed = errors.Join(failed, fail(codeOf(err), "message %s: %w", visible(id), err))
			continue
		}
		done++
	}
	return done, failed
}

type poisonReplayCommand struct {
	chosen `embed:""`
}

// Help is what --help adds.
func (poisonReplayCommand) Help() string {
	return `A message has ten new tries. One whose instance has ended meanwhile stays: drop it.

  azdurable poison replay --all`
}

// Run replays messages.
func (c *poisonReplayCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		ids, err := c.ids(ctx, s)
		if err != nil {
			return err
		}
		n, err := c.each(ctx, ids, s.replayPoison)
		return errors.Join(s.sent("Messages put back: %d.", n), s.result(struct {
			Replayed int `json:"messagesReplayed"`
		}{n}), err)
	})
}

func number(n int) string { return strconv.Itoa(n) }
