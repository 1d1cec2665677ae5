package wire

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendString adds s as a JSON string, escaped like .NET does it in queue messages: control characters, U+0085, U+2028 and
// U+2029; everything else stands as it is. (DTFx: Newtonsoft.Json's default StringEscapeHandling.)
//
// U+FFFE and U+FFFF are escaped, too, and bad UTF-8 becomes U+FFFD. Differs from DTFx: because a message travels through
// encoding/xml, which would put U+FFFD in their place without a word.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendControl(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !mustEscape(r, size) {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscaped(dst, r)
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendControl(dst []byte, c byte) []byte {
	if i := strings.IndexByte("\"\\\b\f\n\r\t", c); i >= 0 {
		return append(dst, '\\', `"\bfnrt`[i])
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

func mustEscape(r rune, size int) bool {
	switch r {
	case '\u0085', '\u2028', '\u2029', '\uFFFE', '\uFFFF':
		return true
	}
	return r == utf8.RuneError && size == 1
}

func appendEscaped(dst []byte, r rune) []byte {
	if r == utf8.RuneError {
		return append(dst, "\uFFFD"...)
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// escapeKept makes JSON text that was kept as it came fit for encoding/xml. What has to be escaped can only stand in
// strings, for the text is valid and has no white space between its tokens.
func escapeKept(text []byte) []byte {
	if utf8.Valid(text) && !bytes.Contains(text, []byte("\uFFFE")) && !bytes.Contains(text, []byte("\uFFFF")) {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if mustEscape(r, size) {
			out = appendEscaped(out, r)
		} else {
			out = append(out, text[i:i+size]...)
		}
		i += size
	}
	return out
}
