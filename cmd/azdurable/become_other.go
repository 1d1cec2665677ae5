//go:build !unix

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// become runs a program in place of this one: a process can't be replaced here, so this one waits. Ctrl-C reaches both, and only the program heeds it.
func (o *outside) become(program string, args []string) error {
	path, err := absolute(program)
	if err != nil {
		return err
	}
	signal.Ignore(os.Interrupt)
	cmd := exec.CommandContext(context.Background(), path, args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.stdin, o.stdout, o.stderr
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exited(exit.ExitCode())
	}
	return err //nolint:wrapcheck // it names the program
}
