package bindings

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/azdurable/azdurable/durabletask"
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

// AuthLevel says which requests are let through: by the Functions host, which has keys of its own, else by this app if it has a key.
type AuthLevel int

// The levels of authorization.
const (
	// AuthFunction lets requests through that have the key of the function or of the app.
	AuthFunction AuthLevel = iota
	// AuthAnonymous lets all requests through.
	AuthAnonymous
	// AuthAdmin lets requests through that have the host's master key; without the host it is as AuthFunction.
	AuthAdmin
)

// String is the level as function.json spells it.
func (l AuthLevel) String() string {
	switch l {
	case AuthAnonymous:
		return "anonymous"
	case AuthAdmin:
		return "admin"
	default:
		return "function"
	}
}

// HTTPTrigger calls a function for each request to a route.
type HTTPTrigger struct {
	definition

	route Route
	paths []string
	rest  string // the name of the rest parameter
	fn    HTTPFunc
}

// The bindings of an HTTP function: their names, and the type of the answer.
const (
	typeHTTPOutput  = "http"
	requestBinding  = "req"
	responseBinding = "res"
)

// methods are those that the host lets functions name.
var methods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch,
	http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodConnect,
}

// HTTP makes the trigger of an HTTP function. It panics if the route can't be served.
//
// The function gets the caller's own request, whose body is a stream, unless it has outputs: then the Functions host sends both request and answer in
// JSON, where texts are UTF-8, bodies of other kinds only arrive as application/octet-stream or multipart, and an answer has
// one value for each header and no binary body.
func HTTP(name string, route Route, fn HTTPFunc, options ...Option) *HTTPTrigger {
	if strings.TrimSpace(name) == "" || fn == nil {
		panic(`bindings: an HTTP function needs a name and a function: bindings.HTTP("HttpStart", bindings.Route{…}, httpStart)`)
	}
	t := &HTTPTrigger{definition: define(name, options, requestBinding, responseBinding), route: route, fn: fn}
	t.withoutRetry("HTTP function", "the caller repeats requests")
	t.route.Methods = nil
	for _, m := range route.Methods {
		m = strings.ToUpper(m)
		if !slices.Contains(methods, m) {
			panic(fmt.Sprintf("bindings: %q of %q is not a method that a route can name (%s are); none means any", m, name, strings.Join(methods, ", ")))
		}
		if !slices.Contains(t.route.Methods, m) {
			t.route.Methods = append(t.route.Methods, m)
		}
	}
	if route.Auth < AuthFunction || route.Auth > AuthAdmin {
		panic(fmt.Sprintf("bindings: %d of %q is not a level of authorization: "+
			"write bindings.AuthFunction, bindings.AuthAnonymous or bindings.AuthAdmin", route.Auth, name))
	}
	if t.route.Pattern == "" {
		t.route.Pattern = name
	}
	t.paths = paths(name, t.route.Pattern)
	if m := restParameter.FindStringSubmatch(t.route.Pattern); m != nil {
		t.rest = m[1]
	}
	return t
}

// Type returns TypeHTTP.
func (t *HTTPTrigger) Type() string { return TypeHTTP }

// Route returns the route, with what was left out filled in.
func (t *HTTPTrigger) Route() Route { return t.route }

// Paths returns the patterns that a chi router serves the route by. They begin with a slash.
func (t *HTTPTrigger) Paths() []string { return slices.Clone(t.paths) }

// Invoke answers a request.
func (t *HTTPTrigger) Invoke(w http.ResponseWriter, r *http.Request, client *DurableClient) {
	t.fn(w, r, client)
}

// Forwards reports whether the Functions host can hand the function the caller's own request: if it has no outputs (custom-handler §3.1).
func (t *HTTPTrigger) Forwards() bool { return len(t.outputs) == 0 }

// Function is what function.json says of the function.
func (t *HTTPTrigger) Function() Function {
	properties := map[string]any{"authLevel": t.route.Auth.String(), "route": strings.Trim(t.route.Pattern, "/")}
	if len(t.route.Methods) > 0 {
		names := make([]string, len(t.route.Methods))
		for i, m := range t.route.Methods {
			names[i] = strings.ToLower(m)
		}
		properties["methods"] = names
	}
	return t.function(
		Binding{Type: TypeHTTP, Direction: DirectionIn, Name: requestBinding, Properties: properties},
		Binding{Type: typeHTTPOutput, Direction: DirectionOut, Name: responseBinding},
	)
}

// Answer answers the request of an invocation, whose answer becomes the output of the function.
func (t *HTTPTrigger) Answer(ctx context.Context, in *Invocation, client *DurableClient) (*Outcome, error) {
	raw, err := in.Value(requestBinding)
	if err != nil {
		return nil, err
	}
	if in.TraceParent == "" {
		in.TraceParent = traceParent(raw)
		ctx = durabletask.WithTrace(ctx, in.TraceParent, "")
	}
	w := newHeldResponse()
	outcome, err := t.answer(ctx, in, func(ctx context.Context) error {
		r, err := t.requestOf(ctx, raw)
		if err != nil {
			return fmt.Errorf("the request in the invocation of %s: %w", t.name, err)
		}
		if limit := t.maxBody; limit > 0 && r.ContentLength > limit {
			WriteError(w, &http.MaxBytesError{Limit: limit})
			return nil
		}
		t.fn(w, r, client)
		return nil
	})
	if err != nil {
		return nil, err
	}
	answer, err := w.output()
	if err != nil {
		return nil, fmt.Errorf("the answer of %s can't be carried in JSON, as the host wants it of functions with outputs and of all without "+
			"customHandler.enableForwardingHttpRequest in host.json: %w", t.name, err)
	}
	if outcome.Outputs == nil {
		outcome.Outputs = make(map[string]any)
	}
	outcome.Outputs[responseBinding] = answer
	return outcome, nil
}

// errNotURL does not say which one, since URLs have keys in them.
var errNotURL = errors.New("its URL can't be read")
