package extension_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/extension"
)

// caller is what a request may come with.
type caller struct {
	name   string
	header string
	query  func(id string) string // nil for none
	// admitted says whether the caller gets in at an endpoint that takes signatures, and at one that doesn't.
	signed, others bool
}

const appKey = "a key+/="

// callers are the columns of the table of who may do what. sig makes the signature of an instance.
func callers(signing bool) []caller {
	code := func(key string) func(string) string {
		return func(string) string { return "code=" + url.QueryEscape(key) }
	}
	sig := func(change func(string) string, hubName, other string) func(string) string {
		return func(id string) string {
			return "sig=" + url.QueryEscape(change(bindings.NewSigner(appKey).Sign(hubName, id+other)))
		}
	}
	same := func(s string) string { return s }
	tampered := func(s string) string {
		return strings.Map(func(r rune) rune { return map[bool]rune{true: 'B', false: 'A'}[r == 'A'] }, s[:1]) + s[1:]
	}
	const own = "RecordedHub"
	return []caller{
		{name: "no key"},
		{name: "wrong key by header", header: "wrong"},
		{name: "wrong key by query", query: code("wrong")},
		{name: "empty key by query", query: code("")},
		{name: "right key by header", header: appKey, signed: true, others: true},
		{name: "right key by query", query: code(appKey), signed: true, others: true},
		{name: "right key by header, wrong by query", header: appKey, query: code("wrong"), signed: true, others: true},
		{name: "wrong key by header, right by query", header: "wrong", query: code(appKey)},
		{name: "signature for it", query: sig(same, own, ""), signed: signing},
		{name: "signature for it, hub in other case", query: sig(same, strings.ToUpper(own), ""), signed: signing},
		{name: "signature for it, wrong key by header", header: "wrong", query: sig(same, own, "")},
		{name: "signature for it, right key by header", header: appKey, query: sig(same, own, ""), signed: true, others: true},
		{name: "signature for another instance", query: sig(same, own, "x")},
		{name: "signature for another hub", query: sig(same, "OtherHub", "")},
		{name: "tampered signature", query: sig(tampered, own, "")},
		{name: "signature cut short", query: sig(func(s string) string { return s[:20] }, own, "")},
		{name: "empty signature", query: sig(func(string) string { return "" }, own, "")},
		{name: "signature as key", query: func(id string) string { return "code=" + bindings.NewSigner(appKey).Sign(own, id) }},
	}
}

// admissions is one row for each endpoint: a request for it (# stands for the id of an instance that waits), and what answers it.
var admissions = map[string]struct {
	path   string
	status int
	signed bool // a signature for the instance is enough
}{
	"POST orchestrators/{functionName}":              {"/orchestrators/Echo", 202, false},
	"POST orchestrators/{functionName}/{instanceId}": {"/orchestrators/Echo/#", 409, false},
	"GET entities":                                       {"/entities", 200, false},
	"GET entities/{entityName}":                          {"/entities/Counter", 200, false},
	"GET entities/{entityName}/{entityKey}":              {"/entities/Counter/#", 404, false},
	"POST entities":                                      {"/entities", 400, false},
	"POST entities/{entityName}":                         {"/entities/Counter?op=get", 202, false},
	"POST entities/{entityName}/{entityKey}":             {"/entities/Counter/k?op=get", 202, false},
	"DELETE entities":                                    {"/entities", 400, false},
	"DELETE entities/{entityName}":                       {"/entities/Counter", 202, false},
	"DELETE entities/{entityName}/{entityKey}":           {"/entities/Counter/k", 202, false},
	"GET instances":                                      {"/instances?top=1", 200, false},
	"DELETE instances":                                   {"/instances?createdTimeFrom=2999-01-01", 404, false},
	"GET instances/{instanceId}":                         {"/instances/#", 202, true},
	"DELETE instances/{instanceId}":                      {"/instances/#", 412, true},
	"POST instances/{instanceId}/raiseEvent/{eventName}": {"/instances/#/raiseEvent/go", 202, true},
	"POST instances/{instanceId}/terminate":              {"/instances/#/terminate", 202, true},
	"POST instances/{instanceId}/suspend":                {"/instances/#/suspend", 202, true},
	"POST instances/{instanceId}/resume":                 {"/instances/#/resume", 500, true},
	"POST instances/{instanceId}/rewind":                 {"/instances/#/rewind", 412, true},
	"POST instances/{instanceId}/restart":                {"/instances/#/restart", 202, true},
	"POST instances/{instanceId}/restartWithOptions":     {"/instances/#/restartWithOptions?newInstanceId=#", 409, false},
	"* makeprimary":                                      {"/makeprimary", 200, false},
	"GET openapi.json":                                   {"/openapi.json", 200, false},
}

// Every endpoint and every kind of caller: who gets in, and that others get 401 and change nothing.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	for _, signing := range []bool{true, false} {
		t.Run(fmt.Sprintf("signing %v", signing), func(t *testing.T) {
			t.Parallel()
			start(t, extension.Options{Key: appKey, SignedURLs: signing}, func(h *hub) {
				h.admissions(callers(signing))
			})
		})
	}
	t.Run("no key configured", func(t *testing.T) {
		t.Parallel()
		start(t, extension.Options{}, func(h *hub) {
			var everyone []caller
			for _, c := range callers(false) {
				c.signed, c.others = true, true
				everyone = append(everyone, c)
			}
			h.admissions(everyone)
		})
	})
}

