package durabletask

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/azdurable/azdurable/durabletask/internal/durablehttp"
)

// Defaults and limits of durable HTTP calls.
const (
	// HTTPPolling is how long to wait after a 202 that does not say it (ext: HttpOptions.DefaultAsyncRequestSleepTimeMilliseconds).
	HTTPPolling = 30 * time.Second
	// HTTPTimeout is how long one request may take (ext: DurableHttpClientFactory).
	HTTPTimeout = durablehttp.DefaultTimeout
	// MaxHTTPContent limits the body of a request or an answer, in bytes.
	MaxHTTPContent = durablehttp.DefaultMaxContent
)

// HTTPOptions are the settings of an app's durable HTTP calls. Zero values mean the defaults.
type HTTPOptions struct {
	// Polling is how long to wait after a 202 without Retry-After; default: HTTPPolling.
	Polling time.Duration
	// Timeout limits each request, whatever its own Timeout is; default: HTTPTimeout.
	Timeout time.Duration
	// MaxRequest and MaxResponse limit bodies, in bytes; default: MaxHTTPContent. The JSON that is made of a body can be larger, and has to fit into MaxPayload.
	MaxRequest, MaxResponse int
	// Allow is asked before each request: the first one, redirects, and polls after a 202. An error refuses it, for good: the call fails with ErrHTTPNotAllowed
	// and the error's text. Default: every http and https URL. It sees names, not the addresses that they stand for; a Transport whose dialer looks
	// at these keeps calls out of a network.
	Allow func(*url.URL) error
	// Tokens gets the tokens for requests with a ManagedIdentity. Default: none, and such requests fail with ErrHTTPToken; the extension puts
	// the identities of Azure here.
	Tokens HTTPTokens
	// Transport makes the requests; default: one of the worker's own, which uses the proxy that the environment names. It must not follow redirects.
	Transport http.RoundTripper
}

// HTTPTokens gets tokens for durable HTTP calls. It is called from many goroutines, for each request: it is expected to keep tokens until they expire.
type HTTPTokens interface {
	// HTTPToken returns a token for a scope in the name of an identity. The scope is made of the identity's Resource. An error's text becomes part of the history.
	HTTPToken(ctx context.Context, scope string, identity ManagedIdentity) (token string, err error)
}

// UseHTTP sets how the app's durable HTTP calls are made. It replaces what was set before. Workers that have been made keep what they have. It panics if a
// time or a limit is negative.
func (a *App) UseHTTP(o HTTPOptions) {
	if o.Polling < 0 || o.Timeout < 0 || o.MaxRequest < 0 || o.MaxResponse < 0 {
		panic("durabletask: Polling, Timeout, MaxRequest and MaxResponse of HTTPOptions can't be negative; leave them out for the defaults")
	}
	a.http = o
}

// HTTP returns what UseHTTP has set.
func (a *App) HTTP() HTTPOptions { return a.http }

// sender makes what sends the requests of a worker.
func (o *HTTPOptions) sender() *durablehttp.Sender {
	s := durablehttp.Options{
		Transport: o.Transport, Allow: o.Allow, MaxRequest: o.MaxRequest, MaxResponse: o.MaxResponse, Timeout: o.Timeout,
	}
	if o.Tokens != nil {
		s.Tokens = func(ctx context.Context, source durablehttp.TokenSource) (string, error) {
			return o.Tokens.HTTPToken(ctx, source.Scope(), *identityOf(source))
		}
	}
	return durablehttp.New(s)
}
