package extension_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/internal/recorded"
)

// standIns are the functions behind the recordings.
func standIns() *durabletask.App { return recorded.Functions(recorded.FunctionsOptions{}) }

// hub is a running extension on a store in memory.
type hub struct {
	*extension.Extension
	t       *testing.T
	backend backend.Backend
	token   string // of the last page
}

// inMemory opens a store that the test can also look into.
func (h *hub) inMemory(ctx context.Context, _ extension.Store, log *slog.Logger) (backend.Backend, error) {
	b, err := local.Open(ctx, local.Options{Logger: log})
	h.backend = b
	return b, err
}

// start runs test in a bubble, with an extension that has been started.
func start(t *testing.T, o extension.Options, test func(h *hub)) {
	t.Helper()
	startApp(t, standIns(), o, test)
}

func startApp(t *testing.T, app *durabletask.App, o extension.Options, test func(h *hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &hub{t: t}
		o.Folder = t.TempDir()
		o.Logger = slog.New(slog.DiscardHandler)
		o.Environ = append([]string{}, o.Environ...)
		if o.Settings == nil {
			o.Settings = &extension.AppSettings{}
		}
		if o.Hub == "" {
			o.Hub = "RecordedHub"
		}
		o.Open = h.inMemory
		var err error
		if h.Extension, err = extension.Initialize(app, o); err != nil {
			t.Fatal(err)
		}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := h.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		test(h)
	})
}

// pass lets virtual time pass, and the instances run as far as they can.
func (h *hub) pass(d time.Duration) {
	h.t.Helper()
	time.Sleep(d)
	synctest.Wait()
}

// begin starts an instance and lets it run as far as it can.
func (h *hub) begin(name, id, input string) {
	h.t.Helper()
	if _, err := h.Client().ScheduleJSON(h.t.Context(), name, &input, durabletask.InstanceID(id), durabletask.AsReceived()); err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
}

// ask sends a request to the management API and lets the instances run as far as they can.
func (h *hub) ask(method, path string, headers map[string]string, body string) *httptest.ResponseRecorder {
	h.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, extension.ManagementPath+path, reader).WithContext(h.t.Context())
	for name, value := range headers {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.Management().ServeHTTP(w, r)
	synctest.Wait()
	return w
}

func (h *hub) get(path string) *httptest.ResponseRecorder {
	return h.ask(http.MethodGet, path, nil, "")
}

func (h *hub) post(path, body string) *httptest.ResponseRecorder {
	return h.ask(http.MethodPost, path, map[string]string{"Content-Type": "application/json"}, body)
}
