package handler

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"github.com/azdurable/azdurable/extension"
)

// What flags are when they are not given.
const (
	// DefaultListen is where Functions apps listen when they are run locally.
	DefaultListen = "localhost:7071"
	// DefaultMaxBody is the limit of a request's body, in bytes.
	DefaultMaxBody = 16 << 20
)

type flags struct {
	listen, data, store, hub, key string
	maxBody                       int64
	listens                       bool   // -listen was given
	generate, check               string // folders
	version                       bool
}

const usage = `Runs the app: its orchestrations, its HTTP functions below /api, and the management API at
/runtime/webhooks/durabletask. Ctrl-C lets running work end and stops; a second one stops at once.

Flags:
`

const footer = `
The store AzureStorage is the account that AzureWebJobsStorage names.

Settings also come from host.json (extensions.durableTask) and, for runs without the Functions host,
local.settings.json, both in the working directory; from environment variables named
AzureFunctionsJobHost__extensions__durableTask__…, which override host.json; and from AZDURABLE_KEY
and AZDURABLE_PUBLIC_URL (https://host, what links in answers begin with). AZDURABLE_LOG_LEVEL is debug, info, warn or
error; AZDURABLE_METRICS=true serves counters for Prometheus at /metrics.
Under the Functions host (FUNCTIONS_CUSTOMHANDLER_PORT is set) the app listens on that port of 127.0.0.1.

-generate writes a folder with a function.json for each function that the Functions host calls, removes those that it wrote for functions
that are gone, and leaves alone what it did not write. -generate-check writes nothing, prints what differs, and fails if anything does.

Exit codes: 0 stopped as told, 1 could not start or run, or something differs, 2 bad flags, 130 and 143 stopped at once.
`

// parseFlags reads the command line. The error is flag.ErrHelp if help was asked for and has been written.
func parseFlags(args []string, settings *extension.AppSettings, help io.Writer) (*flags, error) {
	f := &flags{listen: DefaultListen}
	if settings.Port != "" {
		f.listen = net.JoinHostPort("127.0.0.1", settings.Port)
	}
	set := flag.NewFlagSet("azdurable", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.listen, "listen", f.listen, "the `address` to listen on: host:port; an address that other machines can reach needs -key")
	set.StringVar(&f.data, "data", filepath.Join(".", extension.DefaultFolder), "the `folder` in which the embedded store keeps its file, <hub>.db")
	set.StringVar(&f.store, "store", "", "the `kind` of store: local (embedded) or AzureStorage; default: as host.json says, else local")
	set.StringVar(&f.hub, "hub", "", "the `name` of the task hub: 3 to 45 letters and digits; default: hubName in host.json, else TestHubName")
	set.StringVar(&f.key, "key", "", "the `key` that callers must send as header x-functions-key or query parameter code; default: AZDURABLE_KEY, else none")
	set.Int64Var(&f.maxBody, "max-body", DefaultMaxBody, "the largest request body, in `bytes`")
	set.StringVar(&f.generate, "generate", "", "don't run the app; write its function folders into this `folder`, which has host.json")
	set.StringVar(&f.check, "generate-check", "", "don't run the app; check the function folders of this `folder`")
	set.BoolVar(&f.version, "version", false, "print the app's version and stop")
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(help, usage)
		set.SetOutput(help)
		set.PrintDefaults()
		fmt.Fprint(help, footer)
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w; -h lists the flags", err)
	case set.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q; -h lists the flags", set.Arg(0))
	case f.generate != "" && f.check != "":
		return nil, errors.New("-generate and -generate-check don't go together")
	case f.maxBody < 1:
		return nil, fmt.Errorf("-max-body must be at least 1 byte, not %d", f.maxBody)
	}
	set.Visit(func(given *flag.Flag) { f.listens = f.listens || given.Name == "listen" })
	if f.listens && settings.Port != "" {
		return nil, errors.New("-listen can't be used under the Functions host, which says where to listen: " +
			"take it out of customHandler.description.arguments in host.json")
	}
	if _, _, err := net.SplitHostPort(f.listen); err != nil {
		return nil, fmt.Errorf("-listen %q is not host:port, such as %s: %w", f.listen, DefaultListen, err)
	}
	return f, nil
}
