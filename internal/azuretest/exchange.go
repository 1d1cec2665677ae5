package azuretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// exchange is one request on its way through the service.
type exchange struct {
	Call
	s         *Service
	kind      Kind
	path      string // behind the account, still escaped
	requestID string
	now       time.Time
	last      bool // the client crashes when it should get the answer
	// refuseBatch answers a batch with a failure of its first operation; nil for other requests.
	refuseBatch func(*serviceError) *response
	// effect does what the request asks for. It runs with the service's mu held.
	effect func() *response
}

type response struct {
	status int
	header http.Header
	body   []byte
	cut    bool // the body breaks off
}

// respond makes an answer with headers given as name, value, name, value.
func respond(status int, headers ...string) *response {
	h := make(http.Header, len(headers)/2+6)
	for pair := range slices.Chunk(headers, 2) {
		h[http.CanonicalHeaderKey(pair[0])] = pair[1:]
	}
	return &response{status: status, header: h}
}

func (r *response) xml(body []byte) *response {
	r.header["Content-Type"] = []string{"application/xml"}
	r.body = body
	return r
}

// canonical returns the header with its names as net/http spells them; the SDK puts some into the map as they are.
func canonical(h http.Header) http.Header {
	for name := range h {
		if name != http.CanonicalHeaderKey(name) {
			out := make(http.Header, len(h))
			for name, values := range h {
				out[http.CanonicalHeaderKey(name)] = values
			}
			return out
		}
	}
	return h
}

const maxRequestBody = 300 << 20 // more than the largest blob that one request may put

var errBodyLimit = errors.New("azuretest: the request's body is larger than any that the service takes")

// readBody reads a request's body; one that can be read at once is read in one go.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > maxRequestBody {
		return nil, errBodyLimit
	}
	if r.ContentLength > 0 {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, fmt.Errorf("azuretest: read the request's body: %w", err)
		}
		return body, nil
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(r.Body, maxRequestBody)); err != nil {
		return nil, fmt.Errorf("azuretest: read the request's body: %w", err)
	}
	return b.Bytes(), nil
}

// open turns a request into an exchange with its operation and effect, and checks who sent it.
func (s *Service) open(r *http.Request, kind Kind, body []byte) *exchange {
	x := &exchange{
		s: s, kind: kind, now: s.options.Now(),
		Call: Call{Op: OpUnknown, Method: r.Method, Header: canonical(r.Header), Body: body},
	}
	refuse := func(f *serviceError) *exchange {
		x.effect = func() *response { return x.fail(f) }
		return x
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	x.Query = query
	path := r.URL.EscapedPath()
	account, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if err != nil || account != s.options.Account {
		return refuse(errInvalidURI)
	}
	x.path = rest
	var f *serviceError
	switch kind {
	case Queue:
		f = x.routeQueues()
	case Table:
		f = x.routeTables()
	case Blob:
		f = x.routeBlobs()
	default:
		f = errInvalidURI
	}
	if denied := x.authenticate(r, path); denied != nil {
		f = denied
	} else if kind == Table && s.options.NoTables {
		f = errResourceNotFound
	}
	if f != nil {
		return refuse(f)
	}
	return x
}

// run does what the request asks for and gives the answer the headers that all answers have.
func (x *exchange) run() *response {
	s := x.s
	s.mu.Lock()
	x.arrive()
	res := x.effect()
	s.mu.Unlock()
	x.finish(res)
	return res
}

// arrive gives the exchange its time and its number. They follow from the order in which requests are served, which a gate
// decides, not from the order in which they are sent. Call it with mu held.
func (x *exchange) arrive() {
	x.s.requests++
	x.now, x.requestID = x.s.options.Now().UTC(), guid(mix(x.s.requests), mix(^x.s.requests))
}

func (x *exchange) finish(res *response) {
	h := res.header
	h["Date"] = []string{x.now.UTC().Format(http.TimeFormat)}
	h["Server"] = []string{"azuretest"}
	h["X-Ms-Request-Id"] = []string{x.requestID}
	if v := x.Header["X-Ms-Version"]; len(v) == 1 {
		h["X-Ms-Version"] = v
	}
	if v := x.Header["X-Ms-Client-Request-Id"]; len(v) == 1 {
		h["X-Ms-Client-Request-Id"] = v
	}
}

// exchange runs a request with all faults that apply to it. The error is what the connection did, not what the service said.
func (s *Service) exchange(ctx context.Context, c *Transport, r *http.Request, kind Kind) (*response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	x := s.open(r, kind, body)
	if c != nil {
		if err := c.admit(x); err != nil {
			s.log.add(x, nil, err)
			return nil, err
		}
		if c.options.Gate != nil {
			if err := c.options.Gate(ctx, x.Call); err != nil {
				s.log.add(x, nil, err)
				return nil, err
			}
		}
		if c.isCrashed() && !x.last {
			s.log.add(x, nil, ErrCrashed)
			return nil, ErrCrashed
		}
	}
	res, err := s.perform(ctx, c, x)
	if c != nil && c.isCrashed() {
		res, err = nil, ErrCrashed
	}
	s.log.add(x, res, err)
	return res, err
}

// serve is exchange for requests that come over a socket.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, kind Kind) {
	res, err := s.exchange(r.Context(), nil, r, kind)
	if err != nil {
		panic(http.ErrAbortHandler) // the server closes the connection, which is what the fault stands for
	}
	h := w.Header()
	maps.Copy(h, res.header)
	if h.Get("Content-Length") == "" {
		h.Set("Content-Length", strconv.Itoa(len(res.body)))
	}
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body) // a client that went away is no concern of the service
	if res.cut {
		panic(http.ErrAbortHandler)
	}
}
