package account

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// Versions of the REST interface: what DTFx's tables speak, and one that knows large blobs for the others.
const (
	tableVersion   = "2019-02-02"
	storageVersion = "2021-12-02"
)

// request is one thing to ask of a service.
type request struct {
	kind     string // what for, in words
	resource string // what it is about, in words
	service  service
	method   string
	path     string // below the endpoint, escaped, with a slash before it
	query    string // encoded
	headers  []header
	body     []byte
	content  string // Content-Type
	accept   []int  // statuses of success
	repeat   bool   // made again after any failure that passes
	mutates  bool   // although it is a GET
	// read makes the result of a status of success, where such a status may stand for a failure (batches).
	read func(*reply) error
}

type header struct{ name, value string }

// reply is the answer of a service.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// key is what tells the request from others to the gate.
func (r *request) key() string {
	key := r.method + " " + r.service.String() + r.path
	if r.query != "" {
		key += "?" + r.query
	}
	return key
}

func (r *request) writes() bool {
	return r.method != http.MethodGet && r.method != http.MethodHead || r.mutates
}

// build makes the HTTP request.
func (a *Account) build(ctx context.Context, r *request) (*policy.Request, error) {
	var address strings.Builder
	address.WriteString(a.connection.endpoints[r.service])
	address.WriteString(r.path)
	separator := byte('?')
	for _, query := range []string{r.query, a.connection.proof.sas} {
		if query != "" {
			address.WriteByte(separator)
			address.WriteString(query)
			separator = '&'
		}
	}
	req, err := runtime.NewRequest(ctx, r.method, address.String())
	if err != nil {
		return nil, withoutURL(err)
	}
	h := req.Raw().Header
	set := func(name, value string) { h[http.CanonicalHeaderKey(name)] = []string{value} }
	if r.service == tableService {
		set("X-Ms-Version", tableVersion)
		set("Dataserviceversion", "3.0")
		set("Accept", tableContent)
	} else {
		set("X-Ms-Version", storageVersion)
	}
	for _, header := range r.headers {
		set(header.name, header.value)
	}
	if r.body == nil {
		return req, nil
	}
	return req, req.SetBody(body{bytes.NewReader(r.body)}, r.content)
}

// body is a request's body; rewinding it is how Go repeats a request that a closed connection never took.
type body struct{ *bytes.Reader }

// Close does nothing.
func (body) Close() error { return nil }

// once makes the request a single time.
func (a *Account) once(ctx context.Context, r *request) (*reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, tryTimeout(len(r.body)), errTry)
	defer cancel()
	t := &attempt{request: r}
	req, err := a.build(withAttempt(ctx, t), r)
	if err != nil {
		return nil, a.failed(ctx, r, t, err)
	}
	sent := a.env.Now()
	answer := &reply{}
	resp, err := a.pipeline.Do(req)
	if resp != nil {
		answer.status, answer.header = resp.StatusCode, resp.Header
	}
	if err == nil {
		answer.body, err = runtime.Payload(resp)
	}
	received := a.env.Now()
	if resp != nil {
		_ = resp.Body.Close()
		a.clock.observe(resp.Header.Get("Date"), sent, received)
	}
	if a.options.OnRequest != nil {
		a.options.OnRequest(Sample{Kind: r.kind, Status: answer.status, Sent: len(r.body), Received: len(answer.body), Duration: received.Sub(sent)})
	}
	switch {
	case err != nil:
		return nil, a.failed(ctx, r, t, err)
	case !slices.Contains(r.accept, answer.status):
		return nil, a.refused(r, answer)
	case r.read != nil:
		if err := r.read(answer); err != nil {
			return nil, a.misread(r, answer, err)
		}
	}
	return answer, nil
}

var _ io.ReadSeekCloser = body{}
