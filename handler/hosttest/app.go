package hosttest

import (
	"strings"
	"time"
)

// app is what a job host has read of the app folder.
type app struct {
	root      string
	config    *hostJSON
	program   *description
	functions []*function // all of them, by name
	prefix    string      // of routes, without slashes at its ends
	routes    []*function // HTTP functions without errors, the most specific first

	initialization, functionTime time.Duration
}

// readApp reads an app folder. An error is one that keeps the whole host from starting.
func readApp(o *Options) (*app, error) {
	c, err := readHostJSON(o.App, o.Settings)
	if err != nil {
		return nil, err
	}
	a := &app{root: o.App, config: c}
	if a.program, err = describe(c, o.App, o.Settings); err != nil {
		return nil, err
	}
	if a.functions, err = readFunctions(o.App, c, o.Settings); err != nil {
		return nil, err
	}
	for _, f := range a.functions {
		f.check(o.App, o.BindingTypes, c.value("extensionBundle") != nil)
	}
	checkRoutes(a.functions)
	a.prefix = "api"
	if c.value("extensions", "http", "routePrefix") != nil {
		a.prefix = strings.Trim(c.text("extensions", "http", "routePrefix"), "/")
	}
	a.routes = sortRoutes(a.functions)
	a.initialization = o.InitializationTimeout
	if a.initialization == 0 {
		a.initialization = c.duration(defaultInitialization, "customHandler", "initializationTimeout")
	}
	a.functionTime = o.FunctionTimeout
	if a.functionTime == 0 {
		a.functionTime = c.duration(defaultFunctionTime, "functionTimeout")
	}
	return a, nil
}

// valid returns the functions without errors.
func (a *app) valid() []*function {
	var out []*function
	for _, f := range a.functions {
		if len(f.errors) == 0 {
			out = append(out, f)
		}
	}
	return out
}

// function returns a function without errors by its name, in any case.
func (a *app) function(name string) *function {
	for _, f := range a.valid() {
		if strings.EqualFold(f.name, name) {
			return f
		}
	}
	return nil
}

// disabled reports whether a setting disables a function. What function.json says about it the host ignores.
func (o *Options) disabled(f *function) bool {
	for _, name := range []string{"AzureWebJobs." + f.name + ".Disabled", "AzureWebJobs_" + f.name + "_Disabled"} {
		if v := o.Settings[name]; strings.EqualFold(v, "true") || v == "1" {
			return true
		}
	}
	return false
}
