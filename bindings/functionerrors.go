package bindings

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The Functions host's rules for names (host: Utility.cs).
var (
	// functionName matches the names of functions, which are folders of the app root.
	functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)
	// bindingName matches the names of bindings, besides $return.
	bindingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

var (
	// engineTypes are the bindings of Microsoft's Durable extension. One of them in any function.json makes the host load that extension, which
	// then works on the same task hub as this engine.
	engineTypes = []string{TypeOrchestration, TypeActivity, TypeEntity, "durableClient", "orchestrationClient"}
	// reservedRoutes begin the paths that the host keeps for itself. It compares the beginning only, so administrators/x is refused, too.
	reservedRoutes = []string{"admin", "runtime"}
)

// FunctionErrors returns what the Functions host would refuse in the functions of an app, or would do what nobody wants with, each error with what to
// change; nil if the host takes them all. The host goes on without a function that it refuses, and only its log tells.
func FunctionErrors(functions []HostTrigger) error {
	var found []error
	for i, f := range functions {
		if err := functionError(f); err != nil {
			found = append(found, fmt.Errorf("the function %q (%s): %w", f.Name(), f.Place(), err))
			continue
		}
		for _, other := range functions[:i] {
			if path := sharedPath(f.Function(), other.Function()); path != "" {
				found = append(found, fmt.Errorf("the functions %q (%s) and %q (%s) both answer %s: give one of them another route, or each its own methods",
					other.Name(), other.Place(), f.Name(), f.Place(), path))
			}
		}
	}
	return errors.Join(found...)
}

func functionError(f HostTrigger) error {
	switch name := f.Name(); {
	case strings.EqualFold(name, "host"):
		return errors.New("the host refuses this name: choose another one")
	case !functionName.MatchString(name):
		return errors.New("the host refuses this name: it must have 1 to 128 letters, digits, _ or -, and begin with a letter")
	}
	model := f.Function()
	if err := bindingsError(model.Bindings); err != nil {
		return err
	}
	route, routed := httpRoute(model)
	if !routed {
		return nil
	}
	for _, prefix := range reservedRoutes {
		if len(route) >= len(prefix) && strings.EqualFold(route[:len(prefix)], prefix) {
			return fmt.Errorf("the host refuses the route %q, because it begins with %q: let the route begin with another word", route, prefix)
		}
	}
	if strings.Contains(route, "%") {
		return fmt.Errorf("the host takes the route %q as it stands and puts no settings into it: write the final route", route)
	}
	return nil
}

// bindingsError checks the bindings of one function.
func bindingsError(bindings []Binding) error {
	triggers, names := 0, map[string]bool{}
	for _, b := range bindings {
		switch {
		case EngineBinding(b.Type):
			return fmt.Errorf("a %s would make the host start Microsoft's engine on the task hub of this one: register the function with durabletask.New; "+
				"a client is handed to every function", b.Type)
		case !bindingName.MatchString(b.Name) && b.Name != "$return":
			return fmt.Errorf("the host refuses the binding's name %q: use letters, digits and _, or $return", b.Name)
		case names[strings.ToLower(b.Name)]:
			return fmt.Errorf("two bindings are named %q: rename one", b.Name)
		}
		names[strings.ToLower(b.Name)] = true
		if strings.HasSuffix(strings.ToLower(b.Type), "trigger") {
			triggers++
		}
	}
	if triggers != 1 {
		return fmt.Errorf("it has %d triggers among its bindings: there must be one", triggers)
	}
	return nil
}

// EngineBinding reports whether a kind of binding belongs to Microsoft's Durable extension, and so must not be in any function.json.
func EngineBinding(kind string) bool {
	return slices.ContainsFunc(engineTypes, func(t string) bool { return strings.EqualFold(t, kind) })
}

// httpRoute returns the route of an HTTP function.
func httpRoute(f Function) (route string, ok bool) {
	for _, b := range f.Bindings {
		if strings.EqualFold(b.Type, TypeHTTP) {
			route, _ = b.Properties["route"].(string)
			return strings.Trim(route, "/"), true
		}
	}
	return "", false
}

// httpMethods returns the verbs of an HTTP function in lower case; none means any.
func httpMethods(f Function) []string {
	var methods []string
	for _, b := range f.Bindings {
		if list, ok := b.Properties["methods"].([]string); ok && strings.EqualFold(b.Type, TypeHTTP) {
			for _, m := range list {
				methods = append(methods, strings.ToLower(m))
			}
		}
	}
	return methods
}

// sharedPath returns a path by which both functions would be called with one verb; empty if there is none.
func sharedPath(a, b Function) string {
	first, ok := httpRoute(a)
	second, also := httpRoute(b)
	if !ok || !also {
		return ""
	}
	ms, others := httpMethods(a), httpMethods(b)
	if len(ms) > 0 && len(others) > 0 && !slices.ContainsFunc(ms, func(m string) bool { return slices.Contains(others, m) }) {
		return ""
	}
	shapes := routeShapes(second)
	for _, shape := range routeShapes(first) {
		if slices.Contains(shapes, shape) {
			return "/" + shape
		}
	}
	return ""
}

// routeParameter matches a {parameter} of a route: rest or not, its constraints and default, optional or not.
var routeParameter = regexp.MustCompile(`\{(\*{0,2})\w+([:=][^{}]*?)?(\??)\}`)

// routeShapes returns a route without the names of its parameters, in lower case, and once more without each optional one at its end.
func routeShapes(route string) []string {
	var shapes []string
	segments := strings.Split(strings.ToLower(route), "/")
	for n := len(segments); ; n-- {
		shape := routeParameter.ReplaceAllString(strings.Join(segments[:n], "/"), "{$1$2}")
		shapes = append(shapes, shape)
		if n == 0 || !strings.HasSuffix(segments[n-1], "?}") {
			return shapes
		}
	}
}
