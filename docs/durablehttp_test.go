package docs_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

var Render = durabletask.NewOrchestrator(render)

func render(ctx durabletask.Context, film string) (string, error) {
	answer, err := durabletask.CallHTTP(ctx, durabletask.HTTPRequest{
		Method:  http.MethodPost,
		URL:     "https://render.example/jobs",
		Header:  http.Header{"Idempotency-Key": {ctx.NewUUID().String()}},
		Content: film,
		Timeout: time.Minute,
		Retry:   durabletask.RetryPolicy{MaxAttempts: 3, First: 10 * time.Second},
	})
	if err != nil {
		return "", err
	}
	return answer.Content, nil
}

var Restart = durabletask.NewOrchestrator(restart)

func restart(ctx durabletask.Context, machine string) (int, error) {
	answer, err := durabletask.CallHTTP(ctx, durabletask.HTTPRequest{
		Method:          http.MethodPost,
		URL:             "https://management.azure.com" + machine + "/restart?api-version=2024-07-01",
		ManagedIdentity: &durabletask.ManagedIdentity{Resource: "https://management.core.windows.net"},
	})
	return answer.StatusCode, err
}

// onlyOurs lets calls go to our own services and to Azure.
func onlyOurs(u *url.URL) error {
	switch u.Hostname() {
	case "render.example", "management.azure.com":
		return nil
	}
	return errors.New("this app calls render.example and Azure only")
}

func renderApp() *durabletask.App {
	app := durabletask.New(Render, Restart)
	app.UseHTTP(durabletask.HTTPOptions{Allow: onlyOurs, MaxResponse: 1 << 20})
	return app
}

func TestRender(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, renderApp(), func(t *testing.T, h *durabletest.Hub) {
		site := http.NewServeMux()
		site.HandleFunc("POST /jobs", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/jobs/1")
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusAccepted)
		})
		site.HandleFunc("GET /jobs/1", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "film.mp4") })
		durabletest.Web(h, site)
		begin := time.Now()
		got, err := durabletest.Run(h, Render, "film")
		if got != "film.mp4" || err != nil || time.Since(begin) != time.Hour {
			t.Errorf("%q, %v, after %v", got, err, time.Since(begin))
		}
	})
}

func TestRestart(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, renderApp(), func(t *testing.T, h *durabletest.Hub) {
		durabletest.Web(h, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/vm/restart" && r.Header.Get("Authorization") == "Bearer token for https://management.core.windows.net/.default" {
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(http.StatusAccepted)
			}
			_, _ = io.Copy(io.Discard, r.Body)
		}))
		if _, err := durabletest.Run(h, Restart, "/vm"); !errors.Is(err, durabletask.ErrHTTPNotAllowed) {
			t.Errorf("an address that nobody allowed: %v", err)
		}
	})
}
