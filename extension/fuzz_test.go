package extension

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
)

// FuzzQuery: no query string makes the readers panic, and what they read keeps its bounds.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "&", "=", "a", "a=1&A=2", "top=10&showInput=false", "timeout=1e300&pollingInterval=-1e300", "timeout=NaN&pollingInterval=0x1p4", "timeout=Inf",
		"createdTimeFrom=2024-01-01T00:00:00%2B02:00", "createdTimeFrom=0001-01-01&createdTimeTo=9999-12-31T23:59:59.9999999Z", "createdTimeFrom=2024-01-01T00:00:00+02:00",
		"runtimeStatus=Running,%20Failed,,7,-1,99999999999999999999", "runtimeStatus=running&runtimeStatus=Completed", "%E2%84%AA=1", "%zz=%z", "op=%FF%00", "a%3Db=%26",
	} {
		f.Add(seed, "top")
	}
	f.Fuzz(func(t *testing.T, raw, name string) {
		q := parseQuery(raw)
		q.text(name)
		q.integer(name)
		q.boolean(name, true)
		if d, ok := q.seconds(name); !ok && d != 0 {
			t.Errorf("%q: seconds %v that are none", raw, d)
		}
		for _, n := range []string{"createdTimeFrom", name} {
			if at := q.time(n); at.Location() != time.UTC {
				t.Errorf("%q: %v is not UTC", raw, at)
			}
			for _, s := range q.statuses(n) {
				if s.String() == "" {
					t.Errorf("%q: status %d", raw, s)
				}
			}
		}
	})
}

// FuzzPath: every path is split or refused, the parts are text without slashes, and every id can be addressed as links spell it.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		"/instances/a+b", "/instances/a%2Fb", "/instances/a%252Fb", "//", "/", "", "/instances/%", "/instances/%zz%41", "/instances/%FF", "/instances/ü😀/terminate/",
		"/instances/%25252525", "/a/b/c/d/e/f", "/instances/" + strings.Repeat("%25", 1000), "/instances/\x00", "a b", "~'(!)", "%2e%2e",
	} {
		f.Add(seed)
	}
	client := bindings.NewDurableClient(nil, bindings.Links{})
	f.Fuzz(func(t *testing.T, path string) {
		segments, ok := splitPath(path)
		if ok != (len(segments) > 0) {
			t.Errorf("%q: %d segments, %v", path, len(segments), ok)
		}
		for _, s := range segments {
			if s.text == "" || strings.Contains(s.text, "/") || !utf8.ValidString(s.text) || !utf8.ValidString(s.once) {
				t.Errorf("%q has the segment %q", path, s)
			}
		}
		id := path
		if id == "" || strings.Contains(id, "/") || !utf8.ValidString(id) {
			return
		}
		link, _, _ := strings.Cut(client.CreateHTTPManagementPayload(nil, id).StatusQueryGetURI, "?")
		segments, ok = splitPath(link)
		if !ok || len(segments) != 2 || segments[1].once != id && segments[1].text != id && formDecode(link[len("/instances/"):]) != id {
			// Ids that decode to a slash or to nothing when they are decoded twice are out of reach: that is the reference's encoding.
			if twice := percentDecode(formDecode(id)); ok || twice != "" && !strings.Contains(twice, "/") && utf8.ValidString(twice) {
				t.Errorf("the link of %q, %s, is read as %q", id, link, segments)
			}
		}
	})
}

