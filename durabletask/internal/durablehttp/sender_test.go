package durablehttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// site is a server that notes the requests it gets, and what sends them.
type site struct {
	*httptest.Server
	*Sender
	mu   sync.Mutex
	seen []string
}

func newSite(t *testing.T, o Options, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{Sender: New(o)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		line := r.Method + " " + r.URL.RequestURI()
		for _, name := range []string{"Authorization", "Content-Type", "Cookie", "User-Agent", "X-A", "X-Functions-Key"} {
			if v, ok := r.Header[name]; ok {
				line += fmt.Sprintf(" %s:%q", name, v)
			}
		}
		s.mu.Lock()
		s.seen = append(s.seen, line+" "+string(body))
		s.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(func() {
		s.Sender.Close()
		s.Server.Close()
	})
	return s
}

func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func request(address string) *Request { return &Request{Method: "GET", URI: address} }

func (s *site) sends(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff(want, s.seen); diff != "" {
		t.Errorf("the server saw (-want +got):\n%s", diff)
	}
}

// What is sent of a request.
func TestSend(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		request Request
		want    string
	}{
		"nothing":          {Request{Method: "DELETE"}, `DELETE /?q=a%20b User-Agent:["azdurable"] `},
		"content":          {Request{Method: "POST", Content: new("c")}, `POST /?q=a%20b Content-Type:["text/plain"] User-Agent:["azdurable"] c`},
		"empty content":    {Request{Method: "POST", Content: new("")}, `POST /?q=a%20b Content-Type:["text/plain"] User-Agent:["azdurable"] `},
		"content of a GET": {Request{Method: "GET", Content: new("c")}, `GET /?q=a%20b Content-Type:["text/plain"] User-Agent:["azdurable"] c`},
		"a type": {
			Request{Method: "PUT", Content: new("c"), Headers: Headers{{"content-type", []string{"a/b", "application/json; charset=utf-8"}}}},
			`PUT /?q=a%20b Content-Type:["application/json; charset=utf-8"] User-Agent:["azdurable"] c`,
		},
		"a form": {
			Request{Method: "POST", Content: new("a=1"), Headers: Headers{{"Content-Type", []string{"application/x-www-form-urlencoded"}}}},
			`POST /?q=a%20b Content-Type:["application/x-www-form-urlencoded; charset=utf-8"] User-Agent:["azdurable"] a=1`,
		},
		"a type of nothing": {
			Request{Method: "GET", Headers: Headers{{"Content-Type", []string{"a/b"}}}}, `GET /?q=a%20b User-Agent:["azdurable"] `,
		},
		"headers": {
			Request{Method: "GET", Headers: Headers{
				{"x-a", []string{"1", "2"}}, {"User-Agent", []string{"me"}}, {"Cookie", []string{"a=1", "b=2"}}, {"X-None", nil},
			}},
			`GET /?q=a%20b Cookie:["a=1; b=2"] User-Agent:["me"] X-A:["1, 2"] `,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{}, answer("ok"))
			row.request.URI = s.URL + "/?q=a%20b"
			got, err := s.Send(t.Context(), &row.request)
			if err != nil || got.StatusCode != http.StatusOK || got.Content != "ok" {
				t.Fatalf("%+v, %v", got, err)
			}
			s.sends(t, row.want)
		})
	}
}

func TestHostHeader(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{}, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })
	got, err := s.Send(t.Context(), &Request{Method: "GET", URI: s.URL, Headers: Headers{{"Host", []string{"other.example"}}}})
	if err != nil || got.Content != "other.example" {
		t.Errorf("%+v, %v", got, err)
	}
}

