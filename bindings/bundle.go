package bindings

import "slices"

// builtIn are the types of bindings that the Functions host has in itself (host: ScriptHostBuilderExtensions).
var builtIn = []string{TypeHTTP, typeHTTPOutput, TypeTimer, "manualTrigger", "warmupTrigger"}

// NeedsBundle reports whether a function has a binding that the Functions host has only from an extension, so that host.json must name an
// extension bundle: any but httpTrigger, http, timerTrigger, manualTrigger and warmupTrigger.
func NeedsBundle(f Function) bool {
	return slices.ContainsFunc(f.Bindings, func(b Binding) bool { return !slices.Contains(builtIn, b.Type) })
}
