package handler

import (
	"log/slog"
	"net/http"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
	"github.com/go-chi/chi/v5"
)

// routes puts together what the server answers without the Functions host: the app's HTTP functions and the management API.
func routes(e *extension.Extension, maxBody int64, log *slog.Logger) http.Handler {
	mux := chi.NewRouter()
	for _, trigger := range e.Table().All() {
		if t, ok := trigger.(*bindings.HTTPTrigger); ok {
			var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Invoke(w, r, e.Client()) })
			if t.Route().Auth != bindings.AuthAnonymous {
				h = e.Authorize(h)
			}
			mount(mux, pathPrefix(e), t, limitBody(bodyLimit(t.MaxBody(), maxBody), h))
		}
	}
	if e.MetricsOn() {
		mux.Method(http.MethodGet, MetricsPath, e.Authorize(serveMetrics(e)))
	}
	// Around the router and not in it: one without routes would skip them, and an app need not have HTTP functions.
	return recoverPanics(log)(traced(serveManagement(limitBody(maxBody, e.Management()))(mux)))
}

// MetricsPath is where the app's counters are, if AZDURABLE_METRICS=true asks for them.
const MetricsPath = "/metrics"

// serveMetrics writes the app's counters as Prometheus reads them.
func serveMetrics(e *extension.Extension) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		e.WriteMetrics(w)
	})
}

// traced makes what a request starts part of its trace.
func traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(durabletask.WithTrace(r.Context(), r.Header.Get("Traceparent"), r.Header.Get("Tracestate"))))
	})
}

// mount serves an HTTP function at each of the paths of its route.
func mount(mux chi.Router, prefix string, t *bindings.HTTPTrigger, h http.Handler) {
	for _, path := range t.Paths() {
		if path = prefix + path; path == "" {
			path = "/"
		}
		if len(t.Route().Methods) == 0 {
			mux.Handle(path, h)
		}
		for _, method := range t.Route().Methods {
			mux.Method(method, path, h)
		}
	}
}

// serveManagement answers the management API, whose paths are compared by rules of their own.
func serveManagement(management http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if extension.UnderManagement(r.URL.EscapedPath()) {
				management.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
