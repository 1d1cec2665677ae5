package bindings

import (
	"context"
	"strings"
	"testing"
)

// raw is a trigger of somebody else's making.
type raw struct {
	name     string
	function Function
}

func (r raw) Name() string       { return r.name }
func (r raw) Type() string       { return "rawTrigger" }
func (r raw) Place() string      { return "app.go:1" }
func (r raw) Function() Function { return r.function }
func (r raw) MaxBody() int64     { return 0 }
func (r raw) Answer(context.Context, *Invocation, *DurableClient) (*Outcome, error) {
	return &Outcome{}, nil
}

// bound is a raw trigger with bindings of these kinds.
func bound(name string, types ...string) raw {
	r := raw{name: name}
	for i, kind := range types {
		r.function.Bindings = append(r.function.Bindings, Binding{Type: kind, Name: string(rune('a' + i))})
	}
	return r
}

// at is an HTTP function of somebody else's making: the constructor here would refuse what is wrong by itself.
func at(name, pattern string, methods ...string) HostTrigger {
	if pattern == "" {
		pattern = name
	}
	return raw{name, Function{Bindings: []Binding{
		{Type: TypeHTTP, Name: "req", Properties: map[string]any{"route": pattern, "methods": methods}}, {Type: "http", Direction: DirectionOut, Name: "res"},
	}}}
}

func TestFunctionErrors(t *testing.T) {
	t.Parallel()
	named := func(name string) raw {
		r := bound("Two", "queueTrigger", "queue")
		r.function.Bindings[0].Name, r.function.Bindings[1].Name = "x", name
		return r
	}
	for _, c := range []struct {
		name      string
		functions []HostTrigger
		want      string // in the error; empty for none
	}{
		{"nothing", nil, ""},
		{"a queue", []HostTrigger{bound("OnOrder", "queueTrigger", "queue")}, ""},
		{"an orchestration", []HostTrigger{bound("Sneaky", "orchestrationTrigger")}, "start Microsoft's engine"},
		{"an activity in other letters", []HostTrigger{bound("Sneaky", "ActivityTRIGGER")}, "start Microsoft's engine"},
		{"an entity", []HostTrigger{bound("Sneaky", "entityTrigger")}, "start Microsoft's engine"},
		{"a client", []HostTrigger{bound("Sneaky", "queueTrigger", "durableClient")}, "start Microsoft's engine"},
		{"an old client", []HostTrigger{bound("Sneaky", "queueTrigger", "orchestrationClient")}, "start Microsoft's engine"},
		{"a name with a space", []HostTrigger{bound("bad name", "queueTrigger")}, "begin with a letter"},
		{"a name that begins with a digit", []HostTrigger{bound("1st", "queueTrigger")}, "begin with a letter"},
		{"a path as a name", []HostTrigger{bound("../x", "queueTrigger")}, "begin with a letter"},
		{"a long name", []HostTrigger{bound(strings.Repeat("x", 129), "queueTrigger")}, "1 to 128 letters"},
		{"the host's name", []HostTrigger{bound("Host", "queueTrigger")}, "choose another one"},
		{"no bindings", []HostTrigger{bound("Idle")}, "0 triggers"},
		{"two triggers", []HostTrigger{bound("Two", "queueTrigger", "timerTrigger")}, "2 triggers"},
		{"one name twice", []HostTrigger{named("X")}, `two bindings are named "X"`},
		{"a bad name of a binding", []HostTrigger{named("1 bad")}, `binding's name "1 bad"`},
		{"the result", []HostTrigger{named("$return")}, ""},
		{"reserved", []HostTrigger{at("F", "admin/users")}, `begins with "admin"`},
		{"reserved by its beginning only", []HostTrigger{at("F", "Administrators/{x}")}, `begins with "admin"`},
		{"reserved by the function's name", []HostTrigger{at("RuntimeInfo", "")}, `begins with "runtime"`},
		{"a reserved word elsewhere", []HostTrigger{at("F", "my/admin")}, ""},
		{"a setting in a route", []HostTrigger{at("F", "%Name%/x")}, "write the final route"},
		{"one route twice", []HostTrigger{at("A", "x/y"), at("B", "X/y")}, `"A" (app.go:1) and "B" (app.go:1) both answer /x/y`},
		{"parameters of other names", []HostTrigger{at("A", "x/{a}", "GET"), at("B", "x/{b}", "GET", "POST")}, "both answer /x/{}"},
		{"other methods", []HostTrigger{at("A", "x", "GET"), at("B", "x", "POST")}, ""},
		{"any method", []HostTrigger{at("A", "x"), at("B", "x", "POST")}, "both answer /x"},
		{"an optional parameter", []HostTrigger{at("A", "x/{a?}"), at("B", "x")}, "both answer /x"},
		{"other constraints", []HostTrigger{at("A", "x/{a:int}"), at("B", "x/{a:alpha}")}, ""},
		{"a rest and a path in it", []HostTrigger{at("A", "x/{*a}"), at("B", "x/y")}, ""},
		{"two rests", []HostTrigger{at("A", "x/{*a}"), at("B", "x/{*b}")}, "both answer /x/{*}"},
	} {
		err := FunctionErrors(c.functions)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzRouteShapes(f *testing.F) {
	for _, seed := range []string{"", "a/{b?}", "{*x}", "a//{b:int?}/{c=5?}", "{?}", "?}/?}", "{a?}/{b?}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, route string) {
		shapes := routeShapes(route)
		if len(shapes) == 0 || len(shapes) > strings.Count(route, "/")+2 {
			t.Errorf("%q: %q", route, shapes)
		}
	})
}
