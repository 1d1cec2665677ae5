package handler

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/extension"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// options are for a run that touches nothing outside of the test.
func options(t *testing.T) Options {
	t.Helper()
	return Options{
		Listen: "localhost:0", patience: time.Millisecond,
		Extension: extension.Options{
			Folder: t.TempDir(), Environ: []string{}, Settings: &extension.AppSettings{}, Logger: quiet(),
			Open: func(ctx context.Context, _ extension.Store, log *slog.Logger) (backend.Backend, error) {
				return local.Open(ctx, local.Options{Logger: log})
			},
		},
	}
}

func echo() *durabletask.App {
	return durabletask.New(durabletask.NewOrchestrator(
		func(_ durabletask.Context, in any) (any, error) { return in, nil }, durabletask.Named("Echo")))
}

func starter() *bindings.HTTPTrigger {
	return bindings.HTTP("HttpStart", bindings.Route{Methods: []string{"post"}, Pattern: "orchestrators/{name}/{instanceId?}"},
		func(w http.ResponseWriter, r *http.Request, client *bindings.DurableClient) {
			input, err := bindings.ReadJSON(r)
			if err != nil {
				bindings.WriteError(w, err)
				return
			}
			id, err := client.ScheduleJSON(r.Context(), bindings.Param(r, "name"), input, durabletask.InstanceID(bindings.Param(r, "instanceId")))
			if err != nil {
				bindings.WriteError(w, err)
				return
			}
			client.CreateCheckStatusResponse(w, r, id)
		})
}

// serve runs an app and returns its URL; it is stopped with the test.
func serve(t *testing.T, o Options) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	o.Output = in
	done := make(chan error, 1)
	go func() {
		err := Serve(ctx, echo(), o)
		in.CloseWithError(io.EOF)
		done <- err
	}()
	line := make([]byte, 200)
	n, err := out.Read(line)
	if err != nil {
		t.Fatalf("the app did not start: %v", <-done)
	}
	go io.Copy(io.Discard, out)
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return strings.Fields(string(line[:n]))[2]
}

func request(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.StatusCode, string(text)
}

func TestStarterAnswersBadInput(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.MaxBody = 100
	o.Extension.Triggers = []bindings.Trigger{starter(), bindings.HTTP("Breaks", bindings.Route{},
		func(http.ResponseWriter, *http.Request, *bindings.DurableClient) { panic("boom") })}
	url := serve(t, o)
	for _, c := range []struct {
		method, path, body string
		code               int
		message            string
	}{
		{"POST", "/api/orchestrators/Echo/one", "1", 202, `"id":"one"`},
		{"POST", "/api/orchestrators/Echo", "", 202, `"id":"`},
		{"POST", "/api/orchestrators/echo/a%20b", "null", 202, `"id":"a b"`},
		{"POST", "/api/orchestrators/Nope", "1", 404, "it has Echo"},
		{"POST", "/api/orchestrators/Echo", "{", 400, "not one JSON value"},
		{"POST", "/api/orchestrators/Echo", "1 2", 400, "not one JSON value"},
		{"POST", "/api/orchestrators/Echo/@x", "1", 400, "invalid instance id"},
		{"POST", "/api/orchestrators/Echo/a%23b", "1", 400, "invalid instance id"},
		{"POST", "/api/orchestrators/Echo/" + strings.Repeat("x", 257), "1", 400, "256 characters"},
		{"POST", "/api/orchestrators/Echo", `"` + strings.Repeat("x", 100) + `"`, 413, "-max-body"},
		{"POST", "/runtime/webhooks/durabletask/orchestrators/Echo", `"` + strings.Repeat("x", 100) + `"`, 413, "-max-body"},
		{"GET", "/api/orchestrators/Echo", "", 405, ""},
		{"GET", "/api/nothing", "", 404, ""},
		{"GET", "/API/breaks", "", 404, ""},
		{"GET", "/api/Breaks", "", 500, "The log of the app says why"},
		{"GET", "/", "", 200, ""},
		{"GET", "/Runtime/WebHooks/DurableTask/instances?top=1", "", 200, "["},
		{"GET", "/runtime/webhooks/durabletaskx/instances", "", 404, ""},
	} {
		code, answer := request(t, c.method, url+c.path, c.body)
		if code != c.code || !strings.Contains(answer, c.message) {
			t.Errorf("%s %s %q: %d %s, want %d with %q", c.method, c.path, c.body, code, answer, c.code, c.message)
		}
	}
}

func TestDuplicateStartIsRefused(t *testing.T) {
	t.Parallel()
	waits := durabletask.New(durabletask.NewOrchestrator(func(ctx durabletask.Context, _ any) (any, error) {
		return durabletask.NewEvent[any]("go").Next(ctx).Await(ctx)
	}, durabletask.Named("Waits")))
	o := options(t)
	o.Extension.Triggers = []bindings.Trigger{starter()}
	e, err := extension.Initialize(waits, o.Extension)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer e.Stop(context.Background())
	h := routes(e, DefaultMaxBody, quiet())
	for _, want := range []int{202, 409} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/orchestrators/Waits/same", nil))
		if w.Code != want || want == 409 && !strings.Contains(w.Body.String(), "already exists. Choose another instance id") {
			t.Errorf("%d %s, want %d", w.Code, w.Body, want)
		}
	}
}

