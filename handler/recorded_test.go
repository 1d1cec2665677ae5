package handler

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
)

// recording is a case that the Functions host was seen in: testdata/recorded/README.md.
type recording struct {
	Case                       string
	ClientRequest              string
	ClientRequestBase64        []byte
	MessageTextOnWire          string
	OutputQueueMessagesDecoded []string
	Request                    struct {
		Method, Target string
		Headers        [][2]string
		Body           string
		BodyBase64     []byte
	}
	Answer struct {
		Status     int
		Headers    [][2]string
		Body, Raw  string
		BodyBase64 []byte
		Close      bool
	}
	ClientResponse struct {
		StatusLine, Body string
		Headers          [][2]string
	}
}

// recorded reads the cases of a file.
func recorded(t *testing.T, file string) []recording {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "recorded", file+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var all []recording
	for line := range bytes.Lines(text) {
		var r recording
		if err := json.Unmarshal(line, &r); err != nil { //nolint:musttag // the recordings are spelt so
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// client is what the caller sent to the host.
func (r *recording) client(t *testing.T) (request *http.Request, body []byte) {
	t.Helper()
	text := []byte(r.ClientRequest)
	if r.ClientRequestBase64 != nil {
		text = r.ClientRequestBase64
	}
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	if body, err = io.ReadAll(request.Body); err != nil {
		t.Fatal(err)
	}
	return request, body
}

// toHandler is what the host sent to the handler.
func (r *recording) toHandler(t *testing.T) *http.Request {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\n", r.Request.Method, r.Request.Target)
	for _, h := range r.Request.Headers {
		if h[0] != "Transfer-Encoding" { // the recording has the body put together
			fmt.Fprintf(&text, "%s: %s\r\n", h[0], h[1])
		}
	}
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text.String() + "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(r.Request.Body)
	if r.Request.BodyBase64 != nil {
		body = r.Request.BodyBase64
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	return request.WithContext(t.Context())
}

// header is the value of a header of what the host sent to the handler.
func (r *recording) header(name string) string {
	for _, h := range r.Request.Headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// hosted starts an app as the host would; settings are name=value.
func hosted(t *testing.T, triggers []bindings.Trigger, settings ...string) http.Handler {
	t.Helper()
	o := options(t)
	o.Extension.Settings.Port = "1"
	o.Extension.Triggers, o.Extension.Environ = triggers, settings
	o.complete()
	e, err := extension.Initialize(durabletask.New(), o.Extension)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkForgeries(e); err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Stop(context.Background()) })
	ready := newReadyHandler(o.Extension.Logger)
	ready.ready(o.routes(e))
	return ready
}

// forwarding makes the host forward requests.
const forwarding = "AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest=true"

// accepted returns an error if the host would fail the invocation, hang, or change what it is told (custom-handler §4).
func accepted(w *httptest.ResponseRecorder) (*answer, error) {
	kind := w.Header().Get("Content-Type")
	if w.Code != http.StatusOK || !strings.HasPrefix(kind, "application/json") {
		return nil, fmt.Errorf("status %d, content type %q: %s", w.Code, kind, w.Body)
	}
	var a *answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil { //nolint:musttag // the host spells it so
		return nil, err
	}
	if a == nil {
		return nil, errors.New("the host hangs on null")
	}
	for name, value := range a.Outputs {
		if name == "res" {
			continue
		}
		text, ok := value.(string)
		if _, err := base64.StdEncoding.DecodeString(text); !ok || err != nil || text == "" {
			return nil, fmt.Errorf("the output %s is not base64, so that the host may change it: %v", name, value)
		}
	}
	res, ok := a.Outputs["res"].(map[string]any)
	if !ok {
		return a, nil
	}
	if code, ok := res["statusCode"].(float64); !ok || code < 200 || code > 599 || code != float64(int(code)) {
		return nil, fmt.Errorf("status code %v", res["statusCode"])
	}
	if body, ok := res["body"].(string); !ok || len(body) >= 19 && len(body) <= 40 && body[10] == 'T' && body[len(body)-1] != '\n' {
		return nil, fmt.Errorf("body %v", res["body"])
	}
	headers, _ := res["headers"].(map[string]any)
	for name, value := range headers {
		text, ok := value.(string)
		if !ok || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
			return nil, fmt.Errorf("header %s: %v", name, value)
		}
	}
	return a, nil
}

// seen is what an HTTP function was handed.
type seen struct {
	request *http.Request
	body    []byte
	params  map[string]string
	id      string
}

// httpFunctions are those of the recordings. Each keeps what it is handed, and answers by answer.
func httpFunctions(answer http.HandlerFunc, keep *seen, options ...bindings.Option) []bindings.Trigger {
	fn := func(w http.ResponseWriter, r *http.Request, _ *bindings.DurableClient) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		*keep = seen{request: r, body: body, params: map[string]string{}, id: bindings.InvocationID(r.Context())}
		for _, name := range []string{"id", "opt", "*"} {
			if r.PathValue(name) != "" {
				keep.params[name] = bindings.Param(r, name)
			}
		}
		answer(w, r)
	}
	triggers := []bindings.Trigger{
		bindings.HTTP("Route", bindings.Route{Pattern: "orders/{id:int}/{opt?}", Methods: []string{"get", "post"}}, fn, options...),
		bindings.HTTP("Catch", bindings.Route{Pattern: "c/{*rest}"}, fn, options...),
	}
	for _, name := range []string{"Hello", "Ret", "OtherName", "NoOut", "Fn", "Adm", "MiXeD", "bin", "str", "TwoOut", "HttpQ", "BlobIO", "TabIn"} {
		triggers = append(triggers, bindings.HTTP(name, bindings.Route{}, fn, options...))
	}
	return triggers
}

// TestRecordedInvocationsOfHTTPFunctions feeds what the host sent in JSON to functions that see the caller's own request in it, and answer as the recorded
// handler did.
func TestRecordedInvocationsOfHTTPFunctions(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"http-json", "http-variants", "blob-other"} {
		for _, r := range recorded(t, file) {
			if r.ClientRequest == "" && r.ClientRequestBase64 == nil || r.header("Content-Type") != "application/json; charset=utf-8" || !strings.HasPrefix(r.Request.Body, `{"Data"`) {
				continue
			}
			t.Run(file+"/"+r.Case, func(t *testing.T) {
				t.Parallel()
				var got seen
				var says hostAnswer
				h := hosted(t, httpFunctions(says.parse(&r), &got))
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r.toHandler(t))
				if got.request == nil {
					t.Fatalf("the function was not called: %d %s", w.Code, w.Body)
				}
				checkRequest(t, &r, &got)
				says.check(t, w)
			})
		}
	}
}

