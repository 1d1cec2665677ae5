package durablehttp

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Defaults and limits.
const (
	// DefaultMaxContent limits the bodies of requests and answers, in bytes. With the JSON around them they have to fit into a payload.
	DefaultMaxContent = 8 << 20
	// DefaultTimeout is how long a request may take (ext: DurableHttpClientFactory).
	DefaultTimeout = 240 * time.Second
	// maxHeaderBytes limits the headers of an answer.
	maxHeaderBytes = 1 << 20
	// maxDrained is how much of a body is read that nobody wants, to keep the connection.
	maxDrained = 64 << 10
	// userAgent is what servers see if a request doesn't say it itself.
	userAgent = "azdurable"
)

// Tokens gets tokens. An error's text is stored.
type Tokens func(ctx context.Context, source TokenSource) (string, error)

// Options are what a Sender works with. Zero values mean the defaults.
type Options struct {
	// Transport makes the requests; nil makes one of the Sender's own.
	Transport http.RoundTripper
	// Tokens is nil if there are none.
	Tokens Tokens
	// Allow is asked before every request, redirects included; nil allows all.
	Allow func(*url.URL) error
	// MaxRequest and MaxResponse limit bodies, in bytes.
	MaxRequest, MaxResponse int
	// Timeout limits each call.
	Timeout time.Duration
}

// Sender makes the requests.
type Sender struct {
	Options
	own *http.Transport // to be closed
}

// New makes a sender.
func New(o Options) *Sender {
	s := &Sender{Options: o}
	if s.MaxRequest == 0 {
		s.MaxRequest = DefaultMaxContent
	}
	if s.MaxResponse == 0 {
		s.MaxResponse = DefaultMaxContent
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Transport == nil {
		s.own = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: maxHeaderBytes,
			MaxIdleConns: 100, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second,
			DisableCompression: true, // .NET neither asks for it nor undoes it
		}
		s.Transport = s.own
	}
	return s
}

// Close ends connections that nobody uses.
func (s *Sender) Close() {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
}

// Send makes a request. An answer of any status is a result, unless the request has retries. The error is a *CallError, or ctx's own.
//
// ext: TaskHttpActivityShim.RunAsync.
func (s *Sender) Send(ctx context.Context, r *Request) (*Response, error) {
	e, failure := s.prepare(r)
	if failure != nil {
		return nil, failure
	}
	limited, cancel := context.WithTimeoutCause(ctx, s.Timeout, errClientTimeout)
	defer cancel()
	var own time.Duration
	if r.Timeout != nil {
		own = time.Duration(*r.Timeout)
		limited, cancel = context.WithTimeoutCause(limited, own, errRequestTimeout)
		defer cancel()
	}
	response, err := s.exchange(limited, e, r)
	switch {
	case err == nil:
		return response, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, tooLate(context.Cause(limited), own, s.Timeout)
	default:
		return nil, err
	}
}
