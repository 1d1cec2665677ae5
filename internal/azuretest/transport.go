package azuretest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// ClientOptions say who sends requests through a Transport.
type ClientOptions struct {
	// Name is the client's name in rules and in the log: a worker's, usually.
	Name string
	// CrashAt is the request, from 1, at which the client crashes; 0 means never. From then on it gets ErrCrashed.
	CrashAt int
	// CrashAfterEffect lets that request still take effect; otherwise it never arrives.
	CrashAfterEffect bool
	// Gate, if set, is called for each request before it arrives, without locks. It may block; its error goes to the client.
	Gate func(context.Context, Call) error
}

// Transport carries the requests of one client to the service in the caller's goroutine. It is a policy.Transporter of
// azcore and an http.RoundTripper.
type Transport struct {
	s       *Service
	options ClientOptions
	faults  faults
	crash   chan struct{} // closed by the crash

	mu       sync.Mutex
	requests int
	crashed  bool
}

// Transport returns a new client's way to the service.
func (s *Service) Transport(options ClientOptions) *Transport {
	return &Transport{s: s, options: options, crash: make(chan struct{})}
}

// Inject adds a fault for this client's requests. The service's faults come first.
func (c *Transport) Inject(rule Rule) *Fault { return c.faults.inject(rule) }

// Requests is how many requests the client has sent, also those that a crash has swallowed.
func (c *Transport) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

// Crash crashes the client. Its later requests get ErrCrashed, and so do those that are on their way, at a gate or held by a
// fault: they never arrive.
func (c *Transport) Crash() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.die()
}

func (c *Transport) die() {
	if !c.crashed {
		c.crashed = true
		close(c.crash)
	}
}

func (c *Transport) isCrashed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.crashed
}

// admit counts a request and lets the client crash at the one chosen.
func (c *Transport) admit(x *exchange) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	x.Client, x.N = c.options.Name, c.requests
	if c.crashed {
		return ErrCrashed
	}
	if c.requests == c.options.CrashAt {
		c.die()
		if !c.options.CrashAfterEffect {
			return ErrCrashed
		}
		x.last = true
	}
	return nil
}

// Do sends a request. The error is a connection's (reset, io.EOF, a timeout), ErrCrashed, or the Gate's.
func (c *Transport) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	res, err := c.s.exchange(r.Context(), c, r, kindOfHost(r.URL.Host))
	if r.Body != nil {
		_ = r.Body.Close() // a body in memory has nothing to say
	}
	if err != nil {
		return nil, err
	}
	return res.http(r), nil
}

// RoundTrip is Do.
func (c *Transport) RoundTrip(r *http.Request) (*http.Response, error) { return c.Do(r) }

// http turns an answer into what an HTTP client gives.
func (r *response) http(req *http.Request) *http.Response {
	out := &http.Response{
		StatusCode: r.status, Status: strconv.Itoa(r.status) + " " + http.StatusText(r.status), Header: r.header, Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(r.body)), Body: http.NoBody,
	}
	if text := r.header.Get("Content-Length"); text != "" {
		out.ContentLength, _ = strconv.ParseInt(text, 10, 64)
	}
	if req.Method == http.MethodHead {
		return out
	}
	var body io.Reader = bytes.NewReader(r.body)
	if r.cut {
		body = io.MultiReader(body, brokenOff{})
	}
	out.Body = io.NopCloser(body)
	return out
}

// brokenOff is the end of an answer that was broken off.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
