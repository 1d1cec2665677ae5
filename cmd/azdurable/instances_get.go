package main

import (
	"context"
	"io"
)

type getCommand struct {
	ID         string `arg:"" help:"Id of the instance."`
	ShowInput  bool   `negatable:"" default:"true" help:"Print the input."`
	ShowOutput bool   `negatable:"" default:"true" help:"Print the output."`
}

// Help is what --help adds.
func (getCommand) Help() string {
	return `  azdurable instances get hello-1
  azdurable instances get hello-1 --json | jq .output`
}

// Run prints the state of an instance.
func (c *getCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		i, err := s.get(ctx, c.ID, view{inputs: c.ShowInput})
		if err != nil {
			return err
		}
		if !c.ShowOutput {
			i.Output = nil
		}
		return s.state(i)
	})
}

// state prints an instance.
func (s *session) state(i *instance) error {
	if s.json {
		return s.result(i)
	}
	status := i.RuntimeStatus
	if colour := statusColour(status); s.colours() && colour != "" {
		status = colour + status + plain
	}
	return printFields(s.stdout, [][2]string{
		{"Instance", visible(i.InstanceID)},
		{"Name", visible(i.Name)},
		{"Version", visible(i.Version)},
		{"Status", status},
		{"Created", exact(i.Created, s.now())},
		{"Updated", exact(i.Updated, s.now())},
		{"Input", text(i.Input)},
		{"Custom status", text(i.CustomStatus)},
		{"Output", text(i.Output)},
	})
}

// printFields prints names and values below each other, those that have a value.
func printFields(w io.Writer, fields [][2]string) error {
	const nameWidth = 15
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		if err := printf(w, "%-*s%s\n", nameWidth, f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}
