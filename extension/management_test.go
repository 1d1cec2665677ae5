package extension_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
)

// The rows of http-api.md §23 that the recordings don't have.

func TestUnknownActivityFailsTheCall(t *testing.T) {
	t.Parallel()
	app := durabletask.New(durabletask.NewOrchestrator(func(ctx durabletask.Context, _ any) (int, error) {
		return durabletask.NewActivity(func(_ context.Context, _ int) (int, error) { return 0, nil }, durabletask.Named("Gone")).Call(ctx, 1)
	}, durabletask.Named("Calls")))
	startApp(t, app, extension.Options{}, func(h *hub) {
		h.begin("Calls", "u", "null")
		answer := h.get("/instances/u?showHistory=true").Body.String()
		for _, want := range []string{
			`"runtimeStatus":"Failed"`, `Activity function 'Gone' failed: Activity function 'Gone' does not exist. No activity functions are currently registered!`,
			`"EventType":"TaskFailed"`,
		} {
			if !strings.Contains(answer, want) {
				t.Errorf("%s\nwant %s", answer, want)
			}
		}
	})
}

func TestCheckStatusBodyIsInOrder(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		w := h.post("/orchestrators/Echo/x", "1")
		at := -1
		for name := range strings.FieldsSeq("id statusQueryGetUri sendEventPostUri terminatePostUri purgeHistoryDeleteUri restartPostUri suspendPostUri resumePostUri") {
			next := strings.Index(w.Body.String(), `"`+name+`":`)
			if next <= at {
				t.Errorf("%s stands in the wrong place of %s", name, w.Body)
			}
			at = next
		}
		if strings.Contains(w.Body.String(), "code=") || strings.Contains(w.Body.String(), "rewind") {
			t.Errorf("no key and no rewind wanted: %s", w.Body)
		}
		var members struct {
			Status string `json:"statusQueryGetUri"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil || w.Header().Get("Location") != members.Status {
			t.Errorf("Location %q, want %q (%v)", w.Header().Get("Location"), members.Status, err)
		}
	})
}

func TestLinksWorkForEveryID(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		for _, id := range []string{"a+b", "a%b", "a%20b", "a b", "ü😀", "x;y", "~'(!)", "a&b=c"} {
			h.begin("Echo", id, "1")
			link := h.Client().CreateHTTPManagementPayload(httptest.NewRequest(http.MethodGet, "http://host/", nil), id).StatusQueryGetURI
			path := strings.TrimPrefix(link, "http://host"+extension.ManagementPath)
			if w := h.get(path); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), fmt.Sprintf("%q", id)[1:2]) {
				t.Errorf("the link of %q, %s, answers %d %s", id, link, w.Code, w.Body)
			}
		}
	})
}

func TestBadStarts(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		for _, c := range []struct {
			path, body string
			code       int
			message    string
		}{
			{"/orchestrators/Echo/%2520", "1", 400, "blank"},
			{"/orchestrators/Echo/%2B", "1", 400, "blank"},
			{"/orchestrators/@x/id", "1", 400, "@"},
			{"/orchestrators/%2520", "1", 400, "blank"},
			{"/orchestrators/Echo/@counter@k", "1", 400, "entity"},
			{"/orchestrators/Echo/bad", "{", 400, "Invalid JSON content"},
			{"/orchestrators/Echo/bad", "\"\xff\"", 400, "Invalid JSON content"},
			{"/orchestrators/Echo/%FF", "1", 404, ""},
		} {
			w := h.post(c.path, c.body)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.message) {
				t.Errorf("POST %s %q: %d %s, want %d with %q", c.path, c.body, w.Code, w.Body, c.code, c.message)
			}
		}
		if w := h.get("/instances"); w.Body.String() != "[]" {
			t.Errorf("something was stored: %s", w.Body)
		}
	})
}

func TestBodyOverTheLimit(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		h.begin("WaitEvent", "w", "1")
		for _, path := range []string{"/orchestrators/Echo/large", "/instances/w/raiseEvent/go"} {
			r := httptest.NewRequest(http.MethodPost, extension.ManagementPath+path, strings.NewReader(`"`+strings.Repeat("x", 100)+`"`))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			r.Body = http.MaxBytesReader(w, r.Body, 50)
			h.Management().ServeHTTP(w, r)
			if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "limit of 50 bytes") {
				t.Errorf("POST %s: %d %s", path, w.Code, w.Body)
			}
		}
		synctest.Wait()
		if w := h.get("/instances/large"); w.Code != http.StatusNotFound {
			t.Errorf("the instance was stored: %s", w.Body)
		}
		if w := h.get("/instances/w"); !strings.Contains(w.Body.String(), `"Running"`) {
			t.Errorf("the event was delivered: %s", w.Body)
		}
	})
}

func TestPagesOfAList(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		for i := range 5 {
			h.begin("Echo", fmt.Sprintf("p-%d", i), "1")
		}
		for _, c := range []struct {
			query string
			pages []int
		}{
			{"?top=2", []int{2, 2, 1}},
			{"?top=2&runtimeStatus=Completed&runtimeStatus=Failed", []int{2, 2, 1}},
			{"?top=0", []int{5}},
			{"?top=-1", []int{5}},
			{"?top=5000", []int{5}},
			{"?top=5", []int{5}},
		} {
			token := ""
			for i, want := range c.pages {
				w := h.ask(http.MethodGet, "/instances"+c.query, map[string]string{"x-ms-continuation-token": token}, "")
				var page []json.RawMessage
				if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page) != want {
					t.Errorf("%s page %d: %d instances, %v, want %d", c.query, i, len(page), err, want)
				}
				token = w.Header().Get("X-Ms-Continuation-Token")
				if _, has := w.Header()["X-Ms-Continuation-Token"]; has != (i < len(c.pages)-1) {
					t.Errorf("%s page %d: token %q", c.query, i, token)
				}
			}
		}
		if w := h.ask(http.MethodGet, "/instances", map[string]string{"x-ms-continuation-token": "nonsense"}, ""); w.Code != 200 || w.Body.String() != "[]" {
			t.Errorf("with a bad token: %d %s", w.Code, w.Body)
		}
	})
}

func TestTimeBoundsAreInclusive(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		h.begin("Echo", "x", "1")
		created, err := h.Client().Get(h.t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		exact := created.Created.Format("2006-01-02T15:04:05.9999999Z")
		before := created.Created.Add(-time.Second).Format(time.RFC3339)
		for query, found := range map[string]bool{
			"?createdTimeFrom=" + exact + "&createdTimeTo=" + exact: true,
			"?createdTimeTo=" + before:                              false,
			"?createdTimeFrom=" + before:                            true,
			"?createdTimeFrom=2999-01-01":                           false,
			"?createdTimeFrom=garbage":                              true,
			"?createdTimeFrom=2999-01-01T00:00:00+02:00":            true, // the + is a space: not a time
			"?createdTimeFrom=2999-01-01T00:00:00%2B02:00":          false,
		} {
			if w := h.get("/instances" + query); (w.Body.String() != "[]") != found {
				t.Errorf("%s: %s, want found: %v", query, w.Body, found)
			}
		}
	})
}

func TestKey(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{Key: "a key+/="}, func(h *hub) {
		for _, c := range []struct {
			header, query string
			code          int
		}{
			{"", "", 401},
			{"", "?code=wrong", 401},
			{"", "?code=a%20key%2B/%3D", 200},
			{"a key+/=", "", 200},
			{"a key+/=", "?code=wrong", 200},
			{"wrong", "?code=a%20key%2B/%3D", 401},
		} {
			r := httptest.NewRequest(http.MethodGet, extension.ManagementPath+"/instances"+c.query, nil)
			if c.header != "" {
				r.Header.Set("X-Functions-Key", c.header)
			}
			w := httptest.NewRecorder()
			h.Management().ServeHTTP(w, r)
			if w.Code != c.code || c.code == 401 && w.Body.Len() > 0 {
				t.Errorf("header %q, query %q: %d %s, want %d", c.header, c.query, w.Code, w.Body, c.code)
			}
		}
	})
}

func TestStatusOfLargePayloads(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		large := `"` + strings.Repeat("x", 1<<20) + `"`
		h.begin("Echo", "large", large)
		if w := h.get("/instances/large"); !bytes.Contains(w.Body.Bytes(), []byte(`"output":`+large)) {
			t.Errorf("the output is not the input: %d bytes", w.Body.Len())
		}
	})
}
