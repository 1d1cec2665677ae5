package hosttest

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// scriptedHost starts a double whose program is a script.
func scriptedHost(t *testing.T, o Options) (*Host, *scripted) {
	t.Helper()
	s := &scripted{}
	o.launch, o.PlayOut, o.NoLiveness = s.launch, true, true
	return Start(t, o), s
}

// exchangeRaw sends a request as it was recorded and reads the answer as it is on the wire.
func exchangeRaw(t *testing.T, h *Host, e *exchange) string {
	t.Helper()
	c, err := net.Dial("tcp4", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw := []byte(e.ClientRequest)
	if e.ClientRequestBase64 != nil {
		raw = e.ClientRequestBase64
	}
	if _, err := c.Write(raw); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(string(raw), " ")
	r := bufio.NewReader(c)
	line, fields, err := readHead(r)
	for err == nil && strings.HasPrefix(line, "HTTP/1.1 100") {
		line, fields, err = readHead(r)
	}
	if err != nil {
		t.Fatalf("%s: %v", e.Case, err)
	}
	out := line + "\n"
	for _, f := range fields {
		out += f.name + ": " + f.value + "\n"
	}
	var body io.Reader = r
	switch _, sized := fields.get("Content-Length"); {
	case method == http.MethodHead, strings.Contains(line, " 204 "), strings.Contains(line, " 500 Reset"):
		body = http.NoBody
	case fields.has("Transfer-Encoding", "chunked") && e.Case != "answer_res_headers_te":
		body = chunks(r)
	case !sized:
	case strings.Contains(line, " 304 "):
		body = http.NoBody
	default:
		var n int64
		fmt.Sscan(fields.first("Content-Length"), &n)
		body = exactly(r, n)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("%s: %v", e.Case, err)
	}
	return normal(out + "\n" + printable(content))
}

func printable(content []byte) string {
	if len(content) > 100_000 {
		return fmt.Sprintf("%d bytes", len(content))
	}
	if utf8.Valid(content) && !slices.Contains(content, 0) {
		return string(content)
	}
	return base64.StdEncoding.EncodeToString(content)
}

// String is the recorded answer in the form of exchangeRaw.
func (r *recordedResponse) String() string {
	out := r.StatusLine + "\n"
	for _, f := range r.Headers {
		out += f[0] + ": " + f[1] + "\n"
	}
	body := []byte(r.Body)
	if r.BodyBase64 != nil {
		body = r.BodyBase64
	}
	if r.BodyLength > 0 {
		return normal(out + fmt.Sprintf("\n%d bytes", r.BodyLength))
	}
	return normal(out + "\n" + printable(body))
}

// compare fails for the first line in which two texts differ.
func compare(t *testing.T, name, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(nothing)", "(nothing)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			t.Errorf("%s: %s, line %d:\n got %.2000s\nwant %.2000s", name, what, i+1, x, y)
			return
		}
	}
}

// compareRequests compares what the program got with what it got when it was recorded.
func compareRequests(t *testing.T, e *exchange, got []string) {
	t.Helper()
	want := e.requests()
	if len(got) != len(want) {
		t.Errorf("%s: the program got %d requests, not %d:\n%s", e.Case, len(got), len(want), strings.Join(got, "\n----\n"))
		return
	}
	for i := range got {
		compare(t, e.Case, "request to the program", got[i], want[i])
	}
}

// replayHTTP plays the cases of one app.
func replayHTTP(t *testing.T, h *Host, s *scripted, cases []*exchange) {
	t.Helper()
	for _, e := range cases {
		s.play(e.answers())
		got := exchangeRaw(t, h, e)
		compare(t, e.Case, "answer to the client", got, e.ClientResponse.String())
		compareRequests(t, e, s.seen())
	}
}

// byApp cuts recordings at the cases that set an app up.
func byApp(all []*exchange) [][]*exchange {
	var out [][]*exchange
	for _, e := range all {
		if strings.HasPrefix(e.Case, "_setup") {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], e)
	}
	return out
}

func TestRecordedHTTP(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"http-json", "http-forward", "http-variants"} {
		for _, cases := range byApp(recordings(t, name)) {
			t.Run(name+strings.TrimPrefix(cases[0].Case, "_setup"), func(t *testing.T) {
				t.Parallel()
				setup := cases[0]
				settings := map[string]string{}
				if setup.ExtraEnv != nil {
					if err := json.Unmarshal(setup.ExtraEnv, &settings); err != nil {
						t.Fatal(err)
					}
				}
				functions := setup.Functions
				if functions == nil {
					functions = map[string]json.RawMessage{"Hello": json.RawMessage(`[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous",` +
						`"route":"other/route"},{"type":"http","direction":"out","name":"res"}]`)}
				}
				_, trace := settings["APPLICATIONINSIGHTS_CONNECTION_STRING"]
				o := Options{App: folder(t, setup.HostJSON, functions), Settings: settings, Trace: trace}
				var azure, tools []*exchange
				for _, e := range cases[1:] {
					if strings.Contains(e.Case, "coretools") {
						tools = append(tools, e)
					} else {
						azure = append(azure, e)
					}
				}
				h, s := scriptedHost(t, o)
				replayHTTP(t, h, s, azure)
				if len(tools) > 0 {
					o.Settings = map[string]string{settingCoreTools: "true"}
					h, s := scriptedHost(t, o)
					replayHTTP(t, h, s, tools)
				}
			})
		}
	}
}