// checkRequest compares what a function saw with what the caller sent.
func checkRequest(t *testing.T, r *recording, got *seen) {
	t.Helper()
	client, body := r.client(t)
	if got.request.Method != client.Method || got.request.RequestURI != client.RequestURI || got.request.URL.EscapedPath() != client.URL.EscapedPath() ||
		got.request.URL.RawQuery != client.URL.RawQuery || got.request.Host != client.Host {
		t.Errorf("%s %s at %s, want %s %s at %s", got.request.Method, got.request.RequestURI, got.request.Host, client.Method, client.RequestURI, client.Host)
	}
	for name, values := range client.Header {
		if other := got.request.Header.Values(name); !slices.Equal(other, values) && name != "Transfer-Encoding" && name != "X-Latin" {
			t.Errorf("%s: %q, want %q", name, other, values)
		}
	}
	kind := client.Header.Get("Content-Type")
	carried := utf8.Valid(body) || strings.HasPrefix(kind, "application/octet-stream") || strings.HasPrefix(kind, "multipart/")
	if client.TransferEncoding != nil {
		body = nil // the host leaves it out
	}
	if carried && !bytes.Equal(got.body, body) || got.request.ContentLength != int64(len(got.body)) {
		t.Errorf("body %q of %d bytes, want %q", got.body, got.request.ContentLength, body)
	}
	if id := r.header(invocationHeader); got.id != lastOf(id) || got.id == "" {
		t.Errorf("invocation %q, want %q", got.id, id)
	}
}

// hostAnswer is an answer of a recorded handler as far as an http.ResponseWriter can give it.
type hostAnswer struct {
	given bool
	code  int
	body  string
	heads map[string]string
}

// parse reads the recorded answer and returns a function that gives it.
func (a *hostAnswer) parse(r *recording) http.HandlerFunc {
	var from struct {
		Outputs struct {
			Res struct {
				StatusCode any               `json:"statusCode"`
				Body       any               `json:"body"`
				Headers    map[string]string `json:"headers"`
			} `json:"res"`
		}
	}
	a.code = http.StatusOK
	if json.Unmarshal([]byte(r.Answer.Body), &from) == nil { //nolint:musttag // the host spells it so
		a.body, a.given = from.Outputs.Res.Body.(string)
		if code, ok := from.Outputs.Res.StatusCode.(float64); ok && a.given {
			a.code = int(code)
		}
		a.heads = from.Outputs.Res.Headers
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range a.heads {
			w.Header().Set(name, value)
		}
		w.WriteHeader(a.code)
		io.WriteString(w, a.body)
	}
}

