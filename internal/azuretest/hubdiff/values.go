package hubdiff

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
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
	if !ok || !c.trees(a, b) {
		return Value
	}
	return Spelling
}

// parse reads JSON that is an object or a list.
func parse(text string) (any, bool) {
	if text == "" || text[0] != '{' && text[0] != '[' {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err == nil
}

// trees compares parsed JSON. Texts in it may be JSON again.
func (c *comparison) trees(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for _, name := range slices.Sorted(maps.Keys(x)) {
			other, ok := y[name]
			if !ok || !c.trees(x[name], other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !c.trees(x[i], y[i]) {
				return false
			}
		}
		return true
	case string:
		y, ok := b.(string)
		return ok && c.values(x, y) != Value
	case json.Number:
		y, ok := b.(json.Number)
		return ok && sameNumber(x, y)
	default:
		return a == b
	}
}

func sameNumber(a, b json.Number) bool {
	x, errX := a.Float64()
	y, errY := b.Float64()
	return a == b || errX == nil && errY == nil && x == y
}
