package handler

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/azdurable/azdurable/bindings"
)

// HealthPath is where the server says how it is.
const HealthPath = "/healthz"

// readyHandler answers / and HealthPath from the start. Other requests wait until there is something to serve them, or what keeps it
// from being there is known. A request with the id of an invocation is a user's, whatever its path.
type readyHandler struct {
	log *slog.Logger

	mu  sync.Mutex
	now readiness
}

// readiness is how far the app is.
type readiness struct {
	handler http.Handler // nil until the app has started
	problem error        // what keeps it from starting; nil while that is not known
	// patience is how long an invocation waits for the problem to pass.
	patience time.Duration
	changed  chan struct{} // closed with the next change
}

func newReadyHandler(log *slog.Logger) *readyHandler {
	return &readyHandler{log: log, now: readiness{changed: make(chan struct{})}}
}

// ready hands the requests to next from now on.
func (h *readyHandler) ready(next http.Handler) { h.set(readiness{handler: next}) }

// failing answers requests with what is wrong, until ready is called. patience is how long an invocation waits for that.
func (h *readyHandler) failing(problem error, patience time.Duration) {
	h.set(readiness{problem: problem, patience: patience})
}

func (h *readyHandler) set(now readiness) {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.now.changed)
	h.now, h.now.changed = now, make(chan struct{})
}

func (h *readyHandler) state() readiness {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *readyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	users := r.Header.Get(invocationHeader) != ""
	switch {
	case r.URL.Path == "/" && !users: // the Functions host asks here whether the app is up
		w.WriteHeader(http.StatusOK)
		return
	case r.URL.Path == HealthPath && !users:
		writeHealth(w, h.state())
		return
	}
	next, problem := h.wait(r.Context(), users && !fromOutside(r))
	if next == nil {
		h.unavailable(w, r, problem)
		return
	}
	next.ServeHTTP(w, r)
}

// wait returns what serves requests, once it is there, or what keeps it from being there, once that is known. An invocation waits for that to pass.
func (h *readyHandler) wait(ctx context.Context, invocation bool) (http.Handler, error) {
	began := time.Now()
	for {
		now := h.state()
		if now.handler != nil {
			return now.handler, nil
		}
		left := startLimit
		if now.problem != nil {
			left = now.patience - time.Since(began)
			if !invocation || left <= 0 {
				return nil, now.problem
			}
		}
		limit := time.NewTimer(left)
		select {
		case <-now.changed:
		case <-limit.C:
		case <-ctx.Done():
			limit.Stop()
			return nil, cmp.Or(now.problem, errStarting)
		}
		limit.Stop()
	}
}

// startLimit is after how long at the latest a waiting request looks again: it ends by a change, which comes with every attempt to start.
const startLimit = time.Minute

// errStarting is what a caller is told whose patience ended before anything was known.
var errStarting = errors.New("it is starting")

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

func writeHealth(w http.ResponseWriter, now readiness) {
	switch {
	case now.handler != nil:
		bindings.WriteJSON(w, http.StatusOK, health{Status: "ok"})
	case now.problem != nil:
		bindings.WriteJSON(w, http.StatusServiceUnavailable, health{Status: "unavailable", Error: now.problem.Error()})
	default:
		bindings.WriteJSON(w, http.StatusServiceUnavailable, health{Status: "starting"})
	}
}
