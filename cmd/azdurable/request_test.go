package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSegments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ id, want string }{
		{"plain-1", "plain-1"},
		{"a b", "a%20b"},
		{"a+b", "a%252Bb"},
		{"50%", "50%2525"},
		{"a%20b", "a%2520b"},
		{"ü@x", "%C3%BC@x"},
		{"a/b?c#d", "a%2Fb%3Fc%23d"},
	} {
		if got := segment(tc.id); got != tc.want {
			t.Errorf("%q is sent as %q, want %q", tc.id, got, tc.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ given, want, code string }{
		{"localhost:7072", "http://localhost:7072/runtime/webhooks/durabletask", ""},
		{"https://app.example/", "https://app.example/runtime/webhooks/durabletask", ""},
		{"https://app.example/base/", "https://app.example/base", ""},
		{"https://app.example/runtime/webhooks/durabletask?taskHub=X&code=a%2Bb", "https://app.example/runtime/webhooks/durabletask", "a+b"},
	} {
		base, code, err := parseAddress(tc.given)
		if err != nil || base.String() != tc.want || code != tc.code {
			t.Errorf("%s is %v, %q, %v", tc.given, base, code, err)
		}
	}
	for _, given := range []string{"ftp://x", "http://", "http://user:secret@x", "http://[", "://"} {
		if _, _, err := parseAddress(given); codeOf(err) != exitUsage || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", given, err)
		}
	}
}

// What other servers answer is told apart, and a redirect does not take the key along.
func TestUnexpectedAnswers(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with the key %q", r.Header.Get("X-Functions-Key"))
	}))
	t.Cleanup(elsewhere.Close)
	for _, tc := range []struct {
		name    string
		status  int
		body    string
		code    int
		message string
	}{
		{"redirect", http.StatusFound, "", exitUnreachable, "there is no management API"},
		{"other server", http.StatusNotFound, "404 page not found", exitUnreachable, "there is no management API"},
		{"not found", http.StatusNotFound, "", exitNotFound, "Could not find an orchestration instance with id 'x'"},
		{"no key", http.StatusUnauthorized, "", exitAccess, "wants a key"},
		{"wrong key", http.StatusForbidden, "", exitAccess, "refuses the key"},
		{"starting", http.StatusServiceUnavailable, "not yet", exitUnreachable, "is not ready: not yet"},
		{"error object", http.StatusInternalServerError, `{"Message":"m","ExceptionMessage":"the store is full"}`, exitFailed, "answered 500: the store is full"},
		{"error text", http.StatusInternalServerError, `"text\u001b"`, exitFailed, `answered 500: text\u001b`},
		{"no JSON", http.StatusOK, "<html>", exitFailed, "is not what the management API answers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", elsewhere.URL)
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
			}))
			t.Cleanup(server.Close)
			base, _, err := parseAddress(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			r := &remote{base: base, client: newClient()}
			if _, err = r.get(t.Context(), "x", view{}); codeOf(err) != tc.code || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("code %d: %v", codeOf(err), err)
			}
		})
	}
}