func (h *hub) admissions(callers []caller) {
	h.t.Helper()
	for i, e := range extension.Endpoints() {
		row, ok := admissions[e.Method+" "+e.Path]
		if !ok {
			h.t.Errorf("there is no row for %s %s: say who may do this", e.Method, e.Path)
			continue
		}
		method := e.Method
		if method == extension.AnyMethod {
			method = http.MethodPost
		}
		for j, c := range callers {
			id := fmt.Sprintf("i%d-%d", i, j)
			h.begin("WaitEvent", id, "1")
			path := strings.ReplaceAll(row.path, "#", id)
			if c.query != nil {
				path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + c.query(id)
			}
			before, err := h.Client().Get(h.t.Context(), id)
			if err != nil {
				h.t.Fatal(err)
			}
			h.pass(time.Second)
			w := h.ask(method, path, map[string]string{"X-Functions-Key": c.header, "Content-Type": "application/json"}, "1")
			admitted := c.others
			if row.signed {
				admitted = c.signed
			}
			if admitted {
				if w.Code != row.status {
					h.t.Errorf("%s: %s %s: %d %s, want %d", c.name, method, path, w.Code, w.Body, row.status)
				}
				continue
			}
			after, err := h.Client().Get(h.t.Context(), id)
			if w.Code != http.StatusUnauthorized || w.Body.Len() > 0 || err != nil || !after.Updated.Equal(before.Updated) {
				h.t.Errorf("%s: %s %s: %d %s, want 401 and an instance that is the same: %v, %v", c.name, method, path, w.Code, w.Body, after, err)
			}
		}
	}
}

// What is no endpoint is no secret for those who may come in, and 401 for all others, whatever they sign.
func TestUnknownEndpointsAreLocked(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{Key: appKey, SignedURLs: true}, func(h *hub) {
		sig := bindings.NewSigner(appKey).Sign("RecordedHub", "x")
		for _, request := range []string{"PUT /instances/x", "GET /", "GET /instances//", "GET /instances/x/raiseEvent/e", "POST /instances/x/bogus", "PATCH /instances/x", "GET /nothing"} {
			method, path, _ := strings.Cut(request, " ")
			if w := h.ask(method, path+"?sig="+sig, nil, ""); w.Code != http.StatusUnauthorized {
				h.t.Errorf("%s with a signature: %d, want 401", request, w.Code)
			}
			if w := h.ask(method, path, map[string]string{"X-Functions-Key": appKey}, ""); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
				h.t.Errorf("%s with the key: %d, want 404 or 405", request, w.Code)
			}
		}
	})
}

// A path can be read as two ids. A signature for one of them must not open the other.
func TestSignatureBindsTheID(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{Key: appKey, SignedURLs: true}, func(h *hub) {
		h.begin("WaitEvent", "a b", `"the other"`)
		sig := "?sig=" + bindings.NewSigner(appKey).Sign("RecordedHub", "a+b")
		if w := h.get("/instances/a%2Bb" + sig); w.Code != http.StatusNotFound {
			t.Errorf("the signature of %q opens another instance: %d %s", "a+b", w.Code, w.Body)
		}
		h.begin("WaitEvent", "a+b", `"it"`)
		if w := h.get("/instances/a%2Bb" + sig); !strings.Contains(w.Body.String(), `"input":"it"`) {
			t.Errorf("the signature of %q does not open it: %d %s", "a+b", w.Code, w.Body)
		}
		if w := h.ask("DELETE", "/instances/a%2Bb"+sig, nil, ""); w.Code != http.StatusPreconditionFailed || !strings.Contains(w.Body.String(), "ID a+b has") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// With signed URLs the key is in none of the links to an instance, and they work.
func TestSignedLinksWork(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{Key: appKey, SignedURLs: true}, func(h *hub) {
		w := h.ask("POST", "/orchestrators/WaitEvent/a%252Bb?code="+url.QueryEscape(appKey), nil, "1")
		if w.Code != http.StatusAccepted || strings.Contains(w.Body.String(), "code=") || strings.Contains(w.Body.String(), "a%20key") {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		p := h.Client().CreateHTTPManagementPayload(httptest.NewRequest(http.MethodGet, "http://host/", nil), "a+b")
		for _, step := range []struct {
			method, link string
			want         int
		}{
			{"GET", p.StatusQueryGetURI, 202},
			{"POST", p.SuspendPostURI, 202},
			{"POST", p.ResumePostURI, 202},
			{"POST", strings.ReplaceAll(p.SendEventPostURI, "{eventName}", "other"), 202},
			{"POST", p.RewindPostURI, 412},
			{"POST", p.TerminatePostURI, 202},
			{"POST", p.RestartPostURI, 202},
			{"DELETE", p.PurgeHistoryDeleteURI, 200},
		} {
			path := strings.TrimPrefix(step.link, "http://host"+extension.ManagementPath)
			if w := h.ask(step.method, path, map[string]string{"Content-Type": "application/json"}, "1"); w.Code != step.want {
				t.Errorf("%s %s: %d %s, want %d", step.method, step.link, w.Code, w.Body, step.want)
			}
		}
	})
}
