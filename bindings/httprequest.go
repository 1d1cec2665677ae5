package bindings

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// hostRequest is a request as an invocation has it.
type hostRequest struct {
	URL     string              `json:"Url"`     //nolint:tagliatelle // as the host spells it
	Method  string              `json:"Method"`  //nolint:tagliatelle // as above
	Headers map[string][]string `json:"Headers"` //nolint:tagliatelle // as above
	Params  map[string]*string  `json:"Params"`  //nolint:tagliatelle // as above
	Body    *string             `json:"Body"`    //nolint:tagliatelle // as above
}

// requestOf makes the request that the host was sent.
func (t *HTTPTrigger) requestOf(ctx context.Context, raw json.RawMessage) (*http.Request, error) {
	var from hostRequest
	if err := decodeJSON(raw, &from); err != nil {
		return nil, err
	}
	target, err := parseURL(from.URL)
	if err != nil {
		return nil, err
	}
	headers := make(http.Header, len(from.Headers))
	for name, values := range from.Headers {
		name = textproto.CanonicalMIMEHeaderKey(name)
		headers[name] = append(headers[name], values...)
	}
	body := ""
	if from.Body != nil {
		if body, err = decodeBody(*from.Body, headers.Get("Content-Type")); err != nil {
			return nil, err
		}
	}
	// As net/http's server does: Host and Transfer-Encoding are no headers.
	host := headers.Get("Host")
	headers.Del("Host")
	headers.Del("Transfer-Encoding")
	if host == "" {
		host = target.Host
	}
	r := &http.Request{
		Method: from.Method, URL: target, Host: host, Header: headers, RequestURI: target.RequestURI(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	if r.Method == "" {
		return nil, errors.New("it has no method")
	}
	if body == "" {
		r.Body = http.NoBody
	}
	for name, value := range from.Params {
		if value != nil {
			t.setParam(r, name, *value)
		}
	}
	return r.WithContext(ctx), nil
}

// setParam hands over a parameter in the form in which a router leaves it, which Param takes off. The host decodes everything but %2F.
func (t *HTTPTrigger) setParam(r *http.Request, name, value string) {
	value = strings.NewReplacer("%2F", "/", "%2f", "/").Replace(value)
	if strings.EqualFold(name, t.rest) {
		name = "*"
	}
	if r.URL.RawPath != "" {
		value = url.PathEscape(value)
	}
	r.SetPathValue(name, value)
}

// parseURL reads a URL that has been served, and so may have a % that encodes nothing.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		u, err = url.Parse(encodePercent(text))
	}
	if err != nil || u.Host == "" {
		return nil, errNotURL
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// encodePercent encodes each % that does not begin an encoded byte.
func encodePercent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteByte(text[i])
		if text[i] == '%' && (i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// decodeBody is the body that was sent: the host makes base64 of two kinds, and text of the others, as if they were UTF-8.
func decodeBody(text, contentType string) (string, error) {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if kind != "application/octet-stream" && !strings.HasPrefix(kind, "multipart/") {
		return text, nil
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", errors.New("its body is not base64, as that of " + kind + " is")
	}
	return string(content), nil
}

// traceParent is the trace context that a caller sent; without telemetry of its own the host does not hand it on.
func traceParent(raw json.RawMessage) string {
	var from hostRequest
	if decodeJSON(raw, &from) != nil {
		return ""
	}
	for name, values := range from.Headers {
		if strings.EqualFold(name, "traceparent") && len(values) == 1 {
			return values[0]
		}
	}
	return ""
}
