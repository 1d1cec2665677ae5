package hosttest

import (
	"maps"
	"time"
)

// Options say what runs, and on which host. The zero value of everything but App is the host in Azure.
type Options struct {
	// App is the folder of the app: host.json, the program, and the folders of functions.
	App string
	// Settings are the app settings. With the five variables of the host they are the whole environment of the program. An empty
	// WEBSITE_HOSTNAME is filled in with the address of the double.
	Settings map[string]string
	// Storage is the account of triggers and outputs; nil for a new one. Hosts that share one are instances of the same app.
	Storage *Storage
	// Keys are what callers may present; nil for a master key and a default key, both random.
	Keys *Keys
	// BindingTypes are binding types that extensions of this app know, besides those of Azure Storage.
	BindingTypes []string
	// CoreTools makes the double the host that `func start` runs: every caller is an administrator, bodies have a length, and restarts are sequential.
	CoreTools bool
	// Trace makes the host trace, as with Application Insights: invocations carry a traceparent.
	Trace bool
	// Vary adds members that no recording has to what invocations carry, and sends members in another order.
	Vary bool
	// PlayOut does what the host would do when the app misbehaves; without it the test fails at once.
	PlayOut bool
	// NoLiveness leaves out the probes that a platform makes now and then. Recordings have none.
	NoLiveness bool

	// InitializationTimeout is how long the program may take to listen; 0 for what host.json says, else 30 s.
	InitializationTimeout time.Duration
	// FunctionTimeout is how long an invocation may take; 0 for what host.json says, else 5 min.
	FunctionTimeout time.Duration
	// Grace is how long the host waits after a function's timeout before it kills the program; 0 for 2 s.
	Grace time.Duration

	launch launcher // how processes are started; nil for real ones
}

// The host's times and limits.
const (
	defaultInitialization = 30 * time.Second
	defaultFunctionTime   = 5 * time.Minute
	defaultGrace          = 2 * time.Second
	// probePause is the pause between probes, and between looks of an invocation that waits for the program.
	probePause = 25 * time.Millisecond
	// waitFactor times the initialization timeout is how long an invocation waits for the program.
	waitFactor = 4
	// errorBudget errors in errorWindow stop the host.
	errorBudget = 3
	errorWindow = 30 * time.Minute
	// defaultBodyLimit is the largest body of a request, in bytes.
	defaultBodyLimit = 104_857_600
	// exitTime is how long the host waits for a program that it has killed, and for the last lines of its output.
	exitTime = time.Second
	// interruptTime is how long Core Tools wait after Ctrl-C.
	interruptTime = 2 * time.Second
)

// The settings that the host itself reads.
const (
	settingBodyLimit  = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"
	settingCoreTools  = "FUNCTIONS_CORETOOLS_ENVIRONMENT"
	settingSequential = "AzureFunctionsJobHost__SequentialRestart"
	settingHostName   = "WEBSITE_HOSTNAME"
)

// settle fills in what was left out.
func (o *Options) settle(address string) {
	settings := maps.Clone(o.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	if o.CoreTools {
		settings[settingCoreTools] = "true"
		settings[settingSequential] = "true"
		settings[settingHostName] = address
		settings["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development"
	}
	if value, ok := settings[settingHostName]; ok && value == "" {
		settings[settingHostName] = address
	}
	o.Settings = settings
	if o.Storage == nil {
		o.Storage = NewStorage()
	}
	if o.Keys == nil {
		o.Keys = randomKeys()
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.launch == nil {
		o.launch = startProcess
	}
}
