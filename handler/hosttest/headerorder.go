package hosttest

import (
	"slices"
	"strings"
)

// The host's web server hands out the fields that it knows in an order of its own, under its own spelling, and the others after them as they came.
var (
	requestOrder = strings.Fields(`
		Accept Connection Host User-Agent
		Accept-Charset Accept-Encoding Accept-Language Access-Control-Request-Headers Access-Control-Request-Method
		Alt-Used Authorization baggage Cache-Control Content-Type Cookie Correlation-Context Date Expect From
		Grpc-Accept-Encoding Grpc-Encoding Grpc-Timeout If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since
		Keep-Alive Max-Forwards Origin Pragma Proxy-Authorization Range Referer Request-Id TE traceparent tracestate
		Trailer Transfer-Encoding Translate Upgrade Upgrade-Insecure-Requests Via Warning Content-Length`)
	responseOrder = strings.Fields(`
		Content-Length Connection Content-Type Date Server
		Accept-Ranges Access-Control-Allow-Credentials Access-Control-Allow-Headers Access-Control-Allow-Methods
		Access-Control-Allow-Origin Access-Control-Expose-Headers Access-Control-Max-Age Age Allow Alt-Svc Cache-Control
		Content-Encoding Content-Language Content-Location Content-MD5 Content-Range ETag Expires Grpc-Encoding
		Grpc-Message Grpc-Status Keep-Alive Last-Modified Location Pragma Proxy-Authenticate Proxy-Connection Retry-After
		Set-Cookie Trailer Transfer-Encoding Upgrade Vary Via Warning WWW-Authenticate`)
	// The client by which the host speaks with the program takes these apart at commas, and joins those.
	splitFields = strings.Fields(`Accept-Ranges Allow Connection Content-Encoding Content-Language Pragma Trailer Upgrade Vary Via`)
	joinFields  = strings.Fields(`Cache-Control`)
)

// inOrder sorts known fields to the front. Known names get the spelling of the order.
func (h header) inOrder(order []string) header {
	type placed struct {
		field
		place int
	}
	all := make([]placed, 0, len(h))
	for _, f := range h {
		place := slices.IndexFunc(order, func(n string) bool { return strings.EqualFold(n, f.name) })
		if place < 0 {
			place = len(order)
		} else {
			f.name = order[place]
		}
		all = append(all, placed{f, place})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return a.place - b.place })
	out := make(header, 0, len(h))
	for _, p := range all {
		out = append(out, p.field)
	}
	return out
}

// parsed is how the host's client reads the fields of an answer.
func (h header) parsed() header {
	var out header
	for _, g := range h.groups() {
		switch {
		case containsFold(joinFields, g.name):
			out.add(g.name, strings.Join(g.values, ", "))
		case containsFold(splitFields, g.name):
			for _, value := range g.values {
				for part := range strings.SplitSeq(value, ",") {
					out.add(g.name, strings.TrimSpace(part))
				}
			}
		default:
			for _, value := range g.values {
				out.add(g.name, value)
			}
		}
	}
	return out
}

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
