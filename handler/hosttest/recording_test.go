package hosttest

import (
	"bufio"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exchange is a recorded case; testdata/README.md says what is in it.
type rawJSON = json.RawMessage

type exchange struct {
	Case                string
	HostJSON            json.RawMessage `json:"hostJson"`
	Functions           map[string]json.RawMessage
	ExtraEnv, Env       json.RawMessage
	ClientRequest       string
	ClientRequestBase64 []byte
	ClientResponse      *recordedResponse
	Handler             []recordedEvent

	Queue, MessageTextOnWire string
	OutputQueue              []string `json:"outputQueueMessagesOnWire"`
	Poison                   []string

	Function string
	Request  *recordedRequest

	Status  any
	Content []byte `json:"contentBase64"`

	Setup struct {
		HostJSON  json.RawMessage `json:"hostJson"`
		Functions map[string]json.RawMessage
		ExtraEnv  map[string]string
		Stdout    []string
		Stderr    []string
	}
	Log  []struct{ Level, Category, Message string }
	Argv []string
	Cwd  string
}

type recordedEvent struct {
	Request *recordedRequest
	Answer  *script
}

type recordedRequest struct {
	Method, Target string
	Headers        [][2]string
	Body           string
	BodyBase64     []byte
}

type recordedResponse struct {
	StatusLine string
	Headers    [][2]string
	Body       string
	BodyBase64 []byte
	BodyLength int
	ChunkSizes []any
}

// recordings reads the cases of a file.
func recordings(t *testing.T, name string) []*exchange {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []*exchange
	for d := json.NewDecoder(bufio.NewReader(z)); ; {
		e := &exchange{}
		if err := d.Decode(e); errors.Is(err, io.EOF) { //nolint:musttag // names count without regard to case
			return all
		} else if err != nil {
			t.Fatal(name, err)
		}
		all = append(all, e)
	}
}

// answers are what the recorded program answered, in order.
func (e *exchange) answers() []*script {
	var all []*script
	for _, v := range e.Handler {
		if v.Answer != nil {
			all = append(all, v.Answer)
		}
	}
	return all
}

// requests are what the recorded program got, as text.
func (e *exchange) requests() []string {
	var all []string
	for _, v := range e.Handler {
		if v.Request != nil {
			all = append(all, v.Request.String())
		}
	}
	return all
}

func (r *recordedRequest) String() string {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.Target + "\n")
	for _, h := range r.Headers {
		b.WriteString(h[0] + ": " + h[1] + "\n")
	}
	body := r.Body
	if r.BodyBase64 != nil {
		body = base64.StdEncoding.EncodeToString(r.BodyBase64)
	}
	b.WriteString("\n" + body)
	return normal(b.String())
}

// What differs from run to run.
var variable = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "GUID"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`"UtcNow":"[^"]+"`), `"UtcNow":"NOW"`},
	{regexp.MustCompile(`(Date: ).*`), "${1}DATE"},
	{regexp.MustCompile(`00-[0-9a-f]{32}-[0-9a-f]{16}-`), "00-TRACE-"},
	// Only of queue messages: when they came, how long they live, and their receipts.
	{regexp.MustCompile(`"(ExpirationTime|InsertionTime|NextVisibleTime|Created|LastModified|BlobTierLastModifiedTime)":"20[^"]+\+00:00"`), `"$1":"TIME"`},
	{regexp.MustCompile(`"(ETag|PopReceipt)":"\\"[^"]*\\""`), `"$1":"RECEIPT"`},
	{regexp.MustCompile(`http://127\.0\.0\.1:PORT/devstoreaccount1`), "http://ACCOUNT"},
}

// normal replaces what differs from run to run.
func normal(s string) string {
	for _, v := range variable {
		s = v.re.ReplaceAllString(s, v.with)
	}
	if strings.Contains(s, `"UtcNow":"NOW"`) { // how many digits it has differs
		s = length.ReplaceAllString(s, "Content-Length: N")
	}
	return s
}

var length = regexp.MustCompile(`(?m)^Content-Length: \d+`)

// folder writes an app folder.
func folder(t *testing.T, hostJSON json.RawMessage, functions map[string]json.RawMessage) string {
	t.Helper()
	root := t.TempDir()
	if hostJSON == nil {
		hostJSON = json.RawMessage(`{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"node"}}}`)
	}
	write(t, filepath.Join(root, "host.json"), hostJSON)
	for name, content := range functions {
		if strings.HasPrefix(string(content), "[") {
			content = json.RawMessage(`{"bindings":` + string(content) + `}`)
		}
		write(t, filepath.Join(root, name, "function.json"), content)
	}
	return root
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
