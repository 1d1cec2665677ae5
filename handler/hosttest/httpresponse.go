package hosttest

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// What the caller of an HTTP function is shown, in JSON mode.

const plainText = "text/plain; charset=utf-8"

// httpAnswer is the response for an answer. An error fails the invocation; the caller then gets 500.
func (f *function) httpAnswer(a *answer) (*response, error) {
	out := f.httpOutput()
	switch {
	case out != nil && out.name == "$return":
		return returned(a.result)
	case out != nil && a.outputs != nil:
		v := a.outputs.member(out.name)
		if v == nil {
			return &response{status: http.StatusOK, header: header{{"Content-Type", plainText}}, body: []byte("{}")}, nil
		}
		return fromOutput(v)
	case a.result.absent():
		return &response{status: http.StatusNoContent}, nil
	case a.result.kind == kindString:
		return &response{status: http.StatusOK, header: header{{"Content-Type", plainText}}, body: []byte(a.result.plain())}, nil
	}
	body := a.result.String()
	return &response{status: http.StatusOK, body: []byte(body), header: header{
		{"Content-Type", "application/json; charset=utf-8"}, {"Content-Length", strconv.Itoa(len(body))},
	}}, nil
}

// fromOutput reads the value of an http output.
func fromOutput(v *value) (*response, error) {
	if v.kind == kindString {
		inner, ok := jsonObject(v.text)
		if !ok {
			return nil, errOutput
		}
		v = inner
	}
	if v.kind != kindObject {
		return nil, errOutput
	}
	p, err := withHeaders(v)
	if err != nil {
		return nil, err
	}
	p.status = statusOf(v.memberFold("statusCode"))
	if body := v.memberFold("body"); !body.absent() {
		p.body = []byte(body.plain())
	}
	return p, nil
}

var errOutput = errors.New("Failed while trying to Deserialize to httpOutputBindingResponse. Output is not in expected format")

// returned reads a ReturnValue that goes to an http output named $return.
func returned(v *value) (*response, error) {
	if v.absent() {
		return &response{status: http.StatusNoContent}, nil
	}
	typed := func(body string) *response {
		return &response{status: http.StatusOK, header: header{{"Content-Type", plainText}}, body: []byte(body)}
	}
	switch v.kind {
	case kindString:
		if data, ok := guessBase64(v.text); ok {
			return &response{status: http.StatusOK, body: data}, nil
		}
		if inner, ok := jsonObject(v.text); ok {
			return typed(inner.indented()), nil
		}
	case kindObject:
		body := v.memberFold("body")
		if body == nil {
			break
		}
		p, err := withHeaders(v)
		if err != nil {
			return nil, err
		}
		code := v.memberFold("statusCode")
		if code == nil {
			code = v.memberFold("status")
		}
		p.status = statusOf(code)
		switch {
		case body.kind == kindObject || body.kind == kindArray:
			p.body = []byte(body.String())
		case !body.absent():
			p.body = []byte(body.plain())
		}
		return p, nil
	case kindNull, kindBool, kindNumber, kindArray:
	}
	return typed(v.plain()), nil
}

// withHeaders makes a response with the headers of an output.
func withHeaders(v *value) (*response, error) {
	p := &response{}
	kind := plainText
	headers := v.memberFold("headers")
	if !headers.absent() && headers.kind != kindObject {
		return nil, errOutput
	}
	if !headers.absent() {
		for _, m := range headers.members {
			switch {
			case m.value.kind == kindNull, m.value.kind == kindObject, m.value.kind == kindArray:
				return nil, fmt.Errorf("the header %s must be one string, not %s", m.name, m.value)
			case !token(m.name) || !ascii(m.value.plain()):
				return nil, fmt.Errorf("Invalid header %q: %q", m.name, m.value.plain())
			case strings.EqualFold(m.name, "Content-Type"):
				kind = forceCharset(m.value.plain())
			default:
				p.header.set(m.name, m.value.plain())
			}
		}
	}
	p.header.add("Content-Type", kind)
	return p, nil
}

// forceCharset is a content type with the only charset that the host sends.
func forceCharset(kind string) string {
	var kept []string
	for part := range strings.SplitSeq(kind, ";") {
		if part = strings.TrimSpace(part); !strings.HasPrefix(strings.ToLower(part), "charset=") {
			kept = append(kept, part)
		}
	}
	return strings.Join(append(kept, "charset=utf-8"), "; ")
}

// statusOf reads a status code: whole numbers, and texts of them; anything else is 200.
func statusOf(v *value) int {
	if v.is(kindNumber) || v.is(kindString) {
		if n, err := strconv.ParseInt(v.text, 10, 32); err == nil && n <= math.MaxInt32 {
			return int(n)
		}
	}
	return http.StatusOK
}
