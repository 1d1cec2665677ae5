package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// goOutput runs the go command in a folder and returns what it writes to its standard output.
func (o *outside) goOutput(folder string, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := o.program(folder, nil, &out, "go", args...)
	return out.Bytes(), err
}

// goRun runs the go command, with more variables in its environment; what it writes is for the person.
func (o *outside) goRun(env []string, args ...string) error {
	return o.program(".", env, o.stdout, "go", args...)
}

// native keeps a program that is to run on this machine from being built for another one.
func native() []string { return []string{"GOOS=", "GOARCH="} }

// program runs a program. The error names it with its arguments.
func (o *outside) program(folder string, env []string, stdout io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.stdin, stdout, o.stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}
