package azuretest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// decodeMembers reads a flat JSON object in whatever form it is.
func decodeMembers(body []byte) (members []member, ok bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		value, err := d.Token()
		if _, nested := value.(json.Delim); err != nil || nested {
			return nil, false
		}
		members = append(members, member{name.(string), value})
	}
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	_, err := d.Token()
	return members, errors.Is(err, io.EOF)
}

// scanMembers reads what clients usually send, several times as fast as encoding/json does: most of a simulation's time
// would go there. ok is false for every other form.
func scanMembers(body []byte) (members []member, ok bool) {
	if !utf8.Valid(body) {
		return nil, false
	}
	s := flatScanner{rest: body}
	if !s.take('{') {
		return nil, false
	}
	members = make([]member, 0, 16)
	for {
		name, ok := s.text()
		if !ok || !s.take(':') {
			return nil, false
		}
		value, ok := s.value()
		if !ok {
			return nil, false
		}
		members = append(members, member{name, value})
		if s.take(',') {
			continue
		}
		ok = s.take('}')
		s.space()
		return members, ok && len(s.rest) == 0
	}
}

type flatScanner struct{ rest []byte }

func (s *flatScanner) space() {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\n' || s.rest[0] == '\r' || s.rest[0] == '\t') {
		s.rest = s.rest[1:]
	}
}

func (s *flatScanner) take(c byte) bool {
	s.space()
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// escapes are the short escapes of JSON.
var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (s *flatScanner) text() (string, bool) {
	if !s.take('"') {
		return "", false
	}
	var out []byte // what is read already, when there are escapes
	start := 0
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			text := s.rest[start:i]
			if out != nil {
				text = append(out, text...)
			}
			s.rest = s.rest[i+1:]
			return string(text), true
		case c == '\\':
			if i+1 == len(s.rest) || escapes[s.rest[i+1]] == 0 {
				return "", false
			}
			out = append(append(out, s.rest[start:i]...), escapes[s.rest[i+1]])
			i++
			start = i + 1
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

func (s *flatScanner) value() (json.Token, bool) {
	s.space()
	if len(s.rest) > 0 && s.rest[0] == '"' {
		return s.text()
	}
	end := bytes.IndexAny(s.rest, ",} \r\n\t")
	if end < 0 {
		return nil, false
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	switch string(word) {
	case "null":
		return nil, true
	case "true":
		return true, true
	case "false":
		return false, true
	}
	if len(word) == 0 || word[0] != '-' && (word[0] < '0' || word[0] > '9') || !json.Valid(word) {
		return nil, false
	}
	return json.Number(word), true
}
