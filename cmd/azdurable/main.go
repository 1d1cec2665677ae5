// Command azdurable makes apps and looks after them.
package main

import (
	"errors"
	"io"
	"os"

	"github.com/alecthomas/kong"
)

// commands is the command line: one member for each command, in a file of its own.
type commands struct {
	Init     initCommand     `cmd:"" help:"Make a new app."`
	Generate generateCommand `cmd:"" help:"Write what the Functions host reads: a folder for each function."`
	Start    startCommand    `cmd:"" help:"Build the app in the current folder and run it."`
	Package  packageCommand  `cmd:"" help:"Make the packages that Azure runs."`
	Deploy   deployCommand   `cmd:"" help:"Deploy a package to a Function App."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// outside is what commands see of the world.
type outside struct {
	stdout, stderr io.Writer
	stdin          io.Reader
}

func main() {
	os.Exit(run(os.Args[1:], &outside{stdout: os.Stdout, stderr: os.Stderr, stdin: os.Stdin}))
}

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is main with the outside world as arguments.
func run(args []string, o *outside) (code int) {
	var c commands
	left := false // kong writes help and then wants to leave
	parser := kong.Must(&c, kong.Name("azdurable"), kong.Description("Makes Durable Functions apps in Go and looks after them."),
		kong.Writers(o.stdout, o.stderr), kong.Exit(func(n int) { left, code = true, n }), kong.UsageOnError(), kong.Bind(o))
	command, err := parser.Parse(args)
	switch {
	case left:
		return code
	case err != nil:
		parser.Errorf("%v; azdurable --help lists the commands", err)
		return exitUsage
	}
	err = command.Run()
	if code, ok := errors.AsType[exited](err); ok {
		return int(code)
	}
	if err != nil {
		parser.Errorf("%v", err)
		return exitFailed
	}
	return exitDone
}
