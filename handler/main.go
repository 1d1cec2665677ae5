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

// The exit codes of a program. Under the Functions host 0 makes the host believe that all is well and never start the program again, so it is only for a stop
// on order.
const (
	exitClean  = 0
	exitFailed = 1
	exitUsage  = 2
)

// Main runs an app until it is told to stop, and exits. The triggers are its functions. The program's flags are Main's.
func Main(app *durabletask.App, triggers ...bindings.Trigger) {
	os.Exit(run(app, triggers, os.Args[1:], os.Stdout, os.Stderr))
}

// run is Main with the outside world as arguments.
func run(app *durabletask.App, triggers []bindings.Trigger, args []string, stdout, stderr io.Writer) int {
	complain := func(err error) { fmt.Fprintf(stderr, "azdurable: %v\n", err) }
	host, err := findHost(os.LookupEnv)
	if err != nil {
		complain(err)
		return exitFailed
	}
	level := new(slog.LevelVar)
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	if host.present() {
		log = withInvocations(slog.New(newHostLog(stdout, stderr, level)))
		checkProxy(os.LookupEnv, log)
	}
	slog.SetDefault(log)
	o, err := configure(host, triggers, args, log, stdout)
	if err == nil {
		err = setLevel(level, o.Extension.Settings.LogLevel)
	}
	switch {
	case err == nil:
	case host.present(): // it stays up and says what is wrong, or nobody would learn
		o = Options{Listen: host.address(), Extension: extension.Options{Logger: log, Settings: &extension.AppSettings{Port: host.port}}, problem: err}
	case errors.Is(err, flag.ErrHelp):
		return exitClean
	default:
		complain(err)
		if _, usage := errors.AsType[*usageError](err); usage {
			return exitUsage
		}
		return exitFailed
	}
	if o.instead != nil {
		return o.instead(app, o.Extension, stdout, stderr)
	}
	ctx, release := untilSignal(log)
	defer release()
	if err := Serve(ctx, app, o); err != nil {
		complain(err)
		return exitFailed
	}
	return exitClean
}

// setLevel makes a log begin at a level; with nothing said it stays at info.
func setLevel(level *slog.LevelVar, text string) error {
	if text == "" {
		return nil
	}
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("AZDURABLE_LOG_LEVEL is %q; it may be debug, info, warn or error", text)
	}
	return nil
}

// usageError is a mistake on the command line.
type usageError struct{ error }

// configure reads settings and flags.
func configure(host functionsHost, triggers []bindings.Trigger, args []string, log *slog.Logger, stdout io.Writer) (Options, error) {
	if err := extension.ApplyLocalSettings("."); err != nil && !(host.present() && errors.Is(err, extension.ErrEncrypted)) {
		return Options{}, err //nolint:wrapcheck // it says what to change
	}
	settings, err := extension.ReadAppSettings()
	if err != nil {
		return Options{}, err //nolint:wrapcheck // as above
	}
	settings.Port = host.port
	f, err := parseFlags(args, &settings, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp) && host.present():
		return Options{}, errHelp
	case errors.Is(err, flag.ErrHelp):
		return Options{}, err
	case err != nil:
		return Options{}, &usageError{err}
	case host.unclear != "" && !f.listens && f.instead() == nil:
		return Options{}, fmt.Errorf("%s is set, as by the Functions host, but %s is not: the host says where to listen; "+
			"to run the app without the host, say where with -listen %s, or unset %s", host.unclear, portVariable, DefaultListen, runtimeVariable)
	}
	return f.options(triggers, &settings, log, stdout), nil
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
