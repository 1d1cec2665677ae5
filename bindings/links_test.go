package bindings_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
	"github.com/google/go-cmp/cmp"
)

func TestCreationLinks(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "https://host:99/x", nil)
	for _, c := range []struct{ key, end string }{{"k+/=", "code=k%2B%2F%3D"}, {"", ""}} {
		links := bindings.Links{Hub: "Hub", Connection: "Storage", Path: "/hook", Key: c.key}
		const start = "https://host:99/hook/orchestrators/{functionName}[/{instanceId}]?"
		want := bindings.HTTPCreationPayload{
			CreateNewInstancePostURI:          start + c.end,
			CreateAndWaitOnNewInstancePostURI: start + "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&" + c.end,
		}
		if diff := cmp.Diff(want, bindings.NewDurableClient(nil, links).CreateHTTPCreationPayload(r)); diff != "" {
			t.Errorf("key %q (-want +got):\n%s", c.key, diff)
		}
	}
}

// Without a request links lead to where the settings say the app is.
func TestLinksWithoutARequest(t *testing.T) {
	t.Parallel()
	for host, origin := range map[string]string{
		"": "", "app.example.org": "https://app.example.org", "localhost:7071": "http://localhost:7071", "127.0.0.1:7071": "https://127.0.0.1:7071",
	} {
		client := bindings.NewDurableClient(nil, bindings.Links{Hub: "Hub", Connection: "Storage", Path: "/hook", Host: host})
		want := origin + "/hook/instances/x?taskHub=Hub&connection=Storage&returnInternalServerErrorOnFailure=true"
		if got := client.CreateHTTPManagementPayload(nil, "x", bindings.FailureIs500); got.StatusQueryGetURI != want || strings.Contains(got.PurgeHistoryDeleteURI, "return") {
			t.Errorf("host %q: %+v, want %s", host, got, want)
		}
		if got := client.At("/api/durabletask").CreateHTTPCreationPayload(nil).CreateNewInstancePostURI; !strings.HasPrefix(got, origin+"/api/durabletask/orchestrators/") {
			t.Errorf("host %q, at another path: %s", host, got)
		}
	}
}

func TestSignedLinks(t *testing.T) {
	t.Parallel()
	signer := bindings.NewSigner("secret key")
	client := bindings.NewDurableClient(nil, bindings.Links{Hub: "Hub", Connection: "Storage", Path: "/hook", Key: "secret key", Signer: signer})
	p := client.With("HUB", "").CreateHTTPManagementPayload(httptest.NewRequest(http.MethodGet, "http://host/", nil), "a b")
	want := "http://host/hook/instances/a+b?taskHub=HUB&connection=Storage&sig=" + signer.Sign("hub", "a b")
	if p.StatusQueryGetURI != want {
		t.Errorf("got %s, want %s", p.StatusQueryGetURI, want)
	}
	for _, link := range []string{p.StatusQueryGetURI, p.SendEventPostURI, p.TerminatePostURI, p.RewindPostURI, p.PurgeHistoryDeleteURI, p.RestartPostURI, p.SuspendPostURI, p.ResumePostURI} {
		if !strings.Contains(link, "&sig=") || strings.Contains(link, "code=") || strings.Contains(link, "secret") {
			t.Errorf("%s is not signed", link)
		}
	}
	w := httptest.NewRecorder()
	client.CreateCheckStatusResponse(w, httptest.NewRequest(http.MethodGet, "http://host/", nil), "x")
	if strings.Contains(w.Body.String(), "code=") || !strings.Contains(w.Header().Get("Location"), "&sig=") {
		t.Errorf("the answer is not signed: %s %s", w.Header().Get("Location"), w.Body)
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	signer := bindings.NewSigner("key")
	good := signer.Sign("Hub", "id")
	for _, c := range []struct {
		why, hub, id, signature string
		want                    bool
	}{
		{"it", "Hub", "id", good, true},
		{"the hub in other case", "hUB", "id", good, true},
		{"the id in other case", "Hub", "ID", good, false},
		{"hub and id cut elsewhere", "Hubi", "d", good, false},
		{"another key", "Hub", "id", bindings.NewSigner("key2").Sign("Hub", "id"), false},
		{"more", "Hub", "id", good + "A", false},
		{"padded", "Hub", "id", good + "=", false},
		{"less", "Hub", "id", good[:len(good)-1], false},
		{"nothing", "Hub", "id", "", false},
	} {
		if got := signer.Signed(c.hub, c.id, c.signature); got != c.want {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
	if text := panicOf(func() { bindings.NewSigner("") }); !strings.Contains(text, "AZDURABLE_KEY") {
		t.Errorf("the empty key: %q", text)
	}
}

// FuzzSignature: no other text is a signature.
func FuzzSignature(f *testing.F) {
	signer := bindings.NewSigner("key")
	f.Add("Hub", "id", signer.Sign("Hub", "id"))
	f.Add("", "", "")
	f.Add("Hub", "\xff/ü", "%00")
	f.Fuzz(func(t *testing.T, hub, id, text string) {
		good := signer.Sign(hub, id)
		if signer.Signed(hub, id, text) != (text == good) || !signer.Signed(hub, id, good) {
			t.Errorf("%q %q %q", hub, id, text)
		}
	})
}
