package main

import (
	"bufio"
	"errors"
	"strings"
)

// confirmation is the flag of commands that destroy something. They embed it.
type confirmation struct {
	Yes bool `short:"y" help:"Don't ask."`
}

var errNotConfirmed = errors.New("nothing was done")

// ask asks whether to go on. Where nobody can answer, --yes has to be given.
func (c *confirmation) ask(o *outside, question string) error {
	if c.Yes {
		return nil
	}
	if !o.keyboard {
		return fail(exitUsage, "%s Nobody is there to answer: pass --yes to go on", question)
	}
	if err := printf(o.stderr, "%s [y/N] ", question); err != nil {
		return err
	}
	answer, _ := bufio.NewReader(o.stdin).ReadString('\n') // no answer is a no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errNotConfirmed
}
