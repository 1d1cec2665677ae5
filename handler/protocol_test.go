package handler

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// call sends a request as the host does, under the invocation id "one".
func call(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:1"
	r.Header.Set(invocationHeader, "one")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// app is an app as the host runs it, with its log.
func app(t *testing.T, log *lines, change func(o *Options), triggers ...bindings.Trigger) http.Handler {
	t.Helper()
	o := options(t)
	o.Extension.Settings.Port = "1"
	o.Extension.Triggers, o.Extension.Logger = triggers, log.logger()
	o.Extension.Environ = []string{forwarding}
	if change != nil {
		change(&o)
	}
	o.complete()
	e, err := extension.Initialize(durabletask.New(), o.Extension)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Stop(context.Background()) })
	return o.routes(e)
}

func TestInvocationsThatFail(t *testing.T) {
	t.Parallel()
	var log lines
	kick := func(fn bindings.QueueFunc[string]) func(string) bindings.Trigger {
		return func(name string) bindings.Trigger {
			return bindings.Queue(name, bindings.QueueSource{Queue: "kicks"}, fn)
		}
	}
	h := app(t, &log, func(o *Options) { o.MaxBody = 1000 },
		kick(func(context.Context, *bindings.QueueMessage[string], *bindings.DurableClient) error {
			return errors.New("no luck")
		})("Fails"),
		kick(func(context.Context, *bindings.QueueMessage[string], *bindings.DurableClient) error { panic("boom") })("Panics"),
		kick(func(ctx context.Context, _ *bindings.QueueMessage[string], _ *bindings.DurableClient) error {
			bindings.Logger(ctx).Info("noted", "n", 1)
			return nil
		})("Works"),
		bindings.Queue("Typed", bindings.QueueSource{Queue: "kicks"}, func(context.Context, *bindings.QueueMessage[struct{ N int }], *bindings.DurableClient) error {
			return nil
		}),
		starter(),
	)
	const message = `{"Data":{"msg":"aGk="},"Metadata":{"Id":"\"m1\"","DequeueCount":"3"},"More":[]}`
	for _, c := range []struct {
		name, method, path, body string
		code                     int
		want                     []string // in the answer, and in the log if it failed
	}{
		{"success", "POST", "/Works", message, 200, []string{`{"Outputs":null,"Logs":["level=INFO msg=noted n=1"],"ReturnValue":null}`}},
		{"an error", "POST", "/Fails", message, 500, []string{"no luck"}},
		{"a panic", "POST", "/Panics", message, 500, []string{"boom", "protocol_test.go"}},
		{"not the type", "POST", "/Typed", message, 500, []string{"the message m1 of Typed (delivery 3)", "poison", "byte 1"}},
		{"wrong letter case", "POST", "/fails", message, 404, []string{"POST /fails", "Fails, Panics, Typed, Works, DurableHealth, DurableManagement, HttpStart"}},
		{"unknown function", "POST", "/Nope", message, 404, []string{"Fails, Panics", "make the function folders anew"}},
		{"wrong method", "GET", "/Fails", "", 405, []string{"invoked by POST, not by GET"}},
		{"a forwarded function invoked", "POST", "/HttpStart", message, 404, []string{"enableForwardingHttpRequest"}},
		{"no data", "POST", "/Works", `{}`, 500, []string{`no data named \"msg\"`}},
		{"not bytes", "POST", "/Works", `{"Data":{"msg":"\"text\""}}`, 500, []string{"dataType"}},
		{"an empty body", "POST", "/Works", "", 500, []string{"protocol of custom handlers"}},
		{"half a body", "POST", "/Works", `{"Data":`, 500, []string{"protocol of custom handlers"}},
		{"null", "POST", "/Works", "null", 500, []string{"protocol of custom handlers", "null"}},
		{"a list", "POST", "/Works", "[1]", 500, []string{"protocol of custom handlers"}},
		{"data of another kind", "POST", "/Works", `{"Data":7}`, 500, []string{"protocol of custom handlers"}},
		{"text behind it", "POST", "/Works", message + "x", 500, []string{"protocol of custom handlers"}},
		{"too large", "POST", "/Works", strings.Repeat(" ", 2<<20), 413, []string{"-max-body", "bindings.MaxBody"}},
	} {
		before := len(log.String())
		w := call(h, c.method, c.path, c.body)
		if kind := w.Header().Get("Content-Type"); w.Code != c.code || !strings.HasPrefix(kind, "application/json") || w.Body.Len() < 2 || w.Body.Bytes()[0] != '{' {
			t.Errorf("%s: %d %s %s, want %d", c.name, w.Code, kind, w.Body, c.code)
		}
		logged := log.String()[before:]
		for _, want := range c.want {
			if !strings.Contains(w.Body.String(), want) || c.code != http.StatusOK && !strings.Contains(strings.ReplaceAll(logged, `\\\"`, `\"`), want) {
				t.Errorf("%s: answered %s and logged %s, want %q in both", c.name, w.Body, logged, want)
			}
		}
		if c.code != http.StatusOK && (!strings.Contains(logged, "invocation=one") || strings.Count(logged, "\n") != 1) {
			t.Errorf("%s: logged %q, want one line with the invocation", c.name, logged)
		}
	}
}

