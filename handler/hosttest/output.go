package hosttest

import (
	"errors"
	"fmt"
	"strings"
)

// What the host writes through output bindings, other than HTTP.

var errDate = errors.New("can't bind a date to a blob")

// writeOutputs writes the outputs of an invocation that succeeded. expand replaces {name} in paths.
func (h *Host) writeOutputs(f *function, a *answer, expand func(string) string) error {
	for i := range f.bindings {
		b := &f.bindings[i]
		if !b.out() || b.is("http") {
			continue
		}
		v := a.output(b.name)
		if b.name == "$return" {
			v = a.result
		}
		if v.absent() {
			continue
		}
		switch {
		case b.is("queue"):
			for _, content := range messagesOf(v, b.binary()) {
				h.storage.put(expand(b.property("queueName")), h.app().encode(content))
			}
		case b.is("blob"):
			content, err := blobOf(v, b.binary())
			if err != nil {
				return fmt.Errorf("output %q: %w", b.name, err)
			}
			h.storage.PutBlob(expand(b.property("path")), content)
		case b.is("table"):
			h.storage.addRow(expand(b.property("tableName")), rowOf(v))
		default:
			h.storage.note(b.kind+"/"+b.name, v.String())
		}
	}
	return nil
}

// messagesOf is what a value becomes on a queue: an array is several messages, an object is pretty-printed, and a text that decodes as base64 is
// decoded, unless the binding is binary.
func messagesOf(v *value, binary bool) [][]byte {
	switch v.kind {
	case kindString:
		if data, ok := guessBase64(v.text); ok && !binary {
			if len(data) == 0 {
				return nil
			}
			return [][]byte{data}
		}
		if inner, ok := jsonArray(v.text); ok {
			return messagesOf(inner, binary)
		}
		if inner, ok := jsonObject(v.text); ok {
			return messagesOf(inner, binary)
		}
		if v.text == "" {
			return nil
		}
	case kindArray:
		var out [][]byte
		for _, item := range v.items {
			if !item.absent() {
				out = append(out, []byte(item.plain()))
			}
		}
		return out
	case kindNull, kindBool, kindNumber, kindObject:
	}
	return [][]byte{[]byte(v.plain())}
}

// blobOf is what a value becomes in a blob.
func blobOf(v *value, binary bool) ([]byte, error) {
	switch v.kind {
	case kindString:
		if data, ok := guessBase64(v.text); ok && !binary {
			return data, nil
		}
		if _, date := cultureDate(v.text); date {
			return nil, errDate
		}
		return []byte(v.text), nil
	case kindObject, kindArray:
		return []byte(v.String()), nil
	case kindNull, kindBool, kindNumber:
	}
	return []byte(v.plain()), nil
}

func rowOf(v *value) string {
	if v.kind == kindString {
		if inner, ok := jsonObject(v.text); ok {
			return inner.String()
		}
	}
	return v.String()
}

// expander replaces {name} and {query.name} in the paths of bindings by the binding data.
func (p *payload) expander(call *httpCall) func(string) string {
	var pairs []string
	for _, m := range p.metadata.members {
		if m.value.kind != kindString {
			continue
		}
		s := m.value.text
		if inner, err := parseWhole(s); err == nil && inner.kind == kindString {
			s = inner.text
		}
		pairs = append(pairs, "{"+m.name+"}", s)
	}
	if call != nil {
		for _, q := range parseQuery(call.query) {
			pairs = append(pairs, "{query."+q.name+"}", q.value)
		}
	}
	return strings.NewReplacer(pairs...).Replace
}
