package handler

import (
	"log/slog"
	"net/http"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/extension"
	"github.com/go-chi/chi/v5"
)

// routes puts together what the server answers: the app's HTTP functions and the management API.
func routes(e *extension.Extension, maxBody int64, log *slog.Logger) http.Handler {
	mux := chi.NewRouter()
	for _, trigger := range e.Table().All() {
		switch t := trigger.(type) {
		case *bindings.HTTPTrigger:
			mount(mux, e, t)
		case bindings.HostTrigger:
			mux.Post("/"+t.Name(), invoke(t, e.Client(), log))
		}
	}
	// Around the router and not in it: one without routes would skip them, and an app need not have HTTP functions.
	return recoverPanics(log)(limitBody(maxBody)(serveManagement(e.Management())(mux)))
}

// mount serves an HTTP function at each of the paths of its route.
func mount(mux chi.Router, e *extension.Extension, t *bindings.HTTPTrigger) {
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Invoke(w, r, e.Client()) })
	if t.Route().Auth != bindings.AuthAnonymous {
		h = e.Authorize(h)
	}
	prefix := e.RoutePrefix()
	if prefix != "" {
		prefix = "/" + prefix
	}
	for _, path := range t.Paths() {
		if len(t.Route().Methods) == 0 {
			mux.Handle(prefix+path, h)
		}
		for _, method := range t.Route().Methods {
			mux.Method(method, prefix+path, h)
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
