package handler

import (
	"net/http"
	"sync"

	"github.com/azdurable/azdurable/bindings"
)

// HealthPath is where the server says how it is.
const HealthPath = "/healthz"

// readyHandler answers / and HealthPath from the start. Other requests wait until there is something to serve them, or what keeps it
// from being there is known.
type readyHandler struct {
	mu      sync.Mutex
	handler http.Handler
	problem error
	changed chan struct{} // closed with every change
}

func newReadyHandler() *readyHandler { return &readyHandler{changed: make(chan struct{})} }

// ready hands the requests to next from now on.
func (h *readyHandler) ready(next http.Handler) { h.set(next, nil) }

// failing answers requests with what is wrong, until ready is called.
func (h *readyHandler) failing(problem error) { h.set(nil, problem) }

func (h *readyHandler) set(next http.Handler, problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handler, h.problem = next, problem
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *readyHandler) state() (next http.Handler, changed <-chan struct{}, problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.handler, h.changed, h.problem
}

func (h *readyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	next, changed, problem := h.state()
	switch {
	case r.URL.Path == "/": // the Functions host asks here whether the app is up
		w.WriteHeader(http.StatusOK)
		return
	case r.URL.Path == HealthPath:
		writeHealth(w, next, problem)
		return
	}
	for next == nil && problem == nil {
		select {
		case <-changed:
			next, changed, problem = h.state()
		case <-r.Context().Done():
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
	}
	if next == nil {
		unavailable(w, problem)
		return
	}
	next.ServeHTTP(w, r)
}

// unavailable says why nothing is served.
func unavailable(w http.ResponseWriter, problem error) {
	w.Header().Set("Retry-After", "5")
	bindings.WriteJSON(w, http.StatusServiceUnavailable, bindings.Failure{Message: "The app can't work yet: " + problem.Error()})
}

// health is the answer at HealthPath.
type health struct {
	Status string `json:"status"` // ok, starting, unavailable
	Error  string `json:"error,omitempty"`
}

func writeHealth(w http.ResponseWriter, next http.Handler, problem error) {
	switch {
	case next != nil:
		bindings.WriteJSON(w, http.StatusOK, health{Status: "ok"})
	case problem != nil:
		bindings.WriteJSON(w, http.StatusServiceUnavailable, health{Status: "unavailable", Error: problem.Error()})
	default:
		bindings.WriteJSON(w, http.StatusServiceUnavailable, health{Status: "starting"})
	}
}
