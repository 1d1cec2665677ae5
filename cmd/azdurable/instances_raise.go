package main

import "context"

type raiseCommand struct {
	ID      string `arg:"" help:"Id of the instance."`
	Event   string `arg:"" help:"Name of the event."`
	Payload string `arg:"" optional:"" name:"data" help:"What it carries: JSON, @file, or - for stdin; default: nothing."`
	payload `embed:""`
}

// Help is what --help adds.
func (raiseCommand) Help() string {
	return `  azdurable instances raise-event a-1 Approval '{"approved":true}'`
}

// Run raises an event.
func (c *raiseCommand) Run(ctx context.Context, o *outside, t *target) error {
	data, err := c.read(c.Payload, o.stdin)
	if err != nil {
		return err
	}
	return t.use(ctx, o, func(s *session) error {
		if err := s.raise(ctx, c.ID, c.Event, data); err != nil {
			return err
		}
		if err := s.result(struct {
			InstanceID string `json:"instanceId"`
			EventName  string `json:"eventName"`
		}{c.ID, c.Event}); err != nil {
			return err
		}
		return s.sent("Raised event '%s' to instance '%s'.", visible(c.Event), visible(c.ID))
	})
}
