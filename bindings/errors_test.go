package bindings_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// The status code says whose turn it is: the caller's to change something, or to come again.
func TestWriteError(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		err  error
		want int
	}{
		{&durabletask.InstanceExistsError{InstanceID: "x", Status: durabletask.Running}, http.StatusConflict},
		{&http.MaxBytesError{Limit: 16}, http.StatusRequestEntityTooLarge},
		{durabletask.ErrNotRegistered, http.StatusNotFound},
		{durabletask.ErrInstanceNotFound, http.StatusNotFound},
		{durabletask.ErrInstanceFinished, http.StatusGone},
		{durabletask.ErrInvalidID, http.StatusBadRequest},
		{&durabletask.PayloadError{Reason: "no"}, http.StatusBadRequest},
		{durabletask.ErrStorage, http.StatusServiceUnavailable},
		{http.ErrServerClosed, http.StatusInternalServerError},
	} {
		w := httptest.NewRecorder()
		bindings.WriteError(w, fmt.Errorf("wrapped: %w", row.err))
		if w.Code != row.want || !strings.Contains(w.Body.String(), `"Message":"`) {
			t.Errorf("%v: %d %s, want %d", row.err, w.Code, w.Body, row.want)
		}
		if retry := w.Header().Get("Retry-After"); (retry != "") != (row.want == http.StatusServiceUnavailable) {
			t.Errorf("%v: Retry-After %q", row.err, retry)
		}
	}
}
