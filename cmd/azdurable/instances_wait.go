package main

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// longestWait is how long a wait without limit lasts.
const longestWait = 10 * 365 * day

type waitCommand struct {
	ID      string        `arg:"" help:"Id of the instance."`
	Timeout time.Duration `default:"0" placeholder:"10m" help:"How long to wait, at most; default: without limit."`
}

// Help is what --help adds.
func (waitCommand) Help() string {
	return `It prints the instance as 'get' does. Exit code 0 means that it has completed, 8 that it has failed,
9 that it was terminated or cancelled, 7 that it goes on.

  azdurable instances wait hello-1 --timeout 10m && echo done`
}

// Run waits for an instance.
func (c *waitCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		i, err := s.watch(ctx, cmp.Or(max(c.Timeout, 0), longestWait), c.ID, view{inputs: true}, func(i *instance) bool { return i.terminal() || !s.alive() })
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return fail(exitTimeout, "the instance '%s' is %s after %s", visible(c.ID), i.RuntimeStatus, c.Timeout)
		case err != nil:
			return err
		case !i.terminal():
			return fail(exitState, "the instance '%s' is %s, and its app does not run while its store is open here: start the app and leave --data out",
				visible(c.ID), i.RuntimeStatus)
		}
		return errors.Join(s.state(i), outcome(i))
	})
}

// outcome is the error that gives the end of an instance its exit code.
func outcome(i *instance) error {
	switch i.RuntimeStatus {
	case "Failed":
		return fail(exitInstFailed, "the instance '%s' has failed", visible(i.InstanceID))
	case "Terminated", "Canceled":
		return fail(exitTerminated, "the instance '%s' was ended from outside: %s", visible(i.InstanceID), i.RuntimeStatus)
	}
	return nil
}
