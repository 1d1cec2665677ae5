package wire

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recording is a line of a file in testdata.
type recording struct {
	From string          `json:"from"`
	Body json.RawMessage `json:"body"`
}

// text returns a body that is text.
func (r recording) text(tb testing.TB) string {
	tb.Helper()
	var s string
	if err := json.Unmarshal(r.Body, &s); err != nil {
		tb.Fatalf("%s: %v", r.From, err)
	}
	return s
}

func recordings(tb testing.TB, kind string) []recording {
	tb.Helper()
	f, err := os.Open("testdata/" + kind + ".jsonl.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var found []recording
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			tb.Fatal(err)
		}
		found = append(found, r)
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return found
}

// tally counts what was read of each kind.
type tally map[string]int

// is fails if the recordings that were read are not those that there are.
func (n tally) is(t *testing.T, want tally) {
	t.Helper()
	if diff := cmp.Diff(want, n); diff != "" {
		t.Errorf("recordings read (-there are +were read):\n%s", diff)
	}
}

// object is a JSON object with the order of its members. Its members are objects, slices, strings, json.Numbers,
// booleans and nil.
type object []struct {
	Name  string
	Value any
}

// parse reads JSON with encoding/json, so that the tests don't trust the package's own reader.
func parse(tb testing.TB, data []byte) any {
	tb.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	v, err := parseNext(d)
	if err != nil {
		tb.Fatalf("%.200s: %v", data, err)
	}
	return v
}

func parseNext(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		var o object
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := parseNext(d)
			if err != nil {
				return nil, err
			}
			o = append(o, object{{name.(string), value}}...)
		}
		_, err := d.Token()
		return o, err
	case json.Delim('['):
		a := []any{}
		for d.More() {
			value, err := parseNext(d)
			if err != nil {
				return nil, err
			}
			a = append(a, value)
		}
		_, err := d.Token()
		return a, err
	}
	return token, nil
}

// without returns the object without the members that drop names.
func (o object) without(drop func(name string, value any) bool) object {
	var kept object
	for _, m := range o {
		if !drop(m.Name, m.Value) {
			if inner, ok := m.Value.(object); ok {
				m.Value = inner.without(drop)
			}
			kept = append(kept, m)
		}
	}
	return kept
}

// sorted returns the object with its members in the order of their names: equal as a value.
func (o object) sorted() object {
	o = slices.Clone(o)
	slices.SortFunc(o, func(a, b struct {
		Name  string
		Value any
	},
	) int {
		return strings.Compare(a.Name, b.Name)
	})
	return o
}

// withSortedTags returns the object with its tags in the order of their names, which no reader looks at.
func (o object) withSortedTags() object {
	o = slices.Clone(o)
	for i, m := range o {
		if inner, ok := m.Value.(object); ok {
			o[i].Value = inner.withSortedTags()
			if strings.HasSuffix(m.Name, "Tags") {
				o[i].Value = inner.sorted()
			}
		}
	}
	return o
}

// same fails if two values that were parsed differ.
func same(t *testing.T, from string, want, got any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s: (-recorded +encoded)\n%s", from, cmp.Diff(want, got))
	}
}

func (o object) get(name string) any {
	for _, m := range o {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}
