package main

import "context"

type poisonGetCommand struct {
	ID string `arg:"" help:"Id of the message."`
}

// Run prints a message.
func (c *poisonGetCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		m, err := s.poisonMessage(ctx, c.ID)
		if err != nil {
			return err
		}
		if s.json {
			return s.result(m)
		}
		return printFields(s.stdout, [][2]string{
			{"Message", visible(m.ID)},
			{"Queue", visible(m.Queue)},
			{"Instance", visible(m.InstanceID)},
			{"Kind", visible(m.Kind)},
			{"Name", visible(m.Name)},
			{"Given up", exact(m.At, s.now()) + " after " + number(m.Tries) + " tries"},
			{"Reason", visible(m.Reason)},
			{"Text", visible(m.Text)},
		})
	})
}
