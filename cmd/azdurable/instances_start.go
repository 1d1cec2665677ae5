package main

import "context"

type instanceStartCommand struct {
	Name    string  `arg:"" help:"Name of the orchestrator."`
	Input   string  `arg:"" optional:"" help:"Input: JSON, @file, or - for stdin."`
	ID      string  `placeholder:"ID" help:"Id of the instance; default: a random one."`
	Version *string `placeholder:"VERSION" help:"Version of the code it asks for; default: the app's."`
	payload `embed:""`
}

// Help is what --help adds.
func (instanceStartCommand) Help() string {
	return `  azdurable instances start HelloCities '["Tokyo","Oslo"]' --id hello-1
  azdurable instances start Import @order.json
  azdurable instances start Greet Ada --text`
}

// Run starts an instance.
func (c *instanceStartCommand) Run(ctx context.Context, o *outside, t *target) error {
	input, err := c.read(c.Input, o.stdin)
	if err != nil {
		return err
	}
	return t.use(ctx, o, func(s *session) error {
		id, err := s.start(ctx, startRequest{name: c.Name, id: c.ID, version: c.Version, input: input})
		if err != nil {
			return err
		}
		i, err := s.get(ctx, id, view{})
		if err != nil {
			return fail(codeOf(err), "Could not start new instance '%s'. (%w)", id, err)
		}
		if err := s.result(struct {
			InstanceID string `json:"instanceId"`
		}{id}); err != nil {
			return err
		}
		return s.sent("Started '%s' at %s. Instance ID: '%s'.", visible(c.Name), i.Created.UTC().Format("2006-01-02T15:04:05Z"), visible(id))
	})
}
