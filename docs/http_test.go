package docs_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// sign starts a contract, and answers with its result if it has one within ten seconds, otherwise with the links to it.
func sign(w http.ResponseWriter, r *http.Request, client *bindings.DurableClient) {
	id, err := Contract.Schedule(r.Context(), client.Client, durabletask.None{})
	if err == nil {
		err = client.WaitForCompletionOrCreateCheckStatusResponse(w, r, id.ID, bindings.Wait{Timeout: 10 * time.Second})
	}
	if err != nil {
		bindings.WriteError(w, err)
	}
}

// forget removes what was created more than a month ago and has ended, and says how far it is.
func forget(ctx context.Context, client *durabletask.Client, log *slog.Logger) (int, error) {
	lastMonth := durabletask.PurgeFilter{CreatedTo: time.Now().AddDate(0, -1, 0)}
	return client.PurgeMany(ctx, lastMonth, func(p durabletask.PurgeProgress) { log.Info("purging", "so far", p.Purged) })
}

func TestHTTPPage(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(Contract), func(t *testing.T, h *durabletest.Hub) {
		client := bindings.NewDurableClient(h.Client, bindings.Links{Hub: "Hub", Connection: "Storage", Path: "/runtime/webhooks/durabletask"})
		w := httptest.NewRecorder()
		sign(w, httptest.NewRequest(http.MethodPost, "/api/sign", nil).WithContext(t.Context()), client)
		if w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), "statusQueryGetUri") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		h.Advance(60 * 24 * time.Hour)
		var log strings.Builder
		if n, err := forget(t.Context(), h.Client, slog.New(slog.NewTextHandler(&log, nil))); n != 1 || err != nil || !strings.Contains(log.String(), "purging") {
			t.Errorf("%d, %v, %s", n, err, &log)
		}
	})
}
