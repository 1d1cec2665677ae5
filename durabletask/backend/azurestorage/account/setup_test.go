package account

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask/backend"
)

const (
	testKey = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA=="
	testSAS = "sv=2021-12-02&ss=bqt&srt=sco&sp=rwdlacup&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D"
)

// fake is a storage service that answers as a test says.
type fake struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	answer   func(n int, r *http.Request) (*http.Response, error)
}

// Do notes the request, lets time pass as a network would, and answers it.
func (f *fake) Do(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	f.mu.Lock()
	n := len(f.requests)
	f.requests, f.bodies = append(f.requests, r), append(f.bodies, body)
	f.mu.Unlock()
	return f.answer(n, r)
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

// answer makes an answer; headers are names and values in turn.
func answer(r *http.Request, status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r, ContentLength: int64(len(body))}
}

// always answers each request in the same way, without a body.
func always(status int, headers ...string) *fake {
	return &fake{answer: func(_ int, r *http.Request) (*http.Response, error) { return answer(r, status, "", headers...), nil }}
}

// open opens an account on a fake, with a seeded source of chance.
func open(tb testing.TB, f policy.Transporter) *Account {
	tb.Helper()
	c, err := ParseConnectionString("AccountName=acct;AccountKey=" + testKey)
	if err != nil {
		tb.Fatal(err)
	}
	return openAt(tb, c, f)
}

func openAt(tb testing.TB, c Connection, f policy.Transporter, change ...func(*Options)) *Account {
	tb.Helper()
	o := Options{
		Transport:   f,
		Worker:      "w",
		Environment: backend.Environment{Source: func(string) *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }},
	}
	for _, fn := range change {
		fn(&o)
	}
	a, err := Open(c, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(a.Close)
	return a
}

// lines is a logger that keeps what it is told.
func lines() (*slog.Logger, *strings.Builder) {
	var b strings.Builder
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

// token is a credential that has tokens, or an error.
type token struct{ err error }

// GetToken returns one.
func (c token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "secret-token", ExpiresOn: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}, c.err
}

// fixedClock always shows the same time.
type fixedClock time.Time

// Now returns it.
func (c fixedClock) Now() time.Time { return time.Time(c) }
