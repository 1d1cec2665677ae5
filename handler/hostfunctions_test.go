package handler

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/extension"
)

// Under the host the management API is a function that the host lets everybody call, and that asks for the app's own key.
func TestManagementUnderTheHost(t *testing.T) {
	t.Parallel()
	link := bindings.HTTP("Link", bindings.Route{}, func(w http.ResponseWriter, r *http.Request, client *bindings.DurableClient) {
		client.CreateCheckStatusResponse(w, r, "i")
	})
	for _, c := range []struct {
		name             string
		key, environment string
		prefix           string
		path, given      string
		code             int
		want             string
	}{
		{"no key in Azure", "", "", "", "/api/durabletask/instances", "", http.StatusUnauthorized, ""},
		{"no key in Azure, some code", "", "", "", "/api/durabletask/instances?code=x", "", http.StatusUnauthorized, ""},
		{"no key at home", "", "Development", "", "/api/durabletask/instances", "", http.StatusOK, "[]"},
		{"a key, none given", "hush", "", "", "/api/durabletask/instances", "", http.StatusUnauthorized, ""},
		{"a key at home, none given", "hush", "Development", "", "/api/durabletask/instances", "", http.StatusUnauthorized, ""},
		{"the wrong one", "hush", "", "", "/api/durabletask/instances", "public", http.StatusUnauthorized, ""},
		{"the right one", "hush", "", "", "/api/durabletask/instances", "hush", http.StatusOK, "[]"},
		{"the right one as a code", "hush", "", "", "/api/DurableTask/instances/?code=hush", "", http.StatusOK, "[]"},
		{"an unknown instance", "hush", "", "", "/api/durabletask/instances/x", "hush", http.StatusNotFound, ""},
		{"another prefix", "hush", "", "orders/v1", "/orders/v1/durabletask/instances", "hush", http.StatusOK, "[]"},
		{"the usual place", "hush", "", "", "/runtime/webhooks/durabletask/instances", "hush", http.StatusNotFound, ""},
		{"health", "", "", "", "/api/healthz", "", http.StatusOK, `{"status":"ok"}`},
		{"links", "hush", "", "", "/api/Link", "", http.StatusAccepted, "/api/durabletask/instances/i?taskHub=TestHubName&connection=Storage&code=hush"},
		{"links with another prefix", "hush", "", "orders/v1", "/orders/v1/Link", "", http.StatusAccepted, "/orders/v1/durabletask/instances/i?"},
		{"the caller's code", "", "Development", "", "/api/Link?code=a%2Bb", "", http.StatusAccepted, "&connection=Storage&code=a%2Bb"},
		{"not the caller's code", "hush", "", "", "/api/Link?code=other", "", http.StatusAccepted, "&connection=Storage&code=hush"},
	} {
		var log lines
		h := app(t, &log, func(o *Options) {
			o.Extension.Key, o.Extension.Settings.Environment = c.key, c.environment
			if c.prefix != "" {
				o.Extension.Environ = append(o.Extension.Environ, "AzureFunctionsJobHost__extensions__http__routePrefix="+c.prefix)
			}
		}, link)
		w := call(h, http.MethodGet, c.path, "", "X-Functions-Key", c.given)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d %s", c.name, w.Code, w.Body, c.code, c.want)
		}
		if shut := c.key == "" && w.Code == http.StatusUnauthorized; shut != strings.Contains(log.String(), "set the app setting AZDURABLE_KEY") {
			t.Errorf("%s: logged %s", c.name, log.String())
		}
		if strings.Contains(log.String(), "hush") {
			t.Errorf("%s: the key is in the log: %s", c.name, log.String())
		}
	}
}

func TestMetricsAreOffByDefault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		on        bool
		key       string
		code      int
		want      string
		presented string
	}{
		{false, "", http.StatusNotFound, "", ""},
		{true, "", http.StatusOK, "process_", ""},
		{true, "secret", http.StatusUnauthorized, "", ""},
		{true, "secret", http.StatusOK, "process_", "secret"},
	} {
		o := options(t)
		o.Extension.Settings.Metrics, o.Extension.Key = c.on, c.key
		if code, answer := request(t, http.MethodGet, serve(t, o)+MetricsPath, "", "x-functions-key", c.presented); code != c.code || !strings.Contains(answer, c.want) {
			t.Errorf("%+v: %d %s", c, code, answer)
		}
	}
}

func TestLevelOfTheLog(t *testing.T) {
	t.Parallel()
	var level slog.LevelVar
	for text, want := range map[string]slog.Level{"": slog.LevelInfo, "debug": slog.LevelDebug, "WARN": slog.LevelWarn} {
		level.Set(slog.LevelInfo)
		if err := setLevel(&level, text); err != nil || level.Level() != want {
			t.Errorf("%q: %v, %v", text, level.Level(), err)
		}
	}
	if err := setLevel(&level, "loud"); err == nil || !strings.Contains(err.Error(), "AZDURABLE_LOG_LEVEL") {
		t.Errorf("loud: %v", err)
	}
}

// What a caller starts is part of its trace, however the request came.
func TestStartsBelongToTheTraceOfTheRequest(t *testing.T) {
	t.Parallel()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	started := func(t *testing.T, e *extension.Extension) string {
		t.Helper()
		events, err := e.Client().History(t.Context(), "one")
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if start, ok := event.(*history.ExecutionStarted); ok && start.ParentTraceContext != nil {
				return start.ParentTraceContext.TraceParent
			}
		}
		return ""
	}
	for name, c := range map[string]struct {
		port, setting, method, path, body, header string
	}{
		"standalone":         {"", "", http.MethodPost, "/api/orchestrators/Echo/one", "1", parent},
		"management API":     {"", "", http.MethodPost, "/runtime/webhooks/durabletask/orchestrators/Echo/one", "1", parent},
		"forwarded":          {"1", forwarding, http.MethodPost, "/api/orchestrators/Echo/one", "1", parent},
		"JSON":               {"1", "", http.MethodPost, "/HttpStart", envelopeOf("{}"), parent},
		"JSON, from request": {"1", "", http.MethodPost, "/HttpStart", envelopeOf(`{"traceparent":["` + parent + `"]}`), ""},
	} {
		o := options(t)
		o.Extension.Settings.Port, o.Extension.Settings.Environment, o.Extension.Environ = c.port, "Development", []string{c.setting}
		o.Extension.Triggers = []bindings.Trigger{starter()}
		o.complete()
		e, err := extension.Initialize(echo(), o.Extension)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.Stop(context.Background()) })
		if w := call(o.routes(e), c.method, c.path, c.body, "Traceparent", c.header); w.Code/100 != 2 {
			t.Fatalf("%s: %d %s", name, w.Code, w.Body)
		}
		if _, err := e.Client().Wait(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		if got := started(t, e); got != parent {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// envelopeOf is an invocation of the starter by a request with these headers.
func envelopeOf(headers string) string {
	return `{"Data":{"req":{"Url":"http://localhost/api/orchestrators/Echo/one","Method":"POST","Query":{},"Headers":` + headers +
		`,"Params":{"name":"Echo","instanceId":"one"},"Body":"1"}},"Metadata":{}}`
}
