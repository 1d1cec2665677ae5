package hosttest

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// contentFields are the fields of a request that the host loses when it forwards it.
var contentFields = strings.Fields(`Content-Length Content-Type Content-Encoding Content-Language Content-Disposition Content-MD5 Content-Location
	Content-Range Expires Last-Modified Allow`)

// forward passes a request on to the program, and its answer to the caller once it has been read whole.
func (j *jobHost) forward(c *httpCall) *response {
	var answer *response
	id := newGUID()
	err := j.execute(c.function, id, func(_ context.Context, connections *pool) error {
		out, err := j.forwarded(c, id)
		if err != nil {
			return err
		}
		answer, err = connections.do(j.ctx, out)
		return err
	})
	if err != nil {
		return failed()
	}
	return shown(answer)
}

// forwarded is the request that the program sees. An error is one that the host stumbles over before it calls the program.
func (j *jobHost) forwarded(c *httpCall, id string) (*call, error) {
	if c.length < 0 {
		return nil, fmt.Errorf("a chunked body can't be forwarded; send a Content-Length")
	}
	out := &call{method: c.method, target: forwardedPath(c.path) + forwardedQuery(c.query), body: c.content}
	if j.app.program.toFunction {
		out.target = "/" + c.function.name + forwardedQuery(c.query)
	}
	for _, g := range c.header.inOrder(requestOrder).groups() {
		separator := ", "
		if strings.EqualFold(g.name, "Cookie") {
			separator = "; "
		}
		joined := strings.Join(g.values, separator)
		switch {
		case !ascii(joined):
			return nil, fmt.Errorf("the header %s has characters that are not ASCII", g.name)
		case containsFold(contentFields, g.name), strings.EqualFold(g.name, "Transfer-Encoding"):
			continue
		case strings.EqualFold(g.name, "Connection"):
			joined = connectionTokens(joined)
		}
		out.header.add(g.name, joined)
	}
	out.header.append("X-Azure-Functions-HostVersion", hostVersion, ", ")
	out.header.append("X-Azure-Functions-InvocationId", id, ", ")
	out.header.append("User-Agent", agent, " ")
	if _, ok := out.header.get("traceparent"); !ok && j.host.options.Trace {
		out.header = append(out.header, traceOf(nil)...)
	}
	switch {
	case len(c.content) > 0:
		out.header.add("Content-Length", strconv.Itoa(len(c.content)))
		if kind, ok := c.header.get("Content-Type"); ok {
			if media, _, err := mime.ParseMediaType(kind); err != nil || !strings.Contains(media, "/") {
				return nil, fmt.Errorf("the format of value %q is invalid", kind)
			}
			out.header.add("Content-Type", kind)
		}
	case c.method != http.MethodGet && c.method != http.MethodHead:
		out.header.add("Content-Length", "0")
	}
	return out, nil
}

// append adds a value to the field of a name, or the field.
func (h *header) append(name, value, separator string) {
	for i, f := range *h {
		if strings.EqualFold(f.name, name) {
			(*h)[i].value += separator + value
			return
		}
	}
	h.add(name, value)
}

// connectionTokens is what is left of a Connection field: the host keeps the options that HTTP knows.
func connectionTokens(s string) string {
	var kept []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); containsFold([]string{"close", "keep-alive", "upgrade"}, part) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ", ")
}

// shown is an answer of the program as the caller sees it.
func shown(p *response) *response {
	out := &response{status: p.status, reason: p.reason, body: p.body}
	for _, f := range p.header.parsed() {
		if !ascii(f.value) { // the host stumbles over it after it has set the phrase
			return &response{status: http.StatusInternalServerError, reason: p.reason}
		}
		if strings.EqualFold(f.name, "Transfer-Encoding") || containsFold([]string{"Server", "Date"}, f.name) {
			continue
		}
		out.header.add(f.name, f.value)
	}
	if p.status != http.StatusNoContent && len(p.body) > 0 {
		out.header.set("Content-Length", strconv.Itoa(len(p.body)))
	}
	if p.status == http.StatusResetContent && len(p.body) > 0 { // the web server refuses to send the body
		out.status, out.body = http.StatusInternalServerError, nil
	}
	return out
}
