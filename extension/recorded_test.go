package extension_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/extension"
	"github.com/google/go-cmp/cmp"
)

// exchange is a request and what the extension (3.14.1) answered, trimmed; testdata/README.md says how.
type exchange struct {
	Note          string            `json:"note"`
	Method        string            `json:"method"`
	Path          string            `json:"path"`
	Headers       map[string]string `json:"headers"`
	Body          string            `json:"body"`
	Status        int               `json:"status"`
	AnswerHeaders map[string]string `json:"answerHeaders"`
	Answer        json.RawMessage   `json:"answer"`
	Differs       string            `json:"differs"` // why the answer is not the recorded one
	Wait          int               `json:"wait"`    // seconds to let pass before
	Step          string            `json:"step"`    // why this request was none of the recorded ones: it is made, and not looked at
}

// TestRecorded asks what was asked of the extension, and compares the answers.
func TestRecorded(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) != len(recordings) {
		t.Fatalf("%d files of recordings, want %d: %v", len(files), len(recordings), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exchanges, recording := read(t, file), recordings[name]
			start(t, extension.Options{Key: "TESTKEY==", Environ: recording.settings}, func(h *hub) {
				for i, x := range exchanges {
					if i == recording.empty {
						recording.prepare(h)
					}
					h.pass(time.Duration(x.Wait) * time.Second)
					h.compare(i+1, x)
				}
			})
		})
	}
}

func read(t *testing.T, file string) []exchange {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	for line := range bytes.Lines(text) {
		var x exchange
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, x)
	}
	return all
}

func (h *hub) compare(line int, x exchange) {
	h.t.Helper()
	path := strings.NewReplacer("<hub-lower>", "recordedhub", "<hub>", "RecordedHub").Replace(x.Path)
	headers := map[string]string{"X-Functions-Key": "TESTKEY=="} // keys are the host's business, and the recordings have no host
	for name, value := range x.Headers {
		headers[name] = strings.ReplaceAll(value, "<token>", h.token)
	}
	w := h.ask(x.Method, path, headers, x.Body)
	h.token = w.Header().Get("X-Ms-Continuation-Token")
	if x.Step != "" {
		return
	}
	got := strings.Join([]string{x.Method, x.Path, x.Note}, " ")
	if w.Code != x.Status {
		h.t.Errorf("line %d: %s\nstatus %d, want %d; %s", line, got, w.Code, x.Status, w.Body)
		return
	}
	if diff := cmp.Diff(orEmpty(x.AnswerHeaders), shown(w)); diff != "" {
		h.t.Errorf("line %d: %s\nheaders (-recorded +ours):\n%s", line, got, diff)
	}
	if x.Answer == nil {
		if w.Body.Len() > 0 {
			h.t.Errorf("line %d: %s\nbody %s, want none", line, got, w.Body)
		}
		return
	}
	if diff := cmp.Diff(tree(h.t, string(x.Answer), nil), tree(h.t, normalize(w.Body.String()), tree(h.t, string(x.Answer), nil))); diff != "" {
		h.t.Errorf("line %d: %s\nbody (-recorded +ours):\n%s", line, got, diff)
	}
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// shown are the headers that the recordings kept.
func shown(w *httptest.ResponseRecorder) map[string]string {
	found := make(map[string]string)
	for _, name := range []string{"Content-Type", "Location", "Retry-After"} {
		if value := w.Header().Get(name); value != "" {
			found[name] = normalize(value)
		}
	}
	return found
}

// places are what differs from run to run, and how the recordings write it.
var places = []struct {
	found *regexp.Regexp
	name  string
}{
	{regexp.MustCompile(`http://example\.com/runtime/webhooks/durabletask`), "<base>"},
	{regexp.MustCompile(`(http://example\.org:99)/runtime/webhooks/durabletask`), "$1<path>"},
	{regexp.MustCompile(`TESTKEY%3D%3D`), "<key>"},
	{regexp.MustCompile(`RecordedHub`), "<hub>"},
	{regexp.MustCompile(`recordedhub`), "<hub-lower>"},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "<id32>"},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "<guid5>"},
	{regexp.MustCompile(`(lastOperationTime":\s*)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z"`), `$1"<time:f:Z>"`},
	{regexp.MustCompile(`(Timestamp|FireAt|ScheduledTime)(":\s*)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z"`), `$1$2"<time:f:Z>"`},
	{regexp.MustCompile(`(Time":\s*)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`), `$1"<time:Z>"`},
	{regexp.MustCompile(`known orchestrator functions: [^"]*`), "known orchestrator functions: …"},
}

func normalize(s string) string {
	for _, p := range places {
		s = p.found.ReplaceAllString(s, p.name)
	}
	return s
}

// tree decodes JSON. What the recorded answer doesn't tell, or can't know, is left out: the words of a parser, a failure's details
// (the recorded functions propagate none).
func tree(t *testing.T, text string, recorded any) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(normalize(text)), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return reduce(v, recorded)
}

func reduce(v, recorded any) any {
	switch v := v.(type) {
	case map[string]any:
		r, _ := recorded.(map[string]any)
		for key := range v {
			v[key] = reduce(v[key], r[key])
		}
		delete(v, "StackTrace")
		if r == nil || r["ExceptionMessage"] == nil || v["ExceptionType"] == "Newtonsoft.Json.JsonReaderException" {
			if _, isError := v["ExceptionType"]; isError && (recorded != nil || v["ExceptionType"] == "Newtonsoft.Json.JsonReaderException") {
				delete(v, "ExceptionMessage")
			}
		}
		for _, detail := range []string{"FailureDetails", "Details"} {
			if _, ok := v[detail]; ok {
				v[detail] = nil
			}
		}
	case []any:
		r, _ := recorded.([]any)
		for i := range v {
			if i < len(r) {
				v[i] = reduce(v[i], r[i])
			} else {
				v[i] = reduce(v[i], nil)
			}
		}
	}
	return v
}