// FuzzRequest: every request is answered, with a status and a body that belong together, and nothing breaks.
func FuzzRequest(f *testing.F) {
	seeds := []struct{ method, path, query, contentType, body string }{
		{"POST", "/orchestrators/Echo", "", "application/json", `{"a":1}`},
		{"POST", "/orchestrators/Echo/ü😀", "version=2&timeout=0&pollingInterval=0", "", "\xef\xbb\xbf[1]"},
		{"POST", "/orchestrators/Echo/%2520", "", "text/plain", "nope"},
		{"GET", "/instances", "top=-1&runtimeStatus=Completed,3&createdTimeFrom=2024-01-01", "", ""},
		{"GET", "/instances/a%2Fb", "showHistory=true&showInput=false", "", ""},
		{"DELETE", "/instances", "createdTimeFrom=0001-01-01&runtimeStatus=Running", "", ""},
		{"DELETE", "/instances/@counter@k", "", "", ""},
		{"POST", "/instances/w/raiseEvent/go", "", "application/json; charset=utf-8", "1 2"},
		{"POST", "/instances/w/terminate", "reason=%FF", "", ""},
		{"POST", "/instances/w/restartWithOptions", "newInstanceId=a%2Fb", "", ""},
		{"POST", "/instances/w/restart", "restartWithNewInstanceId=false", "", ""},
		{"PUT", "/makeprimary", "taskHub=Other", "", ""},
		{"POST", "/entities/Counter/k", "op=add&op=b", "application/json", "{"},
		{"POST", "/entities/Counter", "op=", "x/y", "\xff"},
		{"GET", "/entities", "fetchState=true&top=1001", "", ""},
		{"GET", "//", "taskHub=bad-hub!&connection=%00", "", ""},
		{"PATCH", "/instances/" + strings.Repeat("%C3%BC", 300), "", "", strings.Repeat("[", 20000)},
		{"POST", "/orchestrators/Echo", "", "application/json", `"` + strings.Repeat("x", 1<<20) + `"`},
	}
	for _, s := range seeds {
		f.Add(s.method, s.path, s.query, s.contentType, s.body)
	}
	api := fuzzed(f)
	f.Fuzz(func(t *testing.T, method, path, query, contentType, body string) {
		if !slices.Contains([]string{"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"}, method) {
			method = http.MethodGet
		}
		u := &url.URL{Path: ManagementPath + path, RawQuery: query}
		if decoded, err := url.PathUnescape(ManagementPath + path); err == nil {
			u.Path, u.RawPath = decoded, ManagementPath+path
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // what waits gives up
		defer cancel()
		r := (&http.Request{
			Method: method, URL: u, Host: "host", Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}).WithContext(ctx)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		answered := w.Body.Bytes()
		switch {
		case ctx.Err() != nil: // nobody is there to read what comes
		case w.Code < 200 || w.Code > 599:
			t.Errorf("%s %s?%s: status %d", method, path, query, w.Code)
		case len(answered) > 0 && (!json.Valid(answered) || w.Header().Get("Content-Type") != "application/json; charset=utf-8"):
			t.Errorf("%s %s?%s: %d, not JSON: %q", method, path, query, w.Code, answered)
		case len(answered) == 0 && w.Header().Get("Content-Length") != "0":
			t.Errorf("%s %s?%s: %d with neither body nor Content-Length 0", method, path, query, w.Code)
		}
	})
}

// fuzzed is the API of an app that does little.
func fuzzed(f *testing.F) http.Handler {
	f.Helper()
	app := durabletask.New(
		durabletask.NewOrchestrator(func(_ durabletask.Context, in any) (any, error) { return in, nil }, durabletask.Named("Echo")),
	)
	e, err := Initialize(app, Options{
		Folder: f.TempDir(), Hub: "Hub", Logger: slog.New(slog.DiscardHandler), Environ: []string{""}, Settings: &AppSettings{},
		Open: func(ctx context.Context, _ Store, log *slog.Logger) (backend.Backend, error) {
			return local.Open(ctx, local.Options{Logger: log})
		},
	})
	if err != nil {
		f.Fatal(err)
	}
	if err := e.Start(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Stop(context.Background()) })
	if _, err := e.Client().Schedule(f.Context(), "Echo", 1, durabletask.InstanceID("w")); err != nil {
		f.Fatal(err)
	}
	return e.Management()
}
