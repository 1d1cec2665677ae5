package extension_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/extension"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// description is what the tests read of the OpenAPI document.
type description struct {
	OpenAPI string                                `json:"openapi"`
	Paths   map[string]map[string]json.RawMessage `json:"paths"`
	text    []byte
}

// operation is one verb of a path.
type operation struct {
	Parameters []reference         `json:"parameters"`
	Responses  map[string]response `json:"responses"`
	Security   []map[string][]any  `json:"security"`
}

type reference struct {
	Ref string `json:"$ref"`
}

type response struct {
	Ref     string                    `json:"$ref"`
	Content map[string]map[string]any `json:"content"`
}

// verbs are the ones that a path of the document may have.
var verbs = []string{"get", "put", "post", "delete", "options"}

// describe asks the API for its description.
func (h *hub) describe() *description {
	h.t.Helper()
	w := h.get("/openapi.json")
	d := &description{text: w.Body.Bytes()}
	if err := json.Unmarshal(d.text, d); err != nil || w.Code != http.StatusOK || !strings.HasPrefix(d.OpenAPI, "3.1.") {
		h.t.Fatalf("%d %s %v", w.Code, d.OpenAPI, err)
	}
	return d
}

func (d *description) operation(t *testing.T, path, verb string) *operation {
	t.Helper()
	var o operation
	if err := json.Unmarshal(d.Paths[path][verb], &o); err != nil {
		t.Fatalf("%s %s: %v", verb, path, err)
	}
	return &o
}

var inBraces = regexp.MustCompile(`\{(\w+)\}`)

// The document has every endpoint and nothing else, each with the parameters in its path, and says which ones a signature opens.
func TestDescriptionHasEveryEndpoint(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		d := h.describe()
		var described, coded []string
		for path, operations := range d.Paths {
			for verb := range operations {
				if !slices.Contains(verbs, verb) {
					if verb != "parameters" {
						t.Errorf("%s has the verb %s", path, verb)
					}
					continue
				}
				described = append(described, strings.ToUpper(verb)+" "+strings.TrimPrefix(path, "/"))
			}
			var given []reference
			_ = json.Unmarshal(operations["parameters"], &given)
			var names []string
			for _, p := range given {
				names = append(names, strings.TrimPrefix(p.Ref, "#/components/parameters/"))
			}
			var wanted []string
			for _, m := range inBraces.FindAllStringSubmatch(path, -1) {
				wanted = append(wanted, m[1])
			}
			if !slices.Equal(names, wanted) {
				t.Errorf("%s has the parameters %q", path, names)
			}
		}
		for _, e := range extension.Endpoints() {
			methods := []string{e.Method}
			if e.Method == extension.AnyMethod {
				methods = verbs
			}
			for _, m := range methods {
				coded = append(coded, strings.ToUpper(m)+" "+e.Path)
				signed := false
				for _, way := range d.operation(t, "/"+e.Path, strings.ToLower(m)).Security {
					_, has := way["signature"]
					signed = signed || has
				}
				if signed != admissions[e.Method+" "+e.Path].signed {
					t.Errorf("%s %s: signed %v", m, e.Path, signed)
				}
			}
		}
		slices.Sort(described)
		slices.Sort(coded)
		if !slices.Equal(described, coded) {
			t.Errorf("described:\n%s\nin the code:\n%s", strings.Join(described, "\n"), strings.Join(coded, "\n"))
		}
	})
}

// Every schema is one, and every recorded answer (ours, where it differs) is as the document says: status, body or none, schema of the body.
func TestRecordedAnswersFitTheDescription(t *testing.T) {
	t.Parallel()
	var d *description
	start(t, extension.Options{}, func(h *hub) { d = h.describe() })
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", root); err != nil {
		t.Fatal(err)
	}
	schema := func(at string) *jsonschema.Schema {
		s, err := compiler.Compile("openapi.json#" + at)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		return s
	}
	var components struct {
		Components struct {
			Schemas   map[string]any      `json:"schemas"`
			Responses map[string]response `json:"responses"`
		} `json:"components"`
	}
	if err := json.Unmarshal(d.text, &components); err != nil {
		t.Fatal(err)
	}
	for name := range components.Components.Schemas {
		schema("/components/schemas/" + name)
	}
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	fitted := 0
	for _, file := range files {
		for n, x := range read(t, file) {
			path, verb, ok := d.find(x)
			if !ok || x.Step != "" {
				continue
			}
			where := fmt.Sprintf("%s:%d: %s %s: %d", file, n+1, x.Method, x.Path, x.Status)
			at := "/paths/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path) + "/" + verb + "/responses/" + strconv.Itoa(x.Status)
			r, ok := d.operation(t, path, verb).Responses[strconv.Itoa(x.Status)]
			if !ok {
				t.Errorf("%s is not described", where)
				continue
			}
			if name, isRef := strings.CutPrefix(r.Ref, "#/components/responses/"); isRef {
				at, r = "/components/responses/"+name, components.Components.Responses[name]
			}
			if (x.Answer != nil) != (r.Content != nil) {
				t.Errorf("%s: body %s, described as %v", where, x.Answer, r.Content)
				continue
			}
			fitted++
			if x.Answer == nil {
				continue
			}
			answer := strings.ReplaceAll(string(x.Answer), "<time:Z>", "2024-10-23T16:58:46Z")
			if strings.Contains(answer, "ExceptionType") { // stack traces were trimmed away
				answer = strings.Replace(answer, "{", `{"StackTrace":"","ExceptionMessage":"",`, 1)
			}
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(answer))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema(at + "/content/application~1json/schema").Validate(value); err != nil {
				t.Errorf("%s: %v", where, err)
			}
		}
	}
	if fitted < 300 {
		t.Errorf("only %d answers were looked at", fitted)
	}
}

// find returns the path of the document that a recorded request is for; literal paths go before those with parameters.
func (d *description) find(x exchange) (path, verb string, ok bool) {
	verb = strings.ToLower(x.Method)
	asked, _, _ := strings.Cut(x.Path, "?")
	segments := strings.Split(strings.Trim(asked, "/"), "/")
	for candidate := range d.Paths {
		pattern := strings.Split(candidate[1:], "/")
		fits := len(pattern) == len(segments)
		for i := 0; fits && i < len(pattern); i++ {
			fits = segments[i] != "" && (pattern[i][0] == '{' || strings.EqualFold(pattern[i], segments[i]))
		}
		if _, has := d.Paths[candidate][verb]; fits && has && !strings.Contains(asked, "//") && !strings.Contains(strings.ToLower(asked), "%2f") {
			return candidate, verb, true
		}
	}
	return "", "", false
}
