// Command azdurable makes apps and looks after them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/alecthomas/kong"
)

// commands is the command line: one member for each command, in a file of its own.
type commands struct {
	Init       initCommand       `cmd:"" help:"Make a new app."`
	Generate   generateCommand   `cmd:"" help:"Write what the Functions host reads: a folder for each function."`
	Start      startCommand      `cmd:"" help:"Build the app in the current folder and run it."`
	Package    packageCommand    `cmd:"" help:"Make the packages that Azure runs."`
	Deploy     deployCommand     `cmd:"" help:"Deploy a package to a Function App."`
	Instances  instancesCommands `cmd:"" help:"List, start, steer and remove instances of orchestrations."`
	Entities   entitiesCommands  `cmd:"" help:"List, read, signal and clean up entities."`
	Hub        hubCommands       `cmd:"" help:"Make, describe, compact and delete a task hub."`
	Poison     poisonCommands    `cmd:"" help:"List, replay and drop messages that could not be processed."`
	Completion completionCommand `cmd:"" help:"Print a script that completes command lines in a shell."`
	Complete   completeCommand   `cmd:"" name:"__complete" hidden:"" passthrough:""`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

func main() { os.Exit(mainCode()) }

func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return run(ctx, os.Args[1:], here())
}

// run is main with the outside world as arguments.
func run(ctx context.Context, args []string, o *outside) (code int) {
	left := false // kong writes help and then wants to leave
	parser := newParser(&commands{}, ctx, o, func(n int) { left, code = true, n })
	command, err := parser.Parse(args)
	switch {
	case left:
		return code
	case err != nil:
		parser.Errorf("%v; %s --help explains", err, commandOf(err))
		return exitUsage
	}
	err = command.Run()
	if code, ok := errors.AsType[exited](err); ok {
		return int(code)
	}
	switch code := codeOf(err); code {
	case exitDone:
	case exitInterrupted:
		parser.Errorf("interrupted")
		return code
	default:
		parser.Errorf("%v", err)
		return code
	}
	return exitDone
}

// newParser makes the parser of the command line.
func newParser(c *commands, ctx context.Context, o *outside, exit func(int)) *kong.Kong { //nolint:revive // the context is one of many bindings
	return kong.Must(c, kong.Name("azdurable"), kong.Description(description()),
		kong.Writers(o.stdout, o.stderr), kong.Exit(exit), kong.Bind(o), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.WithHyphenPrefixedParameters(true), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: false, WrapUpperBound: helpWidth}))
}

// description is what the help begins with.
func description() string {
	var b strings.Builder
	b.WriteString("Makes Durable Functions apps in Go and looks after them.\n\nExit codes:\n\n")
	for _, c := range exitCodes() {
		fmt.Fprintf(&b, "  %-3d  %s\n", c.code, c.meaning)
	}
	return b.String()
}

// helpWidth is how long the lines of help may be.
const helpWidth = 110

// commandOf is how far a command line that is wrong got.
func commandOf(err error) string {
	if p, ok := err.(*kong.ParseError); ok && p.Context != nil { //nolint:errorlint // kong wraps nothing
		if node := p.Context.Selected(); node != nil {
			return "azdurable " + node.Path()
		}
	}
	return "azdurable"
}