// check looks whether the answer to the host is what the function answered, and what the host accepts.
func (a *hostAnswer) check(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	ascii := true
	for _, value := range a.heads {
		ascii = ascii && !strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' })
	}
	if a.code == http.StatusContinue { // an answer can't begin with it, nor be it
		a.code = http.StatusOK
	}
	if a.code < 200 || a.code > 599 || !ascii {
		if w.Code < http.StatusMultipleChoices || !strings.Contains(w.Body.String(), "can't be carried") {
			t.Errorf("what the host spoils is answered with %d %s", w.Code, w.Body)
		}
		return
	}
	got, err := accepted(w)
	if err != nil {
		t.Fatal(err)
	}
	res, _ := got.Outputs["res"].(map[string]any)
	text, _ := res["body"].(string)
	if code, _ := res["statusCode"].(float64); int(code) != a.code || strings.TrimSpace(text) != strings.TrimSpace(a.body) && a.code != http.StatusNoContent {
		t.Errorf("answered %v, want %d %q", res, a.code, a.body)
	}
	headers, _ := res["headers"].(map[string]any)
	for name, want := range a.heads {
		value, _ := headers[http.CanonicalHeaderKey(name)].(string)
		if strings.TrimSpace(value) != want && !slices.Contains([]string{"Content-Length", "Connection", "Date", "Server", "Transfer-Encoding"}, http.CanonicalHeaderKey(name)) {
			t.Errorf("header %s: %q, want %q", name, value, want)
		}
	}
}

// TestRecordedForwardedRequests feeds requests that the host forwarded to functions that answer as the recorded handler did.
func TestRecordedForwardedRequests(t *testing.T) {
	t.Parallel()
	for _, r := range recorded(t, "http-forward") {
		t.Run(r.Case, func(t *testing.T) {
			t.Parallel()
			var got seen
			h := hosted(t, httpFunctions(func(w http.ResponseWriter, _ *http.Request) {
				for _, header := range r.Answer.Headers {
					w.Header().Add(header[0], header[1])
				}
				w.WriteHeader(max(r.Answer.Status, http.StatusOK))
				io.WriteString(w, r.Answer.Body+string(r.Answer.BodyBase64))
			}, &got), forwarding)
			w := httptest.NewRecorder()
			sent := r.toHandler(t)
			h.ServeHTTP(w, sent)
			if r.Request.Target == "/NoOut" || r.Request.Target == "/TwoOut" {
				if w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
					t.Errorf("an app without such a function answers %d", w.Code)
				}
				return
			}
			if got.request == nil {
				t.Fatalf("the function was not called: %d %s", w.Code, w.Body)
			}
			if got.request.Method != r.Request.Method || got.request.RequestURI != r.Request.Target || got.request.Host != sent.Host || got.request.URL.Scheme == "" {
				t.Errorf("%s %s at %s, want %s %s at %s", got.request.Method, got.request.RequestURI, got.request.Host, r.Request.Method, r.Request.Target, sent.Host)
			}
			if want := r.Request.Body + string(r.Request.BodyBase64); string(got.body) != want {
				t.Errorf("body %q, want %q", got.body, want)
			}
			for _, header := range r.Request.Headers {
				hop := slices.Contains(hopByHop, http.CanonicalHeaderKey(header[0]))
				if value := got.request.Header.Get(header[0]); value != header[1] && !hop && header[0] != "Host" || hop && value != "" {
					t.Errorf("%s: %q, want %q", header[0], value, header[1])
				}
			}
			if got.id == "" || strings.Contains(got.id, ",") || !strings.HasSuffix(r.header(invocationHeader), got.id) {
				t.Errorf("invocation %q, want the end of %q", got.id, r.header(invocationHeader))
			}
			if want := r.Answer.Body + string(r.Answer.BodyBase64); r.Answer.Status != 0 && (w.Code != r.Answer.Status || w.Body.String() != want) {
				t.Errorf("answered %d %q, want %d %q", w.Code, w.Body, r.Answer.Status, want)
			}
		})
	}
}

func TestRecordedParameters(t *testing.T) {
	t.Parallel()
	want := map[string]map[string]string{
		"route_params":       {"id": "42", "opt": "x/y z"},
		"catchall":           {"*": "one/two/three/é"},
		"catchall_empty":     {},
		"path_route_params":  {"id": "42", "opt": "x/y z"},
		"path_catchall_enc":  {"*": "one/two/three/é/a b/"},
		"path_catchall_dots": {"*": "a/c"},
		"path_backslash":     {"*": "a/b"},
	}
	for _, file := range []string{"http-json", "http-forward"} {
		for _, r := range recorded(t, file) {
			params, ok := want[r.Case]
			if !ok {
				continue
			}
			var got seen
			var settings []string
			if file == "http-forward" {
				settings = append(settings, forwarding)
			}
			hosted(t, httpFunctions(func(http.ResponseWriter, *http.Request) {}, &got), settings...).ServeHTTP(httptest.NewRecorder(), r.toHandler(t))
			if fmt.Sprint(got.params) != fmt.Sprint(params) {
				t.Errorf("%s: %q, want %q (%s %s)", r.Case, got.params, params, r.Request.Target, r.Request.Body)
			}
		}
	}
}