// What is kept of an answer: headers that .NET counts to the content are not.
func TestAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range map[string]string{
			"Content-Type": "application/json", "Last-Modified": "yesterday", "Expires": "0", "Allow": "GET", "Date": "today", "Etag": `"e"`,
		} {
			w.Header().Set(name, value)
		}
		w.Header()["X-Multi"] = []string{"a", "b"}
		w.WriteHeader(http.StatusTeapot)
		w.(http.Flusher).Flush() // no Content-Length, so it is chunked
		_, _ = io.WriteString(w, `{"a":1}`)
	})
	got, err := s.Send(t.Context(), request(s.URL))
	if err != nil {
		t.Fatal(err)
	}
	text, err := got.MarshalJSON()
	const want = `{"statusCode":418,"headers":{"Date":"today","Etag":"\"e\"","Transfer-Encoding":"chunked","X-Multi":["a","b"]},"content":"{\"a\":1}"}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}

// Redirects are followed as .NET does.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		method string
		status int
		want   string
	}{
		{"GET", 301, "GET /to "},
		{"POST", 301, "GET /to "},
		{"PUT", 301, `PUT /to Content-Type:["text/plain"] c`},
		{"POST", 302, "GET /to "},
		{"POST", 300, "GET /to "},
		{"PUT", 303, "GET /to "},
		{"HEAD", 303, "HEAD /to "},
		{"POST", 307, `POST /to Content-Type:["text/plain"] c`},
		{"DELETE", 308, `DELETE /to Content-Type:["text/plain"] c`},
		{"GET", 304, ""},
		{"GET", 201, ""},
	} {
		t.Run(fmt.Sprint(row.method, row.status), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/from" {
					w.Header().Set("Location", "/to")
					w.WriteHeader(row.status)
				}
			})
			r := &Request{Method: row.method, URI: s.URL + "/from", Headers: Headers{{"Authorization", []string{"secret"}}, {"User-Agent", []string{"u"}}}}
			if row.method != "GET" && row.method != "HEAD" {
				r.Content = new("c")
			}
			got, err := s.Send(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if row.want == "" {
				if got.StatusCode != row.status || len(s.seen) != 1 {
					t.Errorf("%d after %d requests", got.StatusCode, len(s.seen))
				}
				return
			}
			want := strings.Replace(row.want, "/to ", `/to `, 1)
			if got := strings.Replace(s.seen[1], ` User-Agent:["u"]`, "", 1); got != want { // and no Authorization
				t.Errorf("went on with %q, want %q", got, want)
			}
		})
	}
}

func TestRedirectsEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/again")
		w.WriteHeader(http.StatusFound)
	})
	got, err := s.Send(t.Context(), request(s.URL))
	if err != nil || got.StatusCode != http.StatusFound || len(s.seen) != maxRedirects+1 {
		t.Errorf("%+v, %v, after %d requests", got, err, len(s.seen))
	}
}

// Credentials don't go to another host, and nothing goes from https to http.
func TestRedirectsElsewhere(t *testing.T) {
	t.Parallel()
	other := newSite(t, Options{}, answer("other"))
	s := newSite(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	r := &Request{Method: "GET", URI: s.URL, Headers: Headers{
		{"Cookie", []string{"c"}}, {"X-Functions-Key", []string{"k"}}, {"Authorization", []string{"a"}}, {"X-A", []string{"x"}}, {"Host", []string{"h.example"}},
	}}
	if got, err := s.Send(t.Context(), r); err != nil || got.Content != "other" {
		t.Fatalf("%+v, %v", got, err)
	}
	other.sends(t, `GET / User-Agent:["azdurable"] X-A:["x"] `)

	secure := httptest.NewTLSServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer secure.Close()
	if got, err := New(Options{Transport: secure.Client().Transport}).Send(t.Context(), request(secure.URL)); err != nil || got.StatusCode != http.StatusFound {
		t.Errorf("from https to http: %+v, %v", got, err)
	}
}

// transport is a network in a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func replies(status int, body string) transport {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Status: strconv.Itoa(status) + " Reason", Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// failed checks how a call fails, and that nothing secret is in it.
func failed(t *testing.T, err error, kind, message string, permanent bool) {
	t.Helper()
	f, ok := errors.AsType[*CallError](err)
	if !ok || f.Kind != kind || f.Permanent != permanent || !strings.Contains(f.Message, message) {
		t.Errorf("%+v\nwant %s with %q, permanent: %t", err, kind, message, permanent)
	}
	if strings.Contains(fmt.Sprint(err), "secret") {
		t.Errorf("it tells a secret: %v", err)
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	s := New(Options{Transport: replies(200, ""), MaxRequest: 5})
	for name, row := range map[string]struct {
		request Request
		message string
	}{
		"no URL":        {Request{Method: "GET"}, "must begin with http:// or https://"},
		"relative":      {Request{Method: "GET", URI: "/secret"}, "must begin with http"},
		"other scheme":  {Request{Method: "GET", URI: "file:///secret"}, `not with "file"`},
		"no host":       {Request{Method: "GET", URI: "https:///secret"}, "no host"},
		"only a port":   {Request{Method: "GET", URI: "https://:80/secret"}, "no host"},
		"no URL at all": {Request{Method: "GET", URI: "http://h/%zz?secret"}, "is not one"},
		"control":       {Request{Method: "GET", URI: "http://h/\n?secret"}, "is not one"},
		"no method":     {Request{URI: "http://h"}, "is not an HTTP method"},
		"odd method":    {Request{Method: "GET /x", URI: "http://h"}, "is not an HTTP method"},
		"too large":     {Request{Method: "PUT", URI: "http://h", Content: new("secret")}, "6 bytes exceeds the limit of 5"},
		"bad value":     {Request{Method: "GET", URI: "http://h", Headers: Headers{{"Authorization", []string{"ok", "secret\n"}}}}, `the header "Authorization"`},
		"bad name":      {Request{Method: "GET", URI: "http://h", Headers: Headers{{"a b", nil}}}, `the header "a b"`},
		"multipart": {
			Request{Method: "PUT", URI: "http://h", Headers: Headers{{"content-type", []string{"multipart/mixed"}}}}, "multipart content is not supported",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Send(t.Context(), &row.request)
			failed(t, err, KindInvalid, row.message, true)
		})
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	address := strings.TrimPrefix(gone.URL, "http://")
	gone.Close()
	s := New(Options{})
	_, err := s.Send(t.Context(), request("http://"+address+"/secret?secret"))
	failed(t, err, KindNoAnswer, "Connection refused ("+address+")", false)
	broken := newSite(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "less")
	})
	_, err = broken.Send(t.Context(), request(broken.URL))
	failed(t, err, KindNoAnswer, "unexpected EOF", false)
}

func TestTooLargeAnswer(t *testing.T) {
	t.Parallel()
	s := New(Options{Transport: replies(200, "123456"), MaxResponse: 5})
	_, err := s.Send(t.Context(), request("http://h"))
	failed(t, err, KindInvalid, "the content of the answer exceeds the limit of 5 bytes", true)
	s = New(Options{Transport: replies(200, "12345"), MaxResponse: 5})
	if got, err := s.Send(t.Context(), request("http://h")); err != nil || got.Content != "12345" {
		t.Errorf("%v, %v", got, err)
	}
}

// Allow sees every address before it is called.
func TestAllow(t *testing.T) {
	t.Parallel()
	var asked []string
	s := newSite(t, Options{Allow: func(u *url.URL) error {
		asked = append(asked, u.Path)
		if u.Path == "/internal" {
			return errors.New("nobody goes there")
		}
		u.Path = "/changed" // changes nothing
		return nil
	}}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/internal?secret", http.StatusFound)
	})
	_, err := s.Send(t.Context(), request(s.URL+"/public"))
	failed(t, err, KindNotAllowed, "nobody goes there", true)
	if diff := cmp.Diff([]string{"/public", "/internal"}, asked); diff != "" || len(s.seen) != 1 || !strings.HasPrefix(s.seen[0], "GET /public") {
		t.Errorf("asked %v, went to %v", asked, s.seen)
	}
}

// A token goes to the first address only, and over http only to this machine.
func TestTokens(t *testing.T) {
	t.Parallel()
	tokens := func(_ context.Context, source TokenSource) (string, error) {
		if source.TenantID != "" {
			return "", errors.New("no such tenant")
		}
		return "for " + source.Scope(), nil
	}
	s := newSite(t, Options{Tokens: tokens}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	})
	r := request(s.URL)
	r.TokenSource = &TokenSource{Resource: "https://graph.microsoft.com/"}
	r.Headers = Headers{{"authorization", []string{"replaced"}}}
	if _, err := s.Send(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s.sends(t, `GET / Authorization:["Bearer for https://graph.microsoft.com/.default"] User-Agent:["azdurable"] `, `GET /next User-Agent:["azdurable"] `)

	r.TokenSource.TenantID = "x"
	_, err := s.Send(t.Context(), r)
	failed(t, err, KindNoToken, `token for "https://graph.microsoft.com/.default": no such tenant`, false)
	r.URI = "http://example.com/secret"
	_, err = s.Send(t.Context(), r)
	failed(t, err, KindInvalid, "use https", true)
	_, err = New(Options{Transport: replies(200, "")}).Send(t.Context(), r)
	failed(t, err, KindNoToken, "HTTPOptions.Tokens", true)
	for host, local := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "10.0.0.1": false, "localhost.example": false} {
		if loopback(host) != local {
			t.Errorf("%s is this machine: %t", host, !local)
		}
	}
}

func TestStatusesToRetry(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		status  int
		retry   *Retry
		message string
	}{
		{500, nil, ""},
		{200, &Retry{}, ""},
		{204, &Retry{}, ""},
		{404, &Retry{}, "Response status code does not indicate success: 404 (Reason)."},
		{404, &Retry{StatusCodes: []int{503}}, ""},
		{503, &Retry{StatusCodes: []int{429, 503}}, "Status code 503 received, retry requested."},
	} {
		s := New(Options{Transport: replies(row.status, "body")})
		got, err := s.Send(t.Context(), &Request{Method: "GET", URI: "http://h", Retry: row.retry})
		if row.message != "" {
			failed(t, err, KindNoAnswer, row.message, false)
		} else if err != nil || got.StatusCode != row.status {
			t.Errorf("%d with %+v: %v, %v", row.status, row.retry, got, err)
		}
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Transport: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		for _, row := range []struct {
			own, lasts    time.Duration
			kind, message string
		}{
			{0, DefaultTimeout, KindCanceled, "no answer within 4m0s"},
			{90 * time.Second, 90 * time.Second, KindTimeout, "Reached user specified timeout: 00:01:30."},
			{time.Hour, DefaultTimeout, KindCanceled, "no answer within 4m0s"},
		} {
			r := request("http://h")
			if row.own > 0 {
				r.Timeout = new(TimeSpan(row.own))
			}
			begun := time.Now()
			_, err := s.Send(t.Context(), r)
			failed(t, err, row.kind, row.message, false)
			if time.Since(begun) != row.lasts {
				t.Errorf("it took %v, want %v", time.Since(begun), row.lasts)
			}
		}
		// The end of the worker is no failure of the call.
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := s.Send(ctx, request("http://h")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// The limit of time holds for the body, too.
func TestTimeoutInTheBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Transport: transport(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(slow{r.Context()})}, nil
		})})
		r := request("http://h")
		r.Timeout = new(TimeSpan(time.Second))
		_, err := s.Send(t.Context(), r)
		failed(t, err, KindTimeout, "00:00:01", false)
	})
}

type slow struct{ ctx context.Context }

func (s slow) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// Close ends the connections that are kept.
func TestClose(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	server := httptest.NewUnstartedServer(answer("ok"))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	server.Start()
	defer server.Close()
	s := New(Options{})
	for range 2 { // over one connection
		if _, err := s.Send(t.Context(), request(server.URL)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	<-closed
	New(Options{Transport: replies(200, "")}).Close() // does nothing to what is not its own
}
