package handler

import (
	"log/slog"
	"net/http"
	"sync"

	"github.com/azdurable/azdurable/bindings"
)

// HealthPath is where the server says how it is.
const HealthPath = "/healthz"

// readyHandler answers / and HealthPath from the start. Other requests wait until there is something to serve them, or what keeps it
// from being there is known. A request with the id of an invocation is a user's, whatever its path.
type readyHandler struct {
	log *slog.Logger

	mu      sync.Mutex
	handler http.Handler
	problem error
	changed chan struct{} // closed with every change
}

func newReadyHandler(log *slog.Logger) *readyHandler {
	return &readyHandler{log: log, changed: make(chan struct{})}
}

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
	users := r.Header.Get(invocationHeader) != ""
	switch {
	case r.URL.Path == "/" && !users: // the Functions host asks here whether the app is up
		w.WriteHeader(http.StatusOK)
		return
	case r.URL.Path == HealthPath && !users:
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
		h.unavailable(w, r, problem)
		return
	}
	next.ServeHTTP(w, r)
}

// unavailable says why nothing is served, to a caller and to the host. The host drops what it is told, so the log has it for each invocation.
func (h *readyHandler) unavailable(w http.ResponseWriter, r *http.Request, problem error) {
	why := "The app can't work yet: " + problem.Error()
	if id := lastOf(r.Header.Get(invocationHeader)); id != "" {
		h.log.Error("an invocation failed since the app can't work yet", "invocation", id, "path", r.URL.Path, "error", problem)
	}
	w.Header().Set("Retry-After", "5")
	bindings.WriteJSON(w, http.StatusServiceUnavailable, struct {
		bindings.Failure
		answer
	}{bindings.Failure{Message: why}, answer{Logs: []string{why}}})
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
