package account

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"
)

const xmlContent = "application/xml"

var (
	errNotXML   = errors.New("the answer is no list of messages")
	errCutShort = errors.New("the answer is cut short")
)

func errNotOne(err error, n int) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("the answer has %d messages in place of one", n)
}

// messageBody is the document that a message is put in. It refuses what XML can't carry, where encoding/xml would silently put U+FFFD.
func messageBody(text []byte) ([]byte, error) {
	const before, after = "<QueueMessage><MessageText>", "</MessageText></QueueMessage>"
	dst := make([]byte, 0, len(text)+len(text)/4+len(before)+len(after))
	dst = append(dst, before...)
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		escaped, size := "", 1
		switch {
		case c == '&':
			escaped = "&amp;"
		case c == '<':
			escaped = "&lt;"
		case c == '>':
			escaped = "&gt;"
		case c == '\r': // readers make a line feed of a bare one
			escaped = "&#xD;"
		case c < ' ' && c != '\t' && c != '\n':
			return nil, fmt.Errorf("the text has the control character %#U, which XML can't carry: escape it", rune(c))
		case c >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRune(text[i:]); r == utf8.RuneError && size == 1 {
				return nil, fmt.Errorf("the text is not UTF-8 at byte %d", i)
			} else if r == 0xFFFE || r == 0xFFFF {
				return nil, fmt.Errorf("the text has the character %#U, which XML can't carry: escape it", r)
			}
		}
		if escaped != "" {
			dst = append(append(dst, text[start:i]...), escaped...)
			start = i + size
		}
		i += size
	}
	dst = append(dst, text[start:]...)
	return append(dst, after...), nil
}

// readMessages reads a list of messages. It reads the service's own documents, which use few of XML's possibilities, ten
// times as fast as encoding/xml; what it does not know, it refuses.
func readMessages(doc []byte) ([]Message, error) {
	_, list, ok := bytes.Cut(doc, []byte("<QueueMessagesList"))
	if !ok {
		return nil, errNotXML
	}
	if bytes.HasPrefix(bytes.TrimSpace(list), []byte("/>")) {
		return nil, nil
	}
	list, _, ok = bytes.Cut(list, []byte("</QueueMessagesList>"))
	if !ok {
		return nil, errCutShort
	}
	messages := make([]Message, 0, bytes.Count(list, []byte("<QueueMessage>")))
	for {
		_, rest, more := bytes.Cut(list, []byte("<QueueMessage>"))
		if !more {
			return messages, nil
		}
		element, after, whole := bytes.Cut(rest, []byte("</QueueMessage>"))
		if !whole {
			return nil, errCutShort
		}
		m, err := readMessage(element)
		if err != nil {
			return nil, err
		}
		messages, list = append(messages, m), after
	}
}

func readMessage(element []byte) (Message, error) {
	m := Message{ID: string(child(element, "MessageId")), PopReceipt: string(child(element, "PopReceipt"))}
	if m.ID == "" {
		return m, errNotXML
	}
	m.Inserted, _ = http.ParseTime(string(child(element, "InsertionTime")))
	m.NextVisible, _ = http.ParseTime(string(child(element, "TimeNextVisible")))
	if n := child(element, "DequeueCount"); n != nil {
		count, err := strconv.Atoi(string(n))
		if err != nil {
			return m, errNotXML
		}
		m.DequeueCount = count
	}
	text, err := unescapeXML(child(element, "MessageText"))
	m.Text = text
	return m, err
}

// child returns what stands in a child element, escaped; nil if it is not there or empty. Text has no bare <, so what looks like a
// child is one.
func child(element []byte, name string) []byte {
	_, rest, ok := bytes.Cut(element, []byte("<"+name+">"))
	if !ok {
		return nil
	}
	inner, _, ok := bytes.Cut(rest, []byte("</"+name+">"))
	if !ok {
		return nil
	}
	return inner
}

// unescapeXML returns the text of an element. It shares no memory with s.
func unescapeXML(s []byte) ([]byte, error) {
	if bytes.IndexByte(s, '<') >= 0 {
		return nil, errNotXML
	}
	if bytes.IndexByte(s, '\r') >= 0 { // a line end is one line feed, however it was written
		s = bytes.ReplaceAll(s, []byte("\r\n"), []byte{'\n'})
		s = bytes.ReplaceAll(s, []byte{'\r'}, []byte{'\n'})
	}
	dst := make([]byte, 0, len(s))
	for {
		i := bytes.IndexByte(s, '&')
		if i < 0 {
			return append(dst, s...), nil
		}
		dst, s = append(dst, s[:i]...), s[i+1:]
		end := bytes.IndexByte(s[:min(len(s), maxEntity)], ';')
		if end < 0 {
			return nil, errNotXML
		}
		char, ok := entity(s[:end])
		if !ok {
			return nil, errNotXML
		}
		dst, s = utf8.AppendRune(dst, char), s[end+1:]
	}
}

// maxEntity is how long the name or the number of a character may be, with its semicolon.
const maxEntity = 16

// entity returns the character that stands between & and the semicolon.
func entity(name []byte) (rune, bool) {
	switch string(name) {
	case "quot":
		return '"', true
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "apos":
		return '\'', true
	}
	number, ok := bytes.CutPrefix(name, []byte{'#'})
	if !ok {
		return 0, false
	}
	base := 10
	if hex, ok := bytes.CutPrefix(number, []byte{'x'}); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(string(number), base, 21)
	if err != nil || !isXML(rune(n)) {
		return 0, false
	}
	return rune(n), true
}

// isXML reports whether XML can carry a character.
func isXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && utf8.ValidRune(r) && r != 0xFFFE && r != 0xFFFF
}
