package bindings_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/azdurable/azdurable/bindings"
)

// FuzzValues decodes members of invocations in every way: no text may do harm, and what was encoded comes back.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{"", `{"a":1}`, `"\"hi\""`, `"3"`, `"null"`, `"AAEC"`, `"\"{\\\"a\\\":1}\""`, `[1`, "\xff", `"2026-11-23T12:00:00+00:00"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := &bindings.Invocation{Data: map[string]json.RawMessage{"x": json.RawMessage(text)}, Metadata: map[string]json.RawMessage{"x": json.RawMessage(text)}}
		var v any
		var n int
		in.Known("x", &n)
		if raw, err := in.Value("x"); err != nil || json.Valid([]byte(text)) && !json.Valid(raw) {
			t.Errorf("%s, %v", raw, err)
		}
		_ = in.Decode("x", &v)
		_, _ = in.Text("x")
		_, _ = in.Bytes("x")

		content, _ := json.Marshal([]byte(text))
		in.Data["bytes"] = content
		if back, err := in.Bytes("bytes"); err != nil || string(back) != text {
			t.Errorf("%q comes back as %q, %v", text, back, err)
		}
	})
}

// FuzzRequests makes requests of whatever stands where the host's form of a request should be.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{
		`{"Url":"http://h/api/F?x=1","Method":"GET","Headers":{"A":["1","2"]},"Params":{"id":"x%2Fy","rest":null},"Body":"hi"}`,
		`{"Url":"http://h/%zz","Method":"POST","Headers":{"Content-Type":["multipart/x"]},"Body":"aGk="}`, `{"Url":"","Method":""}`, `null`, `{"Url":"http://h","Method":" "}`,
	} {
		f.Add(seed)
	}
	fn := bindings.HTTP("F", bindings.Route{Pattern: "f/{id}/{*rest}"}, func(w http.ResponseWriter, r *http.Request, _ *bindings.DurableClient) {
		body, err := io.ReadAll(r.Body)
		if err != nil || int64(len(body)) != r.ContentLength {
			panic("a body of another length")
		}
		_, _ = bindings.Param(r, "id"), bindings.Param(r, "*")
		var line bytes.Buffer
		line.WriteString(r.Method + r.RequestURI + r.Host)
		_, _ = w.Write(line.Bytes())
	})
	f.Fuzz(func(t *testing.T, text string) {
		in := &bindings.Invocation{Data: map[string]json.RawMessage{"req": json.RawMessage(text)}}
		out, err := fn.Answer(in.With(t.Context()), in, nil)
		if err == nil {
			if _, err := json.Marshal(out.Outputs); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzMessages makes messages and events of any bytes.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{"", `{"N":1}`, `{"N":"x"}`, `{"eventType":"T","data":{"N":1}}`, `{"specversion":"1.0","type":"T","data_base64":"eyJOIjoxfQ=="}`} {
		f.Add([]byte(seed))
	}
	queue := bindings.Queue("Q", bindings.QueueSource{Queue: "orders"}, onOrder)
	grid := bindings.EventGrid("G", onEvent)
	var got []byte
	plain := bindings.Queue("P", bindings.QueueSource{Queue: "orders"}, func(_ context.Context, m *bindings.QueueMessage[[]byte], _ *bindings.DurableClient) error {
		got = m.Body
		return nil
	})
	f.Fuzz(func(t *testing.T, content []byte) {
		text, _ := json.Marshal(base64.StdEncoding.EncodeToString(content))
		in := &bindings.Invocation{Data: map[string]json.RawMessage{"msg": text, "event": content}}
		_, _ = queue.Answer(t.Context(), in, nil)
		_, _ = grid.Answer(t.Context(), &bindings.Invocation{Data: in.Data}, nil)
		if _, err := plain.Answer(t.Context(), &bindings.Invocation{Data: in.Data}, nil); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%q comes as %q, %v", content, got, err)
		}
	})
}
