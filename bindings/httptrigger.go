package bindings

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
)

// HTTPFunc answers a request. The client belongs to the task hub of the app.
type HTTPFunc func(w http.ResponseWriter, r *http.Request, client *DurableClient)

// Route says which requests call an HTTP function.
type Route struct {
	// Methods lists the verbs; none means any.
	Methods []string
	// Pattern is the path below the route prefix (api), in the syntax of Functions: {name}, optional {name?} at the end, rest
	// {*name}; constraints {name:int}. Empty means the function's name.
	Pattern string
	// Auth says who may call; the default is whoever has the key.
	Auth AuthLevel
	// Example is a path that starts an orchestration if the last segment is the instance id, for the curl line at start-up.
	Example string
}

// AuthLevel says which requests are let through when the app has a key. Without a key every request is.
type AuthLevel int

// The levels of authorization.
const (
	// AuthFunction lets requests through that have the key.
	AuthFunction AuthLevel = iota
	// AuthAnonymous lets all requests through.
	AuthAnonymous
)

// String is the level as function.json spells it.
func (l AuthLevel) String() string {
	if l == AuthAnonymous {
		return "anonymous"
	}
	return "function"
}

// HTTPTrigger calls a function for each request to a route.
type HTTPTrigger struct {
	name, place string
	route       Route
	paths       []string
	fn          HTTPFunc
}

// HTTP makes the trigger of an HTTP function. It panics if the route can't be served.
func HTTP(name string, route Route, fn HTTPFunc) *HTTPTrigger {
	if strings.TrimSpace(name) == "" || fn == nil {
		panic(`bindings: an HTTP function needs a name and a function: bindings.HTTP("HttpStart", bindings.Route{…}, httpStart)`)
	}
	t := &HTTPTrigger{name: name, route: route, fn: fn}
	if _, file, line, ok := runtime.Caller(1); ok {
		t.place = fmt.Sprintf("%s:%d", file, line)
	}
	t.route.Methods = slices.Clone(route.Methods)
	for i, m := range t.route.Methods {
		t.route.Methods[i] = strings.ToUpper(m)
	}
	if t.route.Pattern == "" {
		t.route.Pattern = name
	}
	t.paths = paths(name, t.route.Pattern)
	return t
}

// Name returns the name of the function.
func (t *HTTPTrigger) Name() string { return t.name }

// Type returns TypeHTTP.
func (t *HTTPTrigger) Type() string { return TypeHTTP }

// Place returns where the trigger was made.
func (t *HTTPTrigger) Place() string { return t.place }

// Route returns the route, with what was left out filled in.
func (t *HTTPTrigger) Route() Route { return t.route }

// Paths returns the patterns that a chi router serves the route by. They begin with a slash.
func (t *HTTPTrigger) Paths() []string { return slices.Clone(t.paths) }

// Invoke answers a request.
func (t *HTTPTrigger) Invoke(w http.ResponseWriter, r *http.Request, client *DurableClient) {
	t.fn(w, r, client)
}

// The bindings of an HTTP function: their names, and the type of the answer.
const (
	typeHTTPOutput  = "http"
	requestBinding  = "req"
	responseBinding = "res"
)

// Function is what function.json says of the function.
func (t *HTTPTrigger) Function() Function {
	properties := map[string]any{"authLevel": t.route.Auth.String(), "route": strings.Trim(t.route.Pattern, "/")}
	if len(t.route.Methods) > 0 {
		methods := make([]string, len(t.route.Methods))
		for i, m := range t.route.Methods {
			methods[i] = strings.ToLower(m)
		}
		properties["methods"] = methods
	}
	return Function{Bindings: []Binding{
		{Type: TypeHTTP, Direction: DirectionIn, Name: requestBinding, Properties: properties},
		{Type: typeHTTPOutput, Direction: DirectionOut, Name: responseBinding},
	}}
}
