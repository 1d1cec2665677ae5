package durabletask

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/azdurable/azdurable/durabletask/internal/durablehttp"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// HTTPRequest is what CallHTTP asks for.
//
// All of it is stored in the task hub, headers included, as the reference does. A secret belongs into ManagedIdentity, of which only the resource is stored,
// or into an activity of your own.
type HTTPRequest struct {
	// Method is the HTTP method; empty means GET.
	Method string
	// URL begins with http:// or https:// and has a host.
	URL string
	// Header is sent with the request, and with each poll after a 202, where X-Functions-Key is left out. Several values of a header are sent as one, with commas.
	// Names are stored in alphabetical order.
	Header http.Header
	// Content is the body, UTF-8; empty means none. Without a Content-Type it is text/plain. Multipart content is refused.
	Content string
	// ManagedIdentity puts a token into the header Authorization, a fresh one for each request; nil means none.
	ManagedIdentity *ManagedIdentity
	// Retry makes the request again if there is no answer or not the right one; the zero value makes it once. Polls after a 202 are not retried.
	Retry RetryPolicy
	// RetryStatuses are the statuses that Retry takes for failures; empty means every one that is not 2xx. Without Retry no status is one.
	RetryStatuses []int
	// Timeout is how long one request and its answer may take, redirects included; 0 means as long as HTTPOptions.Timeout says. Waits between polls don't count.
	Timeout time.Duration
	// NoPolling makes a 202 an answer like any other. The default is to ask again at its Location until the status is another one.
	NoPolling bool
}

// ManagedIdentity is an identity of the machine, in whose name a durable HTTP call is made.
type ManagedIdentity struct {
	// Resource is what the token is for: a scope, such as https://vault.azure.net/.default. The resources https://management.core.windows.net and
	// https://graph.microsoft.com need no /.default.
	Resource string
	// AuthorityHost and TenantID say who gives the token out; empty means the defaults.
	AuthorityHost, TenantID string
	// ClientID chooses a user-assigned identity; empty means the system's. Only newer versions of the Durable Functions extension know it.
	ClientID string
}

// String shows method, scheme, host and path, and nothing that may be secret.
func (r HTTPRequest) String() string {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return method + " (no URL)"
	}
	return method + " " + (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// GoString shows what String does.
func (r HTTPRequest) GoString() string { return r.String() }

// LogValue logs what String shows.
func (r HTTPRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalJSON writes the request as the Durable Functions extension stores it. Functions in Retry are not stored.
func (r HTTPRequest) MarshalJSON() ([]byte, error) {
	if !utf8.ValidString(r.Content) {
		return nil, errors.New("the content of an HTTP request must be text in UTF-8; send bytes from an activity of your own")
	}
	return r.stored().MarshalJSON()
}

// UnmarshalJSON reads a stored request.
func (r *HTTPRequest) UnmarshalJSON(data []byte) error {
	var s durablehttp.Request
	if err := s.UnmarshalJSON(data); err != nil {
		return err
	}
	*r = HTTPRequest{Method: s.Method, URL: s.URI, Header: s.Headers.HTTP(), NoPolling: !s.Asynchronous}
	if s.Content != nil {
		r.Content = *s.Content
	}
	if t := s.TokenSource; t != nil {
		r.ManagedIdentity = identityOf(*t)
	}
	if t := s.Retry; t != nil {
		r.Retry = RetryPolicy{MaxAttempts: t.MaxAttempts, First: time.Duration(t.First), Max: time.Duration(t.Max), Backoff: t.Backoff}
		if t.Total != durablehttp.NoLimit {
			r.Retry.Total = time.Duration(t.Total)
		}
		r.RetryStatuses = t.StatusCodes
	}
	if s.Timeout != nil {
		r.Timeout = time.Duration(*s.Timeout)
	}
	return nil
}

func (r *HTTPRequest) stored() *durablehttp.Request {
	s := &durablehttp.Request{Method: r.Method, URI: r.URL, Headers: durablehttp.HeadersOf(r.Header), Asynchronous: !r.NoPolling}
	if s.Method == "" {
		s.Method = http.MethodGet
	}
	if r.Content != "" {
		s.Content = &r.Content
	}
	if i := r.ManagedIdentity; i != nil {
		s.TokenSource = &durablehttp.TokenSource{Resource: i.Resource, AuthorityHost: i.AuthorityHost, TenantID: i.TenantID, ClientID: i.ClientID}
	}
	if r.retries() {
		s.Retry = &durablehttp.Retry{
			First: durablehttp.TimeSpan(r.Retry.First), Max: durablehttp.TimeSpan(r.Retry.Max), Backoff: max(r.Retry.Backoff, 1),
			Total: durablehttp.TimeSpan(r.Retry.Total), MaxAttempts: r.Retry.MaxAttempts, StatusCodes: r.RetryStatuses,
		}
		if s.Retry.Max == 0 {
			s.Retry.Max = durablehttp.TimeSpan(replay.MaxDelay)
		}
		if s.Retry.Total == 0 {
			s.Retry.Total = durablehttp.NoLimit
		}
	}
	if r.Timeout != 0 {
		s.Timeout = new(durablehttp.TimeSpan(r.Timeout))
	}
	return s
}

// retries reports whether the request has a RetryPolicy, right or wrong.
func (r *HTTPRequest) retries() bool {
	p := &r.Retry
	return p.MaxAttempts != 0 || p.First != 0 || p.Backoff != 0 || p.Max != 0 || p.Total != 0 || p.Handle != nil
}

func identityOf(t durablehttp.TokenSource) *ManagedIdentity {
	return &ManagedIdentity{Resource: t.Resource, AuthorityHost: t.AuthorityHost, TenantID: t.TenantID, ClientID: t.ClientID}
}