// TestBodiesAndKeysAreNotLogged sends secrets to wherever they might get into a message.
func TestBodiesAndKeysAreNotLogged(t *testing.T) {
	t.Parallel()
	var log lines
	h := app(t, &log, func(o *Options) { o.Extension.Environ = []string{} },
		bindings.Queue("Typed", bindings.QueueSource{Queue: "kicks"}, func(context.Context, *bindings.QueueMessage[struct {
			N int8
			T time.Time
		}], *bindings.DurableClient,
		) error {
			return nil
		}),
		bindings.HTTP("Web", bindings.Route{}, func(http.ResponseWriter, *http.Request, *bindings.DurableClient) {}),
		bindings.EventGrid("Grid", func(context.Context, *bindings.GridEvent[int], *bindings.DurableClient) error { return nil }),
	)
	for _, c := range [][2]string{
		{"/Typed", `{"Data":{"msg":"eyJOIjo2NjY2NjZ9"}}`},                  // {"N":666666}
		{"/Typed", `{"Data":{"msg":"eyJUIjoiNjY2NjY2In0="}}`},              // {"T":"666666"}
		{"/Typed", `{"Data":{"msg":"NjY2NjY2NjY2"},"Metadata":666666}`},    // not even the envelope
		{"/Typed", `{"Data":{"msg":"666666"}}`},                            // not base64
		{"/Web", `{"Data":{"req":{"Url":"http://h\u007f/?code=666666"}}}`}, // not a URL
		{"/Web", `{"Data":{"req":{"Url":"http://h/","Method":"GET","Headers":{"Content-Type":["multipart/form-data"]},"Body":"666666!"}}}`},
		{"/Web", `{"Data":{"req":666666}}`},
		{"/Grid", `{"Data":{"event":{"eventType":"T","data":"666666"}}}`},
		{"/Grid", `{"Data":{"event":"666666"}}`},
	} {
		if w := call(h, http.MethodPost, c[0], c[1]); w.Code < 400 || strings.Contains(w.Body.String(), "666") {
			t.Errorf("%s: %d %s", c[1], w.Code, w.Body)
		}
	}
	if text := log.String(); strings.Contains(text, "666") || strings.Count(text, "\n") < 9 {
		t.Errorf("logged:\n%s", text)
	}
}

func TestForwardedBodies(t *testing.T) {
	t.Parallel()
	read := func(w http.ResponseWriter, r *http.Request, _ *bindings.DurableClient) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			bindings.WriteError(w, err)
			return
		}
		bindings.WriteJSON(w, http.StatusOK, n)
	}
	const large = 100 << 20
	var log lines
	triggers := []bindings.Trigger{
		bindings.HTTP("Small", bindings.Route{}, read), bindings.HTTP("Large", bindings.Route{}, read, bindings.MaxBody(large)),
		bindings.HTTP("Any", bindings.Route{}, read, bindings.Unlimited),
	}
	for name, h := range map[string]http.Handler{
		"forwarded":  app(t, &log, nil, triggers...),
		"standalone": app(t, &log, func(o *Options) { o.Extension.Settings.Port = "" }, triggers...),
	} {
		for path, want := range map[string]string{"/api/Small": "-max-body", "/api/Large": "104857600", "/api/Any": "104857601"} {
			for _, announced := range []bool{true, false} {
				size := int64(large)
				if path == "/api/Any" {
					size++
				}
				body := &counted{left: size}
				r := httptest.NewRequest(http.MethodPost, path, body)
				r.ContentLength = -1
				if announced {
					r.ContentLength = size
				}
				r.Header.Set(invocationHeader, "one")
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("%s %s: %d %s, want %s", name, path, w.Code, w.Body, want)
				}
				if taken := size - body.left; path == "/api/Small" && (w.Code != http.StatusRequestEntityTooLarge || taken > DefaultMaxBody+1<<20 || announced && taken > 0) {
					t.Errorf("%s %s: %d after %d bytes", name, path, w.Code, taken)
				}
			}
		}
	}
}

