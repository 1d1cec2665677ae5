package handler

import (
	"net/http"
)

// readyHandler answers / from the start and lets all other requests wait until there is something to serve them.
type readyHandler struct {
	set     chan struct{} // closed when handler is there
	handler http.Handler
}

func (h *readyHandler) ready(next http.Handler) {
	h.handler = next
	close(h.set)
}

func (h *readyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" { // the Functions host asks here whether the app is up
		w.WriteHeader(http.StatusOK)
		return
	}
	select {
	case <-h.set:
		h.handler.ServeHTTP(w, r)
	case <-r.Context().Done():
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}
