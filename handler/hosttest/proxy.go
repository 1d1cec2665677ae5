package hosttest

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"
)

// hopByHop are the fields that a proxy keeps to itself.
var hopByHop = strings.Fields(`Connection Keep-Alive Proxy-Authenticate Proxy-Authorization Proxy-Connection TE Trailer Transfer-Encoding Upgrade`)

// A proxy that finds nobody listening tries again.
const (
	proxyTries      = 10
	firstProxyPause = 50 * time.Millisecond
	lastProxyPause  = 250 * time.Millisecond
)

// proxy streams a request to the program and the answer back.
func (j *jobHost) proxy(c *httpCall) *response {
	var answer *response
	id := newGUID()
	err := j.execute(c.function, id, func(limit context.Context, connections *pool) error {
		out := j.proxied(c, id, connections.address)
		pause := firstProxyPause
		for try := 1; ; try++ {
			p, release, err := connections.open(j.ctx, out)
			if err == nil {
				answer = p
				answer.stream = &released{p.stream, release}
				answer.ended = func() bool { return out.stream == nil || out.sent.Load() }
				return nil
			}
			var refused *net.OpError
			if !errors.As(err, &refused) || refused.Op != "dial" || try == proxyTries {
				return err
			}
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-limit.Done():
				timer.Stop()
				return context.Cause(limit)
			}
			pause = min(2*pause, lastProxyPause)
		}
	})
	if err != nil {
		return failed()
	}
	chunked := answer.header.has("Transfer-Encoding", "chunked")
	answer.header.remove(hopByHop...)
	if chunked {
		answer.header.add("Transfer-Encoding", "chunked")
	}
	return answer
}

// proxied is the request that the program sees: as the client sent it, but for what belongs to the connection.
func (j *jobHost) proxied(c *httpCall, id, address string) *call {
	out := &call{method: c.method, target: c.target}
	out.header = append(out.header, c.header...)
	out.header.remove(hopByHop...)
	out.header.remove("Host", "Content-Length", "traceparent", "tracestate", "X-Azure-Functions-HostVersion", "X-Azure-Functions-InvocationId")
	out.header = append(header{{"Host", address}}, out.header...)
	out.header.add("X-Azure-Functions-HostVersion", hostVersion)
	out.header.add("X-Azure-Functions-InvocationId", id)
	out.header.add("x-ms-invocation-id", id)
	if j.host.options.Trace {
		out.header = append(out.header, traceOf(&c.header)...)
	}
	switch {
	case c.length < 0:
		out.header.add("Transfer-Encoding", "chunked")
		out.stream, out.chunked = c.body, true
	case c.length > 0:
		out.header.add("Content-Length", strconv.FormatInt(c.length, 10))
		out.stream = c.body
	}
	return out
}

// released gives the connection back when the body has been read.
type released struct {
	body interface{ Read(p []byte) (int, error) }
	done func(again bool)
}

// Read reads from the body.
func (r *released) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if err != nil && r.done != nil {
		r.done(err.Error() == "EOF")
		r.done = nil
	}
	return n, err //nolint:wrapcheck // a reader's error is its source's
}