// counted is a long body that nobody has to keep.
type counted struct{ left int64 }

func (c *counted) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), c.left)
	c.left -= n
	return int(n), nil
}

// TestModes serves the same functions in all ways: forwarded where it can be, in JSON else (custom-handler §3.1).
func TestModes(t *testing.T) {
	t.Parallel()
	audit := bindings.ToQueue[string]("audit", bindings.QueueTarget{Queue: "audit"})
	plain := bindings.HTTP("Plain", bindings.Route{Pattern: "plain/{id}"}, func(w http.ResponseWriter, r *http.Request, _ *bindings.DurableClient) {
		io.WriteString(w, "plain "+bindings.Param(r, "id"))
	})
	with := bindings.HTTP("With", bindings.Route{}, func(w http.ResponseWriter, r *http.Request, _ *bindings.DurableClient) {
		if err := audit.Send(r.Context(), "hello"); err != nil {
			bindings.WriteError(w, err)
			return
		}
		io.WriteString(w, "with")
	}, audit)
	const envelope = `{"Data":{"req":{"Url":"http://h/api/x","Method":"GET","Headers":{},"Params":{"id":"7"}}},"Metadata":{}}`
	const proxying = "AzureFunctionsJobHost__customHandler__enableProxyingHttpRequest=True"
	for _, c := range []struct {
		settings           []string
		port, method, path string
		code               int
		want               string
	}{
		{[]string{forwarding}, "1", "GET", "/api/plain/7", 200, "plain 7"},
		{[]string{forwarding}, "1", "GET", "/API/PLAIN/7/", 200, "plain 7"},
		{[]string{proxying}, "1", "FOO", "/api/plain/7", 200, "plain 7"},
		{[]string{forwarding, proxying}, "1", "GET", "/api/plain/7", 200, "plain 7"},
		{[]string{forwarding}, "1", "POST", "/Plain", 404, "no function at POST /Plain"},
		{[]string{forwarding}, "1", "POST", "/With", 200, `"Outputs":{"audit":"aGVsbG8=","res":{"statusCode":200,"headers":{"Content-Type":"text/plain; charset=utf-8"},"body":"with"}}`},
		{[]string{forwarding}, "1", "GET", "/api/With", 404, "no function"},
		{[]string{}, "1", "POST", "/Plain", 200, `"body":"plain 7"`},
		{[]string{}, "1", "GET", "/api/plain/7", 404, "no function"},
		{[]string{forwarding, "AzureFunctionsJobHost__extensions__http__routePrefix=v1"}, "1", "GET", "/v1/plain/7", 200, "plain 7"},
		{[]string{}, "", "GET", "/api/plain/7", 200, "plain 7"},
		{[]string{}, "", "GET", "/api/With", 500, "Functions host, which does not run this app"},
		{[]string{}, "", "POST", "/With", 404, ""},
		{[]string{}, "", "POST", "/Plain", 404, ""},
	} {
		var log lines
		h := app(t, &log, func(o *Options) { o.Extension.Environ, o.Extension.Settings.Port = c.settings, c.port }, plain, with)
		if w := call(h, c.method, c.path, envelope); w.Code != c.code || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%v at port %q: %s %s: %d %s, want %d %s", c.settings, c.port, c.method, c.path, w.Code, w.Body, c.code, c.want)
		}
	}
}

