package hosttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value is a JSON value whose members keep their order.
type value struct {
	kind    kind
	text    string // of a string, a number, a boolean
	members []member
	items   []*value
}

type member struct {
	name  string
	value *value
}

type kind int

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindObject
	kindArray
)

var errJSON = errors.New("this is not JSON")

func text(s string) *value                 { return &value{kind: kindString, text: s} }
func number(n int) *value                  { return &value{kind: kindNumber, text: strconv.Itoa(n)} }
func object(members ...member) *value      { return &value{kind: kindObject, members: members} }
func null() *value                         { return &value{} }
func boolean(b bool) *value                { return &value{kind: kindBool, text: strconv.FormatBool(b)} }
func (v *value) is(k kind) bool            { return v != nil && v.kind == k }
func (v *value) absent() bool              { return v == nil || v.kind == kindNull }
func (v *value) put(name string, m *value) { v.members = append(v.members, member{name, m}) }

// member returns a member by its exact name; nil if there is none.
func (v *value) member(name string) *value {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// memberFold returns a member by its name in any case.
func (v *value) memberFold(name string) *value {
	for _, m := range v.members {
		if strings.EqualFold(m.name, name) {
			return m.value
		}
	}
	return nil
}

// parseJSON reads the first JSON value of a text, as the host's parser does: a byte order mark before it and whatever is behind it are passed
// over, and of members with the same name the last wins.
func parseJSON(data []byte) (*value, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	d.UseNumber()
	v, err := readValue(d)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errJSON, err)
	}
	return v, nil
}

// parseWhole is parseJSON for a text that must be one value.
func parseWhole(data string) (*value, error) {
	d := json.NewDecoder(strings.NewReader(data))
	d.UseNumber()
	v, err := readValue(d)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errJSON, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return v, nil
}

func readValue(d *json.Decoder) (*value, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err //nolint:wrapcheck // parseJSON says what it means
	}
	switch t := t.(type) {
	case nil:
		return null(), nil
	case bool:
		return boolean(t), nil
	case json.Number:
		return &value{kind: kindNumber, text: t.String()}, nil
	case string:
		return text(t), nil
	}
	if t == json.Delim('[') {
		v := &value{kind: kindArray}
		for d.More() {
			item, err := readValue(d)
			if err != nil {
				return nil, err
			}
			v.items = append(v.items, item)
		}
		_, err := d.Token()
		return v, err //nolint:wrapcheck // parseJSON says what it means
	}
	v := object()
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err //nolint:wrapcheck // parseJSON says what it means
		}
		m, err := readValue(d)
		if err != nil {
			return nil, err
		}
		v.replace(name.(string), m)
	}
	_, err = d.Token()
	return v, err //nolint:wrapcheck // parseJSON says what it means
}

// replace sets a member by its exact name.
func (v *value) replace(name string, m *value) {
	for i := range v.members {
		if v.members[i].name == name {
			v.members[i].value = m
			return
		}
	}
	v.put(name, m)
}

// String is the value without white space.
func (v *value) String() string {
	var b strings.Builder
	v.write(&b, "", "")
	return b.String()
}

// indented is the value as the host pretty-prints it.
func (v *value) indented() string {
	var b strings.Builder
	v.write(&b, "\n", "  ")
	return b.String()
}

// write writes the value. line is what begins a line of this depth, or empty for no lines.
func (v *value) write(b *strings.Builder, line, step string) {
	open, end, n := byte('['), byte(']'), len(v.items)
	switch v.kind {
	case kindNull:
		b.WriteString("null")
		return
	case kindBool, kindNumber:
		b.WriteString(v.text)
		return
	case kindString:
		b.WriteString(quote(v.text))
		return
	case kindObject:
		open, end, n = '{', '}', len(v.members)
	case kindArray:
	}
	b.WriteByte(open)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if line != "" {
			b.WriteString(line + step)
		}
		inner := line
		if line != "" {
			inner += step
		}
		if v.kind == kindArray {
			v.items[i].write(b, inner, step)
			continue
		}
		b.WriteString(quote(v.members[i].name) + ":")
		if line != "" {
			b.WriteByte(' ')
		}
		v.members[i].value.write(b, inner, step)
	}
	if n > 0 {
		b.WriteString(line)
	}
	b.WriteByte(end)
}

// quote is a string as the host's serializer writes it: it escapes what JSON demands and three separators, and no HTML.
func quote(s string) string {
	const escapes = "\b\f\n\r\t\"\\"
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch i := strings.IndexRune(escapes, r); {
		case i >= 0:
			b.WriteByte('\\')
			b.WriteByte(`bfnrt"\`[i])
		case r < ' ', r == 0x85, r == 0x2028, r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r) // U+FFFD for what is not UTF-8
		}
	}
	b.WriteByte('"')
	return b.String()
}

// validUTF8 is bytes as the host decodes them: what is no UTF-8 becomes U+FFFD.
func validUTF8(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	return strings.Join(splitInvalid(data), "\ufffd")
}

// splitInvalid cuts at every ill-formed part, each of which stands for one replacement.
func splitInvalid(data []byte) []string {
	var parts []string
	start := 0
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r != utf8.RuneError || n > 1 {
			i += n
			continue
		}
		parts = append(parts, string(data[start:i]))
		i += illFormed(data[i:])
		start = i
	}
	return append(parts, string(data[start:]))
}

// illFormed is how many bytes one replacement stands for: the longest beginning of a sequence that could have been valid.
func illFormed(data []byte) int {
	need := 0
	switch b := data[0]; {
	case b >= 0xc2 && b <= 0xdf:
		need = 1
	case b >= 0xe0 && b <= 0xef:
		need = 2
	case b >= 0xf0 && b <= 0xf4:
		need = 3
	}
	n := 1
	for n <= need && n < len(data) && data[n]&0xc0 == 0x80 && secondFits(data[0], data[1]) {
		n++
	}
	return n
}

// secondFits reports whether a second byte may follow a first one.
func secondFits(first, second byte) bool {
	switch first {
	case 0xe0:
		return second >= 0xa0
	case 0xed:
		return second < 0xa0
	case 0xf0:
		return second >= 0x90
	case 0xf4:
		return second < 0x90
	}
	return true
}
