package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// Member is a member of a JSON object that this package does not know, or a column of a row.
type Member struct {
	Name  string
	Value json.RawMessage
}

var (
	errNotJSON   = errors.New("not JSON")
	errNotObject = errors.New("not a JSON object")
)

// checkObject says why data is not one JSON object. What passes can be walked through with members.
func checkObject(data []byte) error {
	if !json.Valid(data) {
		return errNotJSON
	}
	if !isObject(data) {
		return errNotObject
	}
	return nil
}

func isObject(data []byte) bool {
	i := skipSpace(data, 0)
	return i < len(data) && data[i] == '{'
}

func isNull(value []byte) bool { return string(value) == "null" }

// members yields the members of an object in their order. The names are as they stand between the quotes. data must be
// valid JSON; what is not an object has no members.
func members(data []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		if !isObject(data) {
			return
		}
		i := skipSpace(data, skipSpace(data, 0)+1)
		for data[i] != '}' {
			end := skipString(data, i)
			name := data[i+1 : end-1]
			start := skipSpace(data, skipSpace(data, end)+1) // behind the colon
			i = skipValue(data, start)
			if !yield(name, data[start:i]) {
				return
			}
			i = skipSpace(data, i)
			if data[i] == ',' {
				i = skipSpace(data, i+1)
			}
		}
	}
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index behind the string that begins at i.
func skipString(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns the index behind the value that begins at i.
func skipValue(data []byte, i int) int {
	switch data[i] {
	case '"':
		return skipString(data, i)
	case '{', '[':
		for depth := 0; ; {
			switch data[i] {
			case '"':
				i = skipString(data, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			i++
			if depth == 0 {
				return i
			}
		}
	default:
		for i < len(data) && !strings.ContainsRune(",}] \t\r\n", rune(data[i])) {
			i++
		}
		return i
	}
}

// unquote returns the text of a JSON string. Half surrogate pairs and bad UTF-8 become U+FFFD.
func unquote(value []byte) (string, error) {
	if len(value) < 2 || value[0] != '"' {
		return "", fmt.Errorf("%.40s is not a string", value)
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), nil
	}
	var s string
	err := json.Unmarshal(value, &s)
	return s, err
}

// memberName returns the name of a member as text.
func memberName(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	quoted := append(append([]byte{'"'}, raw...), '"')
	s, _ := unquote(quoted) // members yields only valid strings
	return s
}

// keep returns a member to be written back. It shares no memory with the text it was read from, which may be large.
func keep(name string, value []byte) Member {
	var compact bytes.Buffer
	_ = json.Compact(&compact, value) // can't fail: the value is part of valid JSON
	return Member{Name: name, Value: compact.Bytes()}
}

// appendMembers adds members to an object that is being written.
func appendMembers(dst []byte, extra []Member) []byte {
	for _, m := range extra {
		dst = appendName(dst, m.Name)
		dst = append(dst, m.Value...)
	}
	return dst
}

// appendName adds the name of the next member, and the comma before it unless it is the first.
func appendName(dst []byte, name string) []byte {
	if len(dst) > 0 && dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = appendString(dst, name)
	return append(dst, ':')
}

// appendJSONText adds a value that is kept as JSON text. What is not JSON, against the promise, goes out as a string.
func appendJSONText(dst []byte, text string) []byte {
	if !json.Valid([]byte(text)) {
		return appendString(dst, text)
	}
	return append(dst, keep("", []byte(text)).Value...)
}
