package extension_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/azdurable/azdurable/extension"
)

// The API answers at its usual place and at another one at the same time, and its links stay where they are asked for.
func TestManagementAtAnotherPath(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		for _, base := range []string{"/api/durabletask", extension.ManagementPath, ""} {
			api := h.ManagementAt(base)
			w := httptest.NewRecorder()
			api.ServeHTTP(w, httptest.NewRequest(http.MethodPost, base+"/orchestrators/Echo/x", strings.NewReader("1")))
			link := w.Header().Get("Location")
			if w.Code != http.StatusAccepted || !strings.HasPrefix(link, "http://example.com"+base+"/instances/x?") {
				t.Errorf("start at %q: %d %s", base, w.Code, link)
			}
			w = httptest.NewRecorder()
			api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, strings.Replace(link, base, strings.ToUpper(base), 1), nil))
			if w.Code != http.StatusOK && w.Code != http.StatusAccepted {
				t.Errorf("status at %q: %d %s", base, w.Code, w.Body)
			}
			w = httptest.NewRecorder()
			api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/elsewhere/instances/x", nil))
			if w.Code != http.StatusNotFound {
				t.Errorf("a path that is not below %q: %d", base, w.Code)
			}
			synctest.Wait() // until it has ended, so that it can be started again
		}
	})
}

func TestManagementPathOfTheOptions(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{ManagementPath: "/api/durabletask"}, func(h *hub) {
		w := httptest.NewRecorder()
		h.Management().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/durabletask/orchestrators/Echo/x", nil))
		if got := h.Client().CreateHTTPManagementPayload(nil, "x").StatusQueryGetURI; w.Code != http.StatusAccepted || !strings.HasPrefix(got, "/api/durabletask/instances/x?") {
			t.Errorf("%d %s, and the app's own links are like %s", w.Code, w.Body, got)
		}
	})
}

func TestUnder(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/api/durabletask": true, "/API/DurableTask/instances": true, "/api/durabletask/": true, "/api/durabletasks": false, "/api": false, "": false,
	} {
		if got := extension.Under("/api/durabletask", path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
	if !extension.UnderManagement("/runtime/webhooks/durableTask/instances") {
		t.Error("the usual place is not found")
	}
}

// Headers of a proxy are believed only if host.json says so (http-api §21).
func TestForwardedHeaders(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"": "http://example.com", hostSetting + "httpSettings__useForwardedHost=true": "https://public.example.org:8443",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			start(t, extension.Options{Environ: []string{settings}}, func(h *hub) {
				h.begin("WaitEvent", "x", "1")
				headers := map[string]string{
					"X-Forwarded-Host": "public.example.org:8443, proxy", "X-Forwarded-Proto": "https, http", "X-Original-Host": "o", "Forwarded": "host=f;proto=https",
				}
				started := h.ask(http.MethodPost, "/orchestrators/Echo", headers, "1")
				running := h.ask(http.MethodGet, "/instances/x?a=b", headers, "")
				for _, link := range []string{started.Header().Get("Location"), running.Header().Get("Location")} {
					if !strings.HasPrefix(link, want+extension.ManagementPath+"/instances/") {
						t.Errorf("the link is %s, want one to %s", link, want)
					}
				}
			})
		})
	}
}
