package hosttest

import (
	"encoding/base64"
	"strings"
	"time"
)

// httpCall is a request that has found its function.
type httpCall struct {
	*request
	path, query string // the path decoded, the query raw
	function    *function
	parameters  []parameter
	caller      caller
	content     []byte // of the body; nil if there is none with a length
}

// payload is what the invocation of an HTTP function in JSON mode carries.
func (c *httpCall) payload(now time.Time) payload {
	p := payload{data: object(member{c.function.trigger().name, c.value()})}
	meta := &p.metadata
	meta.spread(validUTF8(c.content))
	query, lines := object(), object()
	for _, g := range queryGroups(parseQuery(c.query)) {
		last := g.values[len(g.values)-1]
		query.put(g.name, text(last))
		if !strings.EqualFold(g.name, "code") {
			meta.set(g.name, quoted(last))
		}
	}
	for _, v := range c.parameters {
		if !v.unset {
			meta.set(v.name, quoted(v.value))
		}
	}
	for _, g := range c.header.inOrder(requestOrder).groups() {
		lines.put(g.name, text(strings.Join(g.values, ",")))
	}
	meta.set("Query", query)
	meta.set("Headers", lines)
	meta.system(c.function, now)
	return p
}

// value is the request as the program sees it.
func (c *httpCall) value() *value {
	query, lines, parameters := object(), object(), object()
	for _, g := range queryGroups(parseQuery(c.query)) {
		query.put(g.name, text(strings.Join(g.values, ",")))
	}
	for _, g := range c.header.inOrder(requestOrder).groups() {
		values := &value{kind: kindArray}
		for _, v := range g.values {
			values.items = append(values.items, text(validUTF8([]byte(v))))
		}
		lines.put(g.name, values)
	}
	for _, v := range c.parameters {
		if v.unset {
			parameters.put(v.name, null())
		} else {
			parameters.put(v.name, text(v.value))
		}
	}
	url := "http://" + c.header.first("Host") + encodePath(c.path)
	if c.query != "" {
		url += "?" + c.query
	}
	v := object(
		member{"Url", text(url)}, member{"Method", text(c.method)}, member{"Query", query}, member{"Headers", lines},
		member{"Params", parameters}, member{"Identities", c.caller.identities()})
	if len(c.content) > 0 && c.length > 0 {
		body := text(validUTF8(c.content))
		kind := strings.ToLower(c.header.first("Content-Type"))
		if strings.HasPrefix(kind, "application/octet-stream") || strings.HasPrefix(kind, "multipart/") {
			body = text(base64.StdEncoding.EncodeToString(c.content))
		}
		v.put("Body", body)
	}
	return v
}