// TestRecordedMessages feeds invocations of queue functions. Those of which the host made a text are for a raw function, as that of an app
// that wants them so.
func TestRecordedMessages(t *testing.T) {
	t.Parallel()
	for _, r := range recorded(t, "queue") {
		t.Run(r.Case, func(t *testing.T) {
			t.Parallel()
			var got []byte
			var times int
			out := bindings.ToQueue[string]("out", bindings.QueueTarget{Queue: "outq"})
			bin := bindings.Queue("OnBin", bindings.QueueSource{Queue: "binq"}, func(_ context.Context, m *bindings.QueueMessage[[]byte], _ *bindings.DurableClient) error {
				got = m.Body
				if len(m.ID) != 36 || m.DequeueCount != 1 || m.PopReceipt == "" || m.Expires.Sub(m.Inserted).Hours() != 7*24 || !m.NextVisible.After(m.Inserted) {
					t.Errorf("%+v", m)
				}
				return nil
			})
			triggers := []bindings.Trigger{bin}
			for _, name := range []string{"OnKick", "OnFail", "OnOut", "OnOutBin", "OnRet"} {
				triggers = append(triggers, bindings.Raw(name, bindings.Binding{Type: "textTrigger", Name: "msg"},
					func(ctx context.Context, in *bindings.Invocation, _ *bindings.DurableClient) error {
						text, err := in.Text("msg")
						got, times = []byte(text), times+1
						return errors.Join(err, out.Send(ctx, text+"!"))
					}, out))
			}
			w := httptest.NewRecorder()
			hosted(t, triggers).ServeHTTP(w, r.toHandler(t))
			answer, err := accepted(w)
			if err != nil {
				t.Fatal(err)
			}
			want, err := base64.StdEncoding.DecodeString(r.MessageTextOnWire)
			if err != nil {
				t.Fatal(err)
			}
			if r.MessageTextOnWire != "" && !bytes.Equal(got, want) && !bytes.Equal(got, bytes.TrimPrefix(want, []byte("\xef\xbb\xbf"))) {
				t.Errorf("message %q, want %q", got, want)
			}
			if text, ok := answer.Outputs["out"].(string); times > 0 && (!ok || text != base64.StdEncoding.EncodeToString([]byte(string(got)+"!"))) {
				t.Errorf("outputs %v", answer.Outputs)
			}
		})
	}
}

func TestRecordedTimersAndBlobs(t *testing.T) {
	t.Parallel()
	var timers []string
	tick := func(_ context.Context, timer *bindings.TimerInfo, _ *bindings.DurableClient) error {
		last := "none"
		if timer.Status != nil {
			last = timer.Status.Last.Format("15:04:05.0000000")
		}
		timers = append(timers, fmt.Sprint(timer.PastDue, " ", last))
		return nil
	}
	var blob *bindings.BlobContent
	schedule := bindings.Schedule{Cron: "0 * * * * *"}
	h := hosted(t, []bindings.Trigger{
		bindings.Timer("TickMon", schedule, tick), bindings.Timer("TickStart", schedule, tick), bindings.Timer("TickSpan", schedule, tick),
		bindings.Blob("OnBlob", bindings.BlobSource{Path: "inblobs/{folder}/{name}.txt"}, func(_ context.Context, b *bindings.BlobContent, _ *bindings.DurableClient) error {
			blob = b
			return nil
		}),
	})
	for _, r := range append(recorded(t, "timer"), recorded(t, "blob-other")...) {
		if r.Case != "timer_fired" && r.Case != "blob_trigger" {
			continue
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.toHandler(t))
		if _, err := accepted(w); err != nil {
			t.Errorf("%s: %v", r.Case, err)
		}
	}
	if want := "[true 17:47:00.0038073 false 17:46:39.4480653 false none]"; fmt.Sprint(timers) != want {
		t.Errorf("timers %v, want %s", timers, want)
	}
	if blob == nil {
		t.Fatal("no blob")
	}
	if string(blob.Content) != "grüße blob" || blob.Params["folder"] != "f1" || blob.Params["name"] != "a" || !strings.HasSuffix(blob.URI, "/inblobs/f1/a.txt") ||
		blob.Metadata["Foo"] != "bar" || blob.Properties.ContentType != "text/plain" || blob.Properties.Length != 12 || blob.Properties.LastModified.IsZero() {
		t.Errorf("blob %+v", blob)
	}
}
