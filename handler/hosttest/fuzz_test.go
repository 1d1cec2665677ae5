package hosttest

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func FuzzRequest(f *testing.F) {
	f.Add("GET /api/Hello?a=1&a=2 HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\n")
	f.Add("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n")
	f.Add("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab")
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := readRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		body, err := io.ReadAll(q.body)
		if err == nil && q.length >= 0 && int64(len(body)) != q.length {
			t.Errorf("%d bytes of %d", len(body), q.length)
		}
	})
}

func FuzzResponse(f *testing.F) {
	f.Add("HTTP/1.1 200 Very Custom\r\nContent-Length: 2\r\n\r\nok")
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
	f.Add("HTTP/1.0 200 OK\r\n\r\nold")
	f.Add("garbage\r\n\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		p, _, err := readResponse(bufio.NewReader(strings.NewReader(raw)), "GET")
		if err != nil {
			return
		}
		if p.status < 101 || p.status > 999 {
			t.Errorf("status %d", p.status)
		}
		io.Copy(io.Discard, p.stream)
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"a":[1,2.50,true,null,"x"],"b":{"c":"\u2028<&>"}}`)
	f.Add(`"\ud800"`)
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := parseWhole(raw)
		if err != nil {
			return
		}
		var want, got any
		if json.Unmarshal([]byte(raw), &want) != nil {
			return // a number that encoding/json can't hold
		}
		for _, written := range []string{v.String(), v.indented()} {
			if err := json.Unmarshal([]byte(written), &got); err != nil {
				t.Fatalf("%s: %v", written, err)
			}
			a, _ := json.Marshal(want)
			b, _ := json.Marshal(got)
			if string(a) != string(b) {
				t.Errorf("%s became %s", a, b)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(`{"Outputs":{"res":{"statusCode":"404","headers":{"X":"1"},"body":{"a":1}}},"Logs":["x"],"ReturnValue":null}`, "application/json")
	f.Add(`{"ReturnValue":"text"}`, "text/json; charset=utf-8")
	f.Fuzz(func(t *testing.T, body, kind string) {
		a, err := judge(&response{status: 200, header: header{{"Content-Type", kind}}, body: []byte(body)})
		if err != nil {
			return
		}
		for _, name := range []string{"res", "$return"} {
			function := &function{bindings: []binding{{kind: "http", direction: "out", name: name}}}
			p, err := function.httpAnswer(a)
			if err != nil {
				continue
			}
			for _, h := range p.header {
				if !ascii(h.value) && !strings.EqualFold(h.name, "Content-Type") {
					t.Errorf("the header %q has the value %q", h.name, h.value)
				}
			}
		}
		if a.outputs != nil {
			for _, m := range a.outputs.members {
				messagesOf(m.value, false)
				blobOf(m.value, false)
			}
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("/api/c/one/two%2Fthree/%C3%A9/a%20b/%3Fq/%23h/100%25/a+b")
	f.Add("/api/c/a/./b/../c")
	f.Add("/a%5Cb/%zz")
	f.Fuzz(func(t *testing.T, raw string) {
		decoded, err := decodePath(raw)
		if err != nil {
			return
		}
		if to := forwardedPath(decoded); !strings.HasPrefix(to, "/") || strings.ContainsAny(to, "?# \r\n") {
			t.Errorf("%q is forwarded to %q", raw, to)
		}
		if to := encodePath(decoded); strings.ContainsAny(to, "?# \r\n") {
			t.Errorf("%q is the URL %q", raw, to)
		}
	})
}

func FuzzArguments(f *testing.F) {
	f.Add(`a "b c" d\"e  f`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, a := range splitArguments(line) {
			if len(a) > len(line) {
				t.Errorf("%q of %q", a, line)
			}
		}
	})
}