func TestForgedInvocations(t *testing.T) {
	t.Parallel()
	nothing := func(http.ResponseWriter, *http.Request, *bindings.DurableClient) {}
	kick := bindings.Queue("OnKick", bindings.QueueSource{Queue: "kicks"},
		func(context.Context, *bindings.QueueMessage[string], *bindings.DurableClient) error { return nil })
	const noPrefix = "AzureFunctionsJobHost__extensions__http__routePrefix="
	for _, c := range []struct {
		name    string
		route   bindings.Route
		prefix  string
		refused bool
	}{
		{"a rest parameter", bindings.Route{Pattern: "{*path}"}, noPrefix, true},
		{"a parameter", bindings.Route{Pattern: "{name}"}, noPrefix, true},
		{"an optional parameter", bindings.Route{Pattern: "{name}/{id?}", Methods: []string{"get", "post"}}, noPrefix, true},
		{"another letter case", bindings.Route{Pattern: "onkick"}, noPrefix, true},
		{"without POST", bindings.Route{Pattern: "{*path}", Methods: []string{"get"}}, noPrefix, false},
		{"another word", bindings.Route{Pattern: "web/{*path}"}, noPrefix, false},
		{"a constraint", bindings.Route{Pattern: "{name:int}"}, noPrefix, false},
		{"a prefix", bindings.Route{Pattern: "{*path}"}, "", false},
		{"a prefix with the function's name", bindings.Route{Pattern: "{name?}"}, noPrefix + "OnKick", true},
	} {
		o := options(t)
		o.Extension.Settings.Port = "1"
		o.Extension.Environ = []string{forwarding, c.prefix, "AzureFunctionsJobHost__extensions__durableTask__wakeUpSchedule=none"}
		o.Extension.Triggers = []bindings.Trigger{kick, bindings.HTTP("Web", c.route, nothing)}
		e, err := extension.Initialize(durabletask.New(), o.Extension)
		if err != nil {
			t.Fatal(err)
		}
		err = checkForgeries(e)
		if (err != nil) != c.refused {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "POST /OnKick") || !strings.Contains(err.Error(), "routePrefix") || !strings.Contains(err.Error(), c.route.Pattern)) {
			t.Errorf("%s: %v, want what to change", c.name, err)
		}
	}
	var log lines
	h := app(t, &log, nil, kick, bindings.HTTP("Web", bindings.Route{Pattern: "{*path}"}, nothing))
	for _, headers := range [][]string{{"X-Forwarded-For", "192.0.2.1"}, {"Host", "app.azurewebsites.net"}} {
		if w := call(h, http.MethodPost, "/OnKick", `{"Data":{"msg":"aGk="}}`, headers...); w.Code != http.StatusForbidden || !strings.Contains(log.String(), "caller of an HTTP function") {
			t.Errorf("%v: %d %s", headers, w.Code, w.Body)
		}
	}
	if w := call(h, http.MethodGet, extension.ManagementPath+"/instances", ""); w.Code != http.StatusNotFound {
		t.Errorf("a caller gets the management API by way of the host: %d %s", w.Code, w.Body)
	}
}

func TestOriginOfRequests(t *testing.T) {
	t.Parallel()
	link := bindings.HTTP("Link", bindings.Route{}, func(w http.ResponseWriter, r *http.Request, client *bindings.DurableClient) {
		io.WriteString(w, client.CreateHTTPManagementPayload(r, "i").StatusQueryGetURI)
	})
	for _, c := range []struct {
		name, public, site string
		headers            []string
		want               string
	}{
		{"forwarded", "", "", []string{"Host", "app.example.org:8443"}, "http://app.example.org:8443/"},
		{"forwarded over https", "", "app.azurewebsites.net", []string{"Host", "custom.example.org", "X-Forwarded-Proto", "https"}, "https://custom.example.org/"},
		{"forwarded in Azure", "", "app.azurewebsites.net", []string{"Host", "app.azurewebsites.net", "X-ARR-SSL", "2048"}, "https://app.azurewebsites.net/"},
		{"the caller's own header", "", "", []string{"Host", "app.example.org", "X-Forwarded-Host", "evil.example.org"}, "http://app.example.org/"},
		{"proxied", "", "localhost:7071", nil, "http://localhost:7071/"},
		{"proxied, behind a front end", "", "app.azurewebsites.net", []string{"X-Forwarded-Host", "front.example.org", "X-Forwarded-Proto", "https"}, "https://front.example.org/"},
		{"proxied, after a swap", "", "old.azurewebsites.net", []string{"Was-Default-Hostname", "new.azurewebsites.net", "X-Forwarded-Proto", "https"}, "https://new.azurewebsites.net/"},
		{"proxied, on Linux", "", "app.azurewebsites.net", []string{"Disguised-Host", "custom.example.org", "X-Forwarded-Proto", "https"}, "https://custom.example.org/"},
		{"proxied, a bad header", "", "localhost:7071", []string{"X-Forwarded-Host", "evil/path?"}, "http://localhost:7071/"},
		{"override", "https://orders.example.org/", "", []string{"Host", "app.example.org"}, "https://orders.example.org/api/durabletask/instances/"},
	} {
		var log lines
		h := app(t, &log, func(o *Options) { o.Extension.Settings.PublicURL, o.Extension.Settings.Hostname = c.public, c.site }, link)
		if w := call(h, http.MethodGet, "/api/Link", "", c.headers...); !strings.HasPrefix(w.Body.String(), c.want) {
			t.Errorf("%s: %s, want %s", c.name, w.Body, c.want)
		}
	}
}

