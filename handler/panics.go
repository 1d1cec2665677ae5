package handler

import (
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/azdurable/azdurable/bindings"
)

// recoverPanics turns a panic of an HTTP function into 500 and a line in the log.
func recoverPanics(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				p := recover()
				if p == nil {
					return
				}
				if p == http.ErrAbortHandler { //nolint:errorlint // net/http's own sign, never wrapped
					panic(p)
				}
				log.ErrorContext(r.Context(), "an HTTP function panicked", "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				bindings.WriteJSON(w, http.StatusInternalServerError, bindings.Failure{Message: "The function failed. The log of the app says why."})
			}()
			next.ServeHTTP(w, r)
		})
	}
}
