package extension_test

import (
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/internal/recorded"
)

func TestEntityRequests(t *testing.T) {
	t.Parallel()
	const unknown = `{"Message":"The function 'nope' doesn't exist, is disabled, or is not an entity function. ` +
		`Additional info: The following are the known entity functions: 'ClassCounter', 'Counter', 'Thrower'"}`
	start(t, extension.Options{}, func(h *hub) {
		asJSON := map[string]string{"Content-Type": "application/json"}
		for _, row := range []struct {
			method, path string
			headers      map[string]string
			body         string
			status       int
			want         string
		}{
			{"GET", "/entities/Counter/a", nil, "", 404, ""},
			{"GET", "/entities", nil, "", 200, "[]"},
			{"GET", "/entities/nope/a", nil, "", 404, ""},
			{"GET", "/entities/Counter/a%3Fb", nil, "", 404, ""},
			{"POST", "/entities/nope/a?op=add", asJSON, "1", 400, unknown},
			{"DELETE", "/entities/nope/a", nil, "", 400, unknown},
			{"POST", "/entities", asJSON, "1", 400, `{"Message":"Invalid entity id: entity name must not be a null or empty string. (Parameter 'entityName')"}`},
			{"DELETE", "/entities", nil, "", 400, `{"Message":"Invalid entity id: entity name must not be a null or empty string. (Parameter 'entityName')"}`},
			{
				"POST", "/entities/Counter/a%23b?op=add", asJSON, "1", 400,
				`{"Message":"entityKey (Parameter 'Entity keys must not contain /, \\, #, ?, or control characters.')"}`,
			},
			{"POST", "/entities/Counter/a?op=add", asJSON, "{", 400, "Could not parse JSON content"},
			{"POST", "/entities/Counter/a?op=add", asJSON, "  ", 400, "Could not parse JSON content"},
			{"PUT", "/entities/Counter/a", nil, "", 404, ""},
			{"POST", "/entities/Counter/a/b", asJSON, "1", 404, ""},
			{"POST", "/entities/Counter/a?op=add", asJSON, "1 2", 202, ""},
			{"GET", "/entities/COUNTER/a", nil, "", 200, "1"},
			{"GET", "/entities/Counter/A", nil, "", 404, ""},
			{"POST", "/entities/Counter/x@y?op=add", asJSON, "7", 202, ""},
			{"GET", "/entities/Counter/x@y", nil, "", 200, "7"},
			{"POST", "/entities/Counter/p?op=input", map[string]string{"Content-Type": "application/problem+json"}, `{"a":1}`, 202, ""},
			{"GET", "/entities/Counter/p", nil, "", 200, `{"got":"{\"a\":1}"}`},
			{"POST", "/entities/Counter/b?op=nope", nil, "", 202, ""},
			{"GET", "/entities/Counter/b", nil, "", 404, ""},
			{"GET", "/entities/Counter?top=1&fetchState=true", nil, "", 200, `"key":"a"},"lastOperationTime":"2000-01-01T00:00:00Z","state":1}]`},
			{"GET", "/entities/Counter?top=1&lastOperationTimeFrom=2000-01-02", nil, "", 200, "[]"},
			{"POST", "/instances/@counter@a/terminate", nil, "", 202, ""},
			{"POST", "/entities/Counter/a?op=add", asJSON, "1", 410, ""},
			{"GET", "/entities/Counter/a", nil, "", 200, "1"},
			{"GET", "/entities/Counter/a?taskHub=Another", nil, "", 404, ""},
			{"GET", "/entities?taskHub=Another", nil, "", 200, "[]"},
			{"POST", "/entities/Counter/a?op=add&taskHub=Another", asJSON, "1", 400, "would never run"},
		} {
			w := h.ask(row.method, row.path, row.headers, row.body)
			got := w.Body.String()
			if w.Code != row.status || !strings.Contains(got, row.want) || row.want == "" && got != "" {
				t.Errorf("%s %s %q: %d %s\nwant %d %s", row.method, row.path, row.body, w.Code, got, row.status, row.want)
			}
		}
	})
}

func TestEntitiesAreListedInFullPages(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			h.ask("POST", "/entities/Counter/"+key+"?op=add", map[string]string{"Content-Type": "application/json"}, "1")
		}
		h.ask("DELETE", "/entities/Counter/b", nil, "")
		w := h.ask("GET", "/entities?top=2", nil, "")
		token := w.Header().Get("X-Ms-Continuation-Token")
		if got := w.Body.String(); !strings.Contains(got, `"key":"a"`) || !strings.Contains(got, `"key":"c"`) || token == "" {
			t.Errorf("the first page is %s, token %q", got, token)
		}
		w = h.ask("GET", "/entities?top=2", map[string]string{"x-ms-continuation-token": token}, "")
		if got := w.Body.String(); !strings.Contains(got, `"key":"d"`) || !strings.Contains(got, `"key":"e"`) {
			t.Errorf("the second page is %s", got)
		}
	})
}

func TestCallOfAnEntityThatTheAppDoesNotHave(t *testing.T) {
	t.Parallel()
	caller := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		return durabletask.CallEntityByName[int](ctx, durabletask.EntityID{Name: "Nope", Key: "a"}, "add", 1)
	}, durabletask.Named("Caller"))
	startApp(t, durabletask.New(caller, recorded.Counters), extension.Options{}, func(h *hub) {
		h.begin("Caller", "c", "null")
		const want = `The function 'nope' doesn't exist, is disabled, or is not an entity function. Additional info: The following are the known entity functions: 'Counter'`
		if w := h.get("/instances/c"); !strings.Contains(w.Body.String(), want) {
			t.Errorf("the caller is %s", w.Body)
		}
	})
}
