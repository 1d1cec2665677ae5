package hosttest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// function is a folder of the app with a function.json.
type function struct {
	name     string
	bindings []binding
	retry    *retryPolicy
	script   string // scriptFile
	route    *route // of an HTTP function
	errors   []string
}

// binding is an entry of function.json.
type binding struct {
	kind, direction, name string
	properties            map[string]any
}

// retryPolicy is the member retry of function.json.
type retryPolicy struct {
	Strategy        string `json:"strategy"`
	MaxRetryCount   int    `json:"maxRetryCount"`
	DelayInterval   string `json:"delayInterval"`
	MinimumInterval string `json:"minimumInterval"`
	MaximumInterval string `json:"maximumInterval"`
}

// property is a text among a binding's properties, in any case of its name.
func (b *binding) property(name string) string {
	if v := lookup(b.properties, name); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

func (b *binding) trigger() bool { return strings.HasSuffix(strings.ToLower(b.kind), "trigger") }
func (b *binding) out() bool     { return strings.EqualFold(b.direction, "out") }
func (b *binding) is(kind string) bool {
	return strings.EqualFold(b.kind, kind)
}
func (b *binding) binary() bool { return strings.EqualFold(b.property("dataType"), "binary") }

// trigger is the binding that calls the function.
func (f *function) trigger() *binding {
	for i := range f.bindings {
		if f.bindings[i].trigger() {
			return &f.bindings[i]
		}
	}
	return nil
}

// httpOutput is the output that answers callers: of several the last wins.
func (f *function) httpOutput() *binding {
	for i := range slices.Backward(f.bindings) {
		if b := &f.bindings[i]; b.out() && b.is("http") {
			return b
		}
	}
	return nil
}

// httpOnly reports whether the function is HTTP in and out, and nothing else: only such functions are forwarded or proxied.
func (f *function) httpOnly() bool {
	in := slices.IndexFunc(f.bindings, func(b binding) bool { return !b.out() })
	out := slices.IndexFunc(f.bindings, func(b binding) bool { return b.out() })
	return len(f.bindings) == 2 && in >= 0 && out >= 0 && f.bindings[in].is("httpTrigger") && f.bindings[out].is("http")
}

// readFunctions reads the functions of an app, by name.
func readFunctions(root string, c *hostJSON, settings map[string]string) ([]*function, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("read the app: %w", err)
	}
	allowed := c.list("functions")
	var all []*function
	for _, e := range entries {
		file := filepath.Join(root, e.Name(), "function.json")
		data, err := os.ReadFile(file)
		if err != nil || len(allowed) > 0 && !slices.Contains(allowed, e.Name()) {
			continue
		}
		f := &function{name: e.Name()}
		f.read(data, settings)
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *function) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return all, nil
}

// read fills the function in from its function.json.
func (f *function) read(data []byte, settings map[string]string) {
	var content struct {
		Bindings   []map[string]any `json:"bindings"`
		Retry      *retryPolicy     `json:"retry"`
		ScriptFile string           `json:"scriptFile"`
	}
	if err := json.Unmarshal(data, &content); err != nil {
		f.faultf("%v", err)
		return
	}
	f.retry, f.script = content.Retry, content.ScriptFile
	for _, properties := range content.Bindings {
		b := binding{properties: properties}
		for name, v := range properties {
			s, ok := v.(string)
			if !ok || strings.EqualFold(name, "route") { // the host leaves %NAME% in routes as it is
				continue
			}
			s = expandSettings(s, settings)
			if left := percent.FindString(s); left != "" {
				f.faultf("%s does not resolve to a value.", left)
			}
			properties[name] = s
		}
		b.kind, b.direction, b.name = b.property("type"), b.property("direction"), b.property("name")
		if b.direction == "" {
			b.direction = "in"
		}
		f.bindings = append(f.bindings, b)
	}
}

// faultf notes an error of the function, in the host's words.
func (f *function) faultf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}
