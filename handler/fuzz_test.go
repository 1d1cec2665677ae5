package handler

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
)

// FuzzEnvelopes sends whatever to a function: the host gets an answer that it does not hang on.
func FuzzEnvelopes(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"Data":{"timer":{"IsPastDue":true}},"Metadata":{"sys":{}}}`, `{"data":{"TIMER":1}}`, `[`, `{"Data":{"timer":"{}"}} x`} {
		f.Add(seed)
	}
	tick := bindings.Timer("Tick", bindings.Schedule{Cron: "0 * * * * *"}, nothingDue)
	i := &invoker{maxBody: DefaultMaxBody, log: quiet()}
	f.Fuzz(func(t *testing.T, text string) {
		w := call(i.invoke(tick), http.MethodPost, "/Tick", text)
		if _, err := accepted(w); err != nil && w.Code < http.StatusBadRequest || !strings.HasPrefix(w.Body.String(), `{"Outputs":`) {
			t.Errorf("%d %s: %v", w.Code, w.Body, err)
		}
	})
}

// FuzzRoutes compares paths with routes: what fits is spelt in a way that fits again.
func FuzzRoutes(f *testing.F) {
	for _, seed := range []string{"/", "/api/Items/7", "/api/items/7/", "/API/files", "/api/files/a//b", "//", "/api/items/%37/x", "/api/%zz"} {
		f.Add(seed)
	}
	all := templates("/api", []*bindings.HTTPTrigger{
		bindings.HTTP("A", bindings.Route{Pattern: "items/{id:int}/{more?}"}, nobody), bindings.HTTP("B", bindings.Route{Pattern: "files/{*rest}"}, nobody),
		bindings.HTTP("C", bindings.Route{Pattern: "{any?}"}, nobody),
	})
	f.Fuzz(func(t *testing.T, path string) {
		for _, template := range all {
			spelt, fits := template.canonical(path)
			if again, same := template.canonical(spelt); fits && (!same || again != spelt) {
				t.Errorf("%q is spelt %q, and that %q", path, spelt, again)
			}
		}
	})
}

func nobody(http.ResponseWriter, *http.Request, *bindings.DurableClient) {}

func nothingDue(context.Context, *bindings.TimerInfo, *bindings.DurableClient) error { return nil }
