package extension_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
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
}

// TestRecorded asks what was asked of the extension, and compares the answers.
func TestRecorded(t *testing.T) {
	t.Parallel()
	prepare := map[string]func(h *hub){
		"http-start": func(h *hub) {
			h.begin("WaitEvent", "dup", "1")
			h.begin("Echo", "dupc", "1")
		},
		"entities": func(*hub) {},
		"http-status": func(h *hub) {
			h.four()
			h.pending("pend", "1")
			for id := range strings.FieldsSeq("tr1 tr2 tr3 tr4 tr5 tr6 tr7 tr8") {
				h.begin("WaitEvent", id, "1")
			}
			h.begin("Timer", "ti1", "1")
			time.Sleep(2 * time.Second)
			h.begin("Slow", "sl1", "20")
		},
		"http-list": func(h *hub) {
			h.four()
			for n := range strings.FieldsSeq("0 1 2 3 4") {
				h.begin("Echo", "p-"+n, n)
			}
		},
		"http-control": func(h *hub) {
			h.four()
			for id := range strings.FieldsSeq("k1 k2 k3") {
				h.begin("WaitEvent", id, "1")
			}
		},
		"http-paths": func(h *hub) {
			for _, id := range []string{"a b", "a+b", "a%b", "a%20b", "a&b=c", "ü😀", "A", "a", "x;y", "x,y", "x:y", "(x)", " lead", "trail ", "a.b", "~t"} {
				h.begin("Echo", id, `"`+id+`"`)
			}
		},
	}
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) != len(prepare) {
		t.Fatalf("%d files of recordings, want %d: %v", len(files), len(prepare), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exchanges := read(t, file)
			start(t, extension.Options{Key: "TESTKEY=="}, func(h *hub) {
				prepare[name](h)
				for i, x := range exchanges {
					time.Sleep(time.Duration(x.Wait) * time.Second)
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

// four are the instances that most recordings begin with.
func (h *hub) four() {
	h.begin("Echo", "done", `{"a":1}`)
	h.begin("FailOrch", "failed", `"x"`)
	h.begin("WaitEvent", "run", "[1,2]")
	h.begin("WaitEvent", "term", "1")
	reason := "stopped"
	if err := h.Client().Terminate(h.t.Context(), "term", &reason); err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
}

// pending makes an instance that does not start before long.
func (h *hub) pending(id, input string) {
	h.t.Helper()
	generation := 0
	event := &history.ExecutionStarted{
		Header: history.Header{ID: history.NoID, Time: time.Now().UTC(), ActivityID: "pending"}, Instance: history.Instance{ID: id, ExecutionID: "e"},
		Name: "WaitEvent", Input: &input, Generation: &generation, ScheduledStart: time.Now().UTC().Add(time.Hour),
	}
	if err := h.backend.Create(h.t.Context(), backend.Creation{Start: history.Message{Target: event.Instance, Event: event}}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) compare(line int, x exchange) {
	h.t.Helper()
	path := strings.NewReplacer("<hub-lower>", "recordedhub", "<hub>", "RecordedHub").Replace(x.Path)
	headers := map[string]string{"X-Functions-Key": "TESTKEY=="} // keys are the host's business, and the recordings have no host
	maps.Copy(headers, x.Headers)
	w := h.ask(x.Method, path, headers, x.Body)
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
	{regexp.MustCompile(`(lastOperationTime":\s*)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z"`), `$1"<time:f:Z>"`},
	{regexp.MustCompile(`(Time":\s*)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`), `$1"<time:Z>"`},
	{regexp.MustCompile(`(Timestamp|FireAt|ScheduledTime)(":\s*)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z"`), `$1$2"<time:f:Z>"`},
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
		if _, ok := v["FailureDetails"]; ok {
			v["FailureDetails"] = nil
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
