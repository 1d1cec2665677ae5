package handler

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/extension"
	"github.com/go-chi/chi/v5"
)

// hostRoutes answers what the Functions host sends: invocations in JSON at /<function>, and callers' own requests at the routes of HTTP functions.
type hostRoutes struct {
	e         *extension.Extension
	app       *extension.AppSettings
	invoked   map[string]http.Handler // by path
	forwarded http.Handler
	templates []template
	names     []string
	log       *slog.Logger
}

// newHostRoutes puts together what the server answers under the host.
func newHostRoutes(e *extension.Extension, app *extension.AppSettings, maxBody int64, log *slog.Logger) http.Handler {
	h := &hostRoutes{e: e, app: app, invoked: make(map[string]http.Handler), log: log}
	invoked, forwarded := byMode(e)
	i := &invoker{client: e.Client(), maxBody: maxBody, log: log}
	for _, t := range invoked {
		h.invoked["/"+t.Name()] = i.invoke(t)
		h.names = append(h.names, t.Name())
	}
	mux := chi.NewRouter()
	mux.Use(h.canonical)
	mux.NotFound(h.unknown)
	mux.MethodNotAllowed(h.unknown)
	prefix := pathPrefix(e)
	h.templates = templates(prefix, forwarded)
	for _, t := range forwarded {
		mount(mux, prefix, t, h.forward(t, bodyLimit(t.MaxBody(), maxBody)))
		h.names = append(h.names, t.Name())
	}
	h.forwarded = mux
	return h.identify(traced(recoverPanics(log)(h)))
}

// byMode tells the functions that the host invokes in JSON from those whose requests it forwards (custom-handler §3.1).
func byMode(e *extension.Extension) (invoked []bindings.HostTrigger, forwarded []*bindings.HTTPTrigger) {
	for _, trigger := range e.Table().All() {
		t, ok := trigger.(bindings.HostTrigger)
		if !ok {
			continue
		}
		if h, isHTTP := t.(*bindings.HTTPTrigger); isHTTP && h.Forwards() && e.CustomHandler().Forwards {
			forwarded = append(forwarded, h)
			continue
		}
		invoked = append(invoked, t)
	}
	return invoked, forwarded
}

// checkForgeries returns an error if a caller could reach, by the route of an HTTP function, the path of one that the host invokes: the request could
// say anything of itself, and no key would have been asked for.
func checkForgeries(e *extension.Extension) error {
	invoked, forwarded := byMode(e)
	for _, template := range templates(pathPrefix(e), forwarded) {
		for _, t := range invoked {
			if _, fits := template.canonical("/" + t.Name()); fits && template.takes(http.MethodPost) {
				return fmt.Errorf("whoever sends POST /%s would reach the function %s by the route %q of %s, and could make it believe anything: "+
					"set extensions.http.routePrefix in host.json to something, such as \"api\", let the route begin with a fixed word, or leave POST out of its methods",
					t.Name(), t.Name(), template.trigger.Route().Pattern, template.trigger.Name())
			}
		}
	}
	return nil
}

// pathPrefix is what the paths of HTTP functions begin with.
func pathPrefix(e *extension.Extension) string {
	if prefix := e.RoutePrefix(); prefix != "" {
		return "/" + prefix
	}
	return ""
}

// identify gives requests the id of their invocation, and the time they have.
func (h *hostRoutes) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := &bindings.Invocation{ID: lastOf(r.Header.Get(invocationHeader)), TraceParent: r.Header.Get("Traceparent"), Log: h.log}
		ctx, cancel := withDeadline(in.With(r.Context()), h.e.CustomHandler().Timeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// withDeadline ends the context of an invocation a little before the host ends the invocation, and soon the process with all others in it
// (custom-handler §2.4).
func withDeadline(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return ctx, func() {}
	}
	const part = 10
	return context.WithTimeout(ctx, timeout-min(time.Second, timeout/part))
}

func (h *hostRoutes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	invoke, ok := h.invoked[r.URL.EscapedPath()]
	switch {
	case ok && r.Method == http.MethodPost && fromOutside(r):
		h.refuse(w, r, http.StatusForbidden, "the request was made by a caller of an HTTP function, who can't invoke functions")
	case ok && r.Method == http.MethodPost:
		invoke.ServeHTTP(w, r)
	default:
		h.forwarded.ServeHTTP(w, r)
	}
}

// fromOutside reports whether a request that looks like an invocation was forwarded by the host: the host resolves \ and .. in paths after it has
// looked at routes, so that a path can lead elsewhere than its route (custom-handler §3.3). The host's own requests name the loopback address, and have
// none of the headers of front ends.
func fromOutside(r *http.Request) bool {
	for _, header := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Arr-Log-Id", "Disguised-Host", "Was-Default-Hostname"} {
		if len(r.Header.Values(header)) > 0 {
			return true
		}
	}
	name, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		name = r.Host
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name != "localhost" && (ip == nil || !ip.IsLoopback())
}

// canonical spells the paths of requests as the router knows them.
func (h *hostRoutes) canonical(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.RawPath // as the router takes it
		if path == "" {
			path = r.URL.Path
		}
		for _, t := range h.templates {
			spelt, fits := t.canonical(path)
			if !fits || !t.takes(r.Method) {
				continue
			}
			route := chi.RouteContext(r.Context())
			if route.RoutePath = spelt; len(t.trigger.Route().Methods) == 0 {
				route.RouteMethod = http.MethodGet // any will do, and the router does not know them all
			}
			break
		}
		next.ServeHTTP(w, r)
	})
}

// hopByHop are the headers that concern the caller's connection to the host, which the host passes on all the same.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Upgrade"}

// forward hands a function its caller's own request. The host has asked for the key.
func (h *hostRoutes) forward(t *bindings.HTTPTrigger, limit int64) http.Handler {
	return limitBody(limit, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bindings.NameFunction(r.Context(), t.Name())
		r = withOrigin(r, h.app)
		for _, name := range hopByHop {
			r.Header.Del(name)
		}
		t.Invoke(w, r, h.e.Client())
	}))
}

// unknown answers a request that no function takes.
func (h *hostRoutes) unknown(w http.ResponseWriter, r *http.Request) {
	code, what := http.StatusNotFound, "the app has no function at "+r.Method+" "+r.URL.Path
	if _, ok := h.invoked[r.URL.EscapedPath()]; ok {
		code, what = http.StatusMethodNotAllowed, "the function at "+r.URL.Path+" is invoked by POST, not by "+r.Method
	}
	h.refuse(w, r, code, what+" (its functions are "+strings.Join(h.names, ", ")+"); function.json files, host.json and the app don't fit together: "+
		"make the function folders anew, and look at customHandler.enableForwardingHttpRequest and extensions.http.routePrefix in host.json")
}

// refuse answers a request that is not for a function.
func (h *hostRoutes) refuse(w http.ResponseWriter, r *http.Request, code int, why string) {
	h.log.ErrorContext(r.Context(), "an invocation was refused", "reason", why)
	bindings.WriteJSON(w, code, answer{Logs: []string{why}})
}