func TestKeyGuardsStarters(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Extension.Key = "secret"
	anybody := func(w http.ResponseWriter, _ *http.Request, _ *bindings.DurableClient) { w.WriteHeader(http.StatusOK) }
	o.Extension.Triggers = []bindings.Trigger{starter(), bindings.HTTP("Open", bindings.Route{Auth: bindings.AuthAnonymous}, anybody)}
	url := serve(t, o)
	for _, c := range []struct {
		method, path, header string
		code                 int
	}{
		{"POST", "/api/orchestrators/Echo", "", 401},
		{"POST", "/api/orchestrators/Echo?code=secret", "", 202},
		{"POST", "/api/orchestrators/Echo?code=secret", "wrong", 401},
		{"POST", "/api/orchestrators/Echo", "secret", 202},
		{"GET", "/runtime/webhooks/durabletask/instances", "", 401},
		{"GET", "/runtime/webhooks/durabletask/instances", "secret", 200},
		{"GET", "/api/Open", "", 200},
		{"GET", "/", "", 200},
	} {
		if code, answer := request(t, c.method, url+c.path, "", "x-functions-key", c.header); code != c.code {
			t.Errorf("%s %s with %q: %d %s, want %d", c.method, c.path, c.header, code, answer, c.code)
		}
	}
}

func TestServeRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	for _, c := range []struct {
		name   string
		change func(o *Options)
		want   []string
	}{
		{"port in use", func(o *Options) { o.Listen = taken.Addr().String() }, []string{taken.Addr().String(), "in use", "-listen"}},
		{"all addresses", func(o *Options) { o.Listen = ":7071" }, []string{"-key", "AZDURABLE_KEY", "-listen localhost:7071"}},
		{"an address others reach", func(o *Options) { o.Listen = "192.0.2.1:7071" }, []string{"192.0.2.1:7071", "-key"}},
		{"all IPv6 addresses", func(o *Options) { o.Listen = "[::]:7071" }, []string{"-key"}},
		{"not an address", func(o *Options) { o.Listen = "7071" }, []string{"host:port"}},
		{"a store that can't be opened", func(o *Options) { o.Extension.Open, o.Extension.Data = nil, "/dev/null/data" }, []string{"/dev/null/data", "-data"}},
		{"a store without a connection", func(o *Options) { o.Extension.Store = "AzureStorage" }, []string{"AzureWebJobsStorage"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			c.change(&o)
			err := Serve(t.Context(), echo(), o)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := run(echo(), nil, []string{"-h"}, &out, io.Discard); code != exitClean {
		t.Errorf("-h exits with %d", code)
	}
	for _, flag := range []string{"-listen", "-data", "-store", "-hub", "-key", "-max-body", "AZDURABLE_KEY", "host.json", "Exit codes"} {
		if !strings.Contains(out.String(), flag) {
			t.Errorf("-h does not mention %s:\n%s", flag, out.String())
		}
	}
	for _, args := range [][]string{{"-nope"}, {"extra"}, {"-max-body", "0"}, {"-listen", "7071"}, {"-max-body", "many"}} {
		var wrong bytes.Buffer
		if code := run(echo(), nil, args, io.Discard, &wrong); code != exitUsage || wrong.Len() == 0 {
			t.Errorf("%v exits with %d: %s", args, code, wrong.String())
		}
	}
	f, err := parseFlags(nil, &extension.AppSettings{Port: "1234"}, io.Discard)
	if err != nil || f.listen != "127.0.0.1:1234" {
		t.Errorf("under the host: %+v, %v", f, err)
	}
	f, err = parseFlags([]string{"-listen", "localhost:1"}, &extension.AppSettings{}, io.Discard)
	if err != nil || f.listen != "localhost:1" || f.data != filepath.Clean(extension.DefaultFolder) || f.maxBody != DefaultMaxBody {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestAnswersBeforeItIsReady(t *testing.T) {
	t.Parallel()
	h := newReadyHandler(quiet())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusOK {
		t.Errorf("/ before ready: %d", w.Code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/x", nil).WithContext(ctx))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("/api/x before ready: %d", w.Code)
	}
	h.ready(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/x", nil))
	if w.Code != http.StatusTeapot {
		t.Errorf("/api/x when ready: %d", w.Code)
	}
}

// An invocation waits for a store that is down, for a while; a caller is told at once.
func TestInvocationsWaitForTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newReadyHandler(quiet())
		ask := func(host string) (code int, took time.Duration) {
			r, w, began := httptest.NewRequest(http.MethodPost, "/Kick", nil), httptest.NewRecorder(), time.Now()
			r.Host = host
			r.Header.Set(invocationHeader, "one")
			h.ServeHTTP(w, r)
			return w.Code, time.Since(began)
		}
		h.failing(errors.New("down"), time.Minute)
		if code, took := ask("app.example.org"); code != http.StatusServiceUnavailable || took != 0 {
			t.Errorf("a caller: %d after %v", code, took)
		}
		if code, took := ask("127.0.0.1:1"); code != http.StatusServiceUnavailable || took != time.Minute {
			t.Errorf("an invocation, in vain: %d after %v", code, took)
		}
		time.AfterFunc(10*time.Second, func() { h.failing(errors.New("still down"), time.Minute) })
		time.AfterFunc(20*time.Second, func() {
			h.ready(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
		})
		if code, took := ask("127.0.0.1:1"); code != http.StatusTeapot || took != 20*time.Second {
			t.Errorf("an invocation: %d after %v", code, took)
		}
	})
}
