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

var entities = []struct {
	name string
	char byte
}{{"quot;", '"'}, {"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"apos;", '\''}}

// unescapeXML returns the text of an element. It shares no memory with s.
func unescapeXML(s []byte) ([]byte, error) {
	if bytes.IndexByte(s, '<') >= 0 {
		return nil, errNotXML
	}
	dst := make([]byte, 0, len(s))
	for {
		i := bytes.IndexAny(s, "&\r")
		if i < 0 {
			return append(dst, s...), nil
		}
		dst = append(dst, s[:i]...)
		if s[i] == '\r' { // a line end is one line feed, however it was written
			dst, s = append(dst, '\n'), bytes.TrimPrefix(s[i+1:], []byte{'\n'})
			continue
		}
		s = s[i+1:]
		var err error
		if dst, s, err = unescapeEntity(dst, s); err != nil {
			return nil, err
		}
	}
}

func unescapeEntity(dst, s []byte) (text, rest []byte, err error) {
	for _, e := range entities {
		if after, ok := bytes.CutPrefix(s, []byte(e.name)); ok {
			return append(dst, e.char), after, nil
		}
	}
	number, after, ok := bytes.Cut(s[:min(len(s), maxEntity)], []byte{';'})
	if !ok || len(number) < 2 || number[0] != '#' {
		return nil, nil, errNotXML
	}
	digits, base := number[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(string(digits), base, 21)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return nil, nil, errNotXML
	}
	_ = after
	return utf8.AppendRune(dst, rune(n)), s[len(number)+1:], nil
}

// maxEntity is how long a character's number may be, with all its zeros.
const maxEntity = 16
