package hosttest

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	functionName = regexp.MustCompile(`^[A-Za-z][\w-]{0,127}$`)
	bindingName  = regexp.MustCompile(`^([A-Za-z_]\w{0,127}|\$return)$`)
)

// knownBindings are the types of the host and of the Storage extension.
var knownBindings = strings.Fields(`httpTrigger http timerTrigger manualTrigger warmupTrigger queueTrigger queue blobTrigger blob table`)

// check finds what the host finds wrong with functions before it looks at routes. It goes on with the ones without errors.
func (f *function) check(root string, types []string, bundle bool) {
	triggers, seen := 0, map[string]bool{}
	var unknown []string
	twice := ""
	for i := range f.bindings {
		b := &f.bindings[i]
		if b.trigger() {
			triggers++
		}
		if key := strings.ToLower(b.name); seen[key] && twice == "" {
			twice = b.name
		} else {
			seen[key] = true
		}
		if !containsFold(knownBindings, b.kind) && !containsFold(types, b.kind) {
			unknown = append(unknown, b.kind)
		}
	}
	bad := slices.IndexFunc(f.bindings, func(b binding) bool { return !bindingName.MatchString(b.name) })
	switch {
	case !functionName.MatchString(f.name):
		f.errors = nil
		f.faultf("'%s' is not a valid function name.", f.name)
	case len(f.errors) > 0:
	case len(f.bindings) == 0:
		f.faultf("At least one binding must be declared.")
	case f.script != "" && !isFile(filepath.Join(root, f.name, f.script)):
		f.faultf("Invalid script file name configuration. The 'scriptFile' property is set to a file that does not exist.")
	case bad >= 0:
		f.faultf("The binding name %s is invalid. Please assign a valid name to the binding.", f.bindings[bad].name)
	case twice != "":
		f.faultf("Multiple bindings with name '%s' discovered. Binding names must be unique.", twice)
	case triggers == 0:
		f.faultf("No trigger binding specified. A function must have a trigger input binding.")
	case triggers > 1:
		f.faultf("Multiple trigger bindings defined. A function can only have a single trigger binding.")
	case len(unknown) > 0 && bundle:
		f.faultf("The binding type(s) '%s' were not found in the configured extension bundle. Please ensure the type is correct and the correct version of "+
			"extension bundle is configured", strings.Join(unknown, ", "))
	case len(unknown) > 0:
		f.faultf("The binding type(s) '%s' are not registered. Please ensure the type is correct and the binding extension is installed.",
			strings.Join(unknown, ", "))
	}
}

// checkRoutes gives HTTP functions their routes, and finds the ones that can't have theirs.
func checkRoutes(all []*function) {
	var taken []*function
	for _, f := range all {
		if len(f.errors) > 0 || !f.trigger().is("httpTrigger") {
			continue
		}
		r := newRoute(f)
		f.route = r
		lower := strings.ToLower(r.template)
		if strings.HasPrefix(lower, "admin") || strings.HasPrefix(lower, "runtime") {
			f.faultf("The specified route conflicts with one or more built in routes.")
			continue
		}
		for _, other := range taken {
			if strings.EqualFold(other.route.template, r.template) && other.route.overlaps(r) {
				f.faultf("The route specified conflicts with the route defined by function '%s'.", other.name)
				break
			}
		}
		if len(f.errors) == 0 {
			taken = append(taken, f)
		}
	}
}
