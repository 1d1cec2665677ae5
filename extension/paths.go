package extension

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// segment is one part of a path: as the reference decodes it, and as a link to it would be decoded, which differs for names with
// + or %.
type segment struct{ text, once string }

// cutBase takes the mount point off a path, in any letter case.
func cutBase(base, path string) (string, bool) {
	if len(path) < len(base) || !strings.EqualFold(path[:len(base)], base) {
		return path, false
	}
	rest := path[len(base):]
	return rest, rest == "" || rest[0] == '/'
}

// longestPath is how many segments a path of this API may have: instances/{instanceId}/raiseEvent/{eventName}. Of longer ones no more is read.
const longestPath = 4

// splitPath takes a path apart, which is still encoded. One slash at the end is ignored; an empty segment, and one with an encoded
// slash, is not a path of this API.
func splitPath(path string) ([]segment, bool) {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil, false
	}
	var segments []segment
	for part := range strings.SplitSeq(path, "/") {
		once := percentDecode(part)
		s := segment{text: percentDecode(formDecode(once)), once: once}
		if len(segments) == longestPath || s.text == "" || strings.Contains(s.text, "/") || !utf8.ValidString(s.text) || !utf8.ValidString(s.once) {
			return nil, false
		}
		segments = append(segments, s)
	}
	return segments, true
}

// percentDecode decodes every %xx that is one and leaves the rest alone: the reference's servers never refuse a path.
func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	if whole, err := url.PathUnescape(s); err == nil {
		return whole
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+3 <= len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// formDecode is percentDecode after + has become a space.
func formDecode(s string) string {
	return percentDecode(strings.ReplaceAll(s, "+", " "))
}
