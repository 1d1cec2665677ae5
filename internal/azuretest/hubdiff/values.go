package hubdiff

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// values compares two texts.
func (c *comparison) values(recorded, ours string) Kind {
	if c.ids.alike(recorded, ours) {
		c.ids.bind(recorded, ours)
		return Same
	}
	a, ok := parse(recorded)
	if !ok {
		return Value
	}
	b, ok := parse(ours)
	if !ok {
		return Value
	}
	if kind := c.trees(a, b); kind != Same {
		return kind
	}
	return Spelling
}

// parse reads a text that is JSON.
func parse(text string) (any, bool) {
	if !json.Valid([]byte(text)) {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // as a float, a long number would be like its neighbours
	var v any
	err := d.Decode(&v)
	return v, err == nil
}

// trees compares parsed JSON. Texts in it may be JSON again.
func (c *comparison) trees(a, b any) Kind {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return Value
		}
		return c.objects(x, y)
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return Value
		}
		kind := Same
		for i := range x {
			kind = worse(kind, c.trees(x[i], y[i]))
		}
		return kind
	case string:
		y, ok := b.(string)
		if !ok {
			return Value
		}
		if kind := c.values(x, y); kind != Spelling {
			return kind
		}
		return Same // the whole is spelt otherwise
	case json.Number:
		if y, ok := b.(json.Number); ok && sameNumber(x, y) {
			return Same
		}
		return Value
	default:
		if a == b {
			return Same
		}
		return Value
	}
}

// typeName is the member in which .NET notes the type of an object.
const typeName = "$type"

func (c *comparison) objects(a, b map[string]any) Kind {
	kind := Same
	if _, in := a[typeName]; in != (b[typeName] != nil) {
		kind = Annotation
	}
	for _, name := range union(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))) {
		if name == typeName {
			continue
		}
		x, inA := a[name]
		y, inB := b[name]
		if !inA || !inB {
			return Value
		}
		kind = worse(kind, c.trees(x, y))
	}
	return kind
}

// worse returns the kind of the two that says more.
func worse(a, b Kind) Kind {
	switch {
	case a == Value || b == Value:
		return Value
	case a == Annotation || b == Annotation:
		return Annotation
	default:
		return Same
	}
}

func sameNumber(a, b json.Number) bool {
	x, errX := a.Float64()
	y, errY := b.Float64()
	return a == b || errX == nil && errY == nil && x == y
}
