package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

type startCommand struct {
	Package string   `default:"./functions" help:"The app's main package; default: ${default}."`
	Host    bool     `help:"Start it under the Functions host (func start)."`
	Args    []string `arg:"" optional:"" help:"Behind --: flags of the app, or of func start." placeholder:"FLAGS"`
}

// Run builds the app and becomes it, so that signals reach it and its exit code is this command's.
func (c *startCommand) Run(o *outside) error {
	program, err := executable()
	if err != nil {
		return err
	}
	if c.Host {
		return c.underHost(o, program)
	}
	if runtime.GOOS == "windows" && filepath.Ext(program) == "" {
		program += ".exe"
	}
	if err := o.goRun(native(), "build", "-o", program, c.Package); err != nil {
		return err
	}
	return o.become(program, append([]string{program}, c.Args...))
}

// underHost makes what the host reads, and becomes func start.
func (c *startCommand) underHost(o *outside, program string) error {
	tool, err := exec.LookPath("func")
	if err != nil {
		return fmt.Errorf("func is not there: install Azure Functions Core Tools (npm install -g azure-functions-core-tools@4), or leave out --host: %w", err)
	}
	generate := generateCommand{Package: c.Package, Root: "."}
	if err := generate.Run(o); err != nil {
		return err
	}
	if err := o.goRun(native(), "build", "-o", program, c.Package); err != nil {
		return err
	}
	return o.become(tool, append([]string{"func", "start"}, c.Args...))
}

// exited is the exit code of a program that this command stood for.
type exited int

// Error says nothing: the program has.
func (e exited) Error() string { return "" }

// absolute is a program's path as every system finds it.
func absolute(program string) (string, error) {
	if filepath.IsAbs(program) {
		return program, nil
	}
	folder, err := os.Getwd()
	return filepath.Join(folder, program), err //nolint:wrapcheck // os names the call
}