func TestDeadlineOfInvocations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		setting, sku string
		want         time.Duration
	}{
		{"00:00:03", "", 2700 * time.Millisecond},
		{"00:10:00", "", 10*time.Minute - time.Second},
		{"", "Dynamic", 5*time.Minute - time.Second},
		{"", "", 30*time.Minute - time.Second},
		{"-1", "", 0},
	} {
		o := options(t)
		o.Extension.Settings.SKU = c.sku
		if c.setting != "" {
			o.Extension.Environ = []string{"AzureFunctionsJobHost__functionTimeout=" + c.setting}
		}
		e, err := extension.Initialize(durabletask.New(), o.Extension)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := withDeadline(t.Context(), e.CustomHandler().Timeout)
			defer cancel()
			deadline, set := ctx.Deadline()
			if got := time.Until(deadline); set && got != c.want || set != (c.want > 0) {
				t.Errorf("functionTimeout %q on plan %q: %v, want %v", c.setting, c.sku, got, c.want)
			}
		})
	}
	for _, wrong := range []string{"soon", "00:00:00.5"} {
		o := options(t)
		o.Extension.Environ = []string{"AzureFunctionsJobHost__functionTimeout=" + wrong}
		if _, err := extension.Initialize(durabletask.New(), o.Extension); err == nil || !strings.Contains(err.Error(), "functionTimeout") {
			t.Errorf("functionTimeout %q: %v", wrong, err)
		}
	}
}

// A function that goes on when its time is over still gets its answer out, and the next one is not disturbed.
func TestFunctionPastItsDeadline(t *testing.T) {
	t.Parallel()
	var log lines
	late := bindings.Timer("Late", bindings.Schedule{Cron: "0 * * * * *"}, func(ctx context.Context, _ *bindings.TimerInfo, _ *bindings.DurableClient) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	h := app(t, &log, nil, late)
	for range 2 {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:1/Late", strings.NewReader(`{"Data":{"timer":{}}}`))
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(ctx))
		cancel()
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "deadline exceeded") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestHostLog(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	log := withInvocations(slog.New(newHostLog(&out, &errs, slog.LevelInfo)))
	ctx := (&bindings.Invocation{ID: "one"}).With(t.Context())
	log.InfoContext(ctx, "info\nof two lines")
	log.WarnContext(ctx, "careful")
	log.With("a", 1).WithGroup("g").ErrorContext(ctx, "broken", "b", "x\ny")
	log.Error("outside")
	if text := out.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "level=INFO") || !strings.Contains(text, "invocation=one") {
		t.Errorf("stdout:\n%s", text)
	}
	got := strings.Split(errs.String(), "\n")
	if len(got) != 4 || !strings.Contains(got[0], "level=WARN") || !strings.Contains(got[1], "level=ERROR") || !strings.Contains(got[1], "invocation=one") ||
		strings.Contains(strings.ToLower(got[1]), "warn") || strings.Contains(got[2], "invocation") {
		t.Errorf("stderr:\n%s", errs.String())
	}
}
