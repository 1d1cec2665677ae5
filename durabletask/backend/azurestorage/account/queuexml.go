package account

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

const (
	errNoList = misreading("the answer is no list of messages")
	errNoID   = misreading("the answer has a message without an id")
	errNotOne = misreading("the answer is not about one message")
)

// messageBody is the document that a message is put in. It refuses what XML can't carry, where the SDK would silently put U+FFFD, and
// leaves quotes as they are, as .NET does. Of each quote the SDK would make five bytes, at three times the processor time: a message of
// 45 KB, which is how long they get, could exceed the 64 KiB that the service takes, should it count before it reads.
func messageBody(text []byte) (*ownBody, error) {
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
	return &ownBody{append(dst, after...), "application/xml"}, nil
}

// isMessageList refuses what the SDK would take for an empty list: nothing, or a page of a proxy. The messages may be hidden now.
func isMessageList(answer *reply) error {
	_, rest, ok := bytes.Cut(answer.body, []byte("<QueueMessagesList"))
	if !ok || rest == nil || !bytes.ContainsAny(rest[:min(1, len(rest))], " \t\r\n/>") {
		return errNoList
	}
	return nil
}
