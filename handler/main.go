package handler

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
)

// The exit codes of a program.
const (
	exitClean  = 0
	exitFailed = 1
	exitUsage  = 2
)

// Main runs an app until it is told to stop, and exits. The triggers are its HTTP functions. The program's flags are Main's.
func Main(app *durabletask.App, triggers ...bindings.Trigger) {
	os.Exit(run(app, triggers, os.Args[1:], os.Stdout, os.Stderr))
}

// run is Main with the outside world as arguments.
func run(app *durabletask.App, triggers []bindings.Trigger, args []string, stdout, stderr io.Writer) int {
	log := slog.New(slog.NewTextHandler(stderr, nil))
	slog.SetDefault(log)
	if err := extension.ApplyLocalSettings("."); err != nil {
		fmt.Fprintf(stderr, "azdurable: %v\n", err)
		return exitFailed
	}
	settings, err := extension.ReadAppSettings()
	if err != nil {
		fmt.Fprintf(stderr, "azdurable: %v\n", err)
		return exitFailed
	}
	f, err := parseFlags(args, &settings, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return exitClean
	}
	if err != nil {
		fmt.Fprintf(stderr, "azdurable: %v\n", err)
		return exitUsage
	}
	o := f.options(triggers, &settings, log, stdout)
	if o.instead != nil {
		return o.instead(app, o.Extension, stdout, stderr)
	}
	ctx, release := untilSignal(log)
	defer release()
	if err := Serve(ctx, app, o); err != nil {
		fmt.Fprintf(stderr, "azdurable: %v\n", err)
		return exitFailed
	}
	return exitClean
}

// options turns flags into what Serve takes.
func (f *flags) options(triggers []bindings.Trigger, settings *extension.AppSettings, log *slog.Logger, stdout io.Writer) Options {
	return Options{
		Listen: f.listen, MaxBody: f.maxBody, Output: stdout, instead: f.instead(),
		Extension: extension.Options{
			Triggers: triggers, Store: f.store, Data: f.data, Hub: f.hub, Key: f.key, Logger: log, Settings: settings,
		},
	}
}
