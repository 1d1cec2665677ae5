package wire

import (
	"fmt"
	"strings"
)

// keyControl is added to control characters, which may not stand in table keys.
const keyControl = 0xC0

// keyEscapes are the characters that may not stand in table keys, and ^ itself, with what stands for them.
var keyEscapes = []struct{ char, code rune }{{'^', '^'}, {'/', '0'}, {'\\', '1'}, {'#', '2'}, {'?', '3'}}

// EscapeKey makes a table key of an instance id. It is not idempotent: escape exactly once. (DTFx: KeySanitation.)
func EscapeKey(id string) string {
	var b strings.Builder
	for _, r := range id {
		code := keyCode(r)
		if code == 0 {
			b.WriteRune(r)
			continue
		}
		b.WriteByte('^')
		b.WriteRune(code)
	}
	return b.String()
}

// keyCode returns what stands behind ^ for r, or 0 if r stands for itself.
func keyCode(r rune) rune {
	for _, e := range keyEscapes {
		if e.char == r {
			return e.code
		}
	}
	if r <= 0x1F || r >= 0x7F && r <= 0x9F {
		return r + keyControl
	}
	return 0
}

// UnescapeKey returns the instance id that a table key was made of.
func UnescapeKey(key string) string {
	var b strings.Builder
	escaped := false
	for _, r := range key {
		switch {
		case escaped:
			b.WriteRune(keyChar(r))
			escaped = false
		case r == '^':
			escaped = true
		default:
			b.WriteRune(r)
		}
	}
	if escaped {
		b.WriteByte('^')
	}
	return b.String()
}

func keyChar(code rune) rune {
	for _, e := range keyEscapes {
		if e.code == code {
			return e.char
		}
	}
	if code >= keyControl {
		return code - keyControl
	}
	return code
}

// RowKey returns the RowKey of the event at a place in its execution, counted from 0.
func RowKey(ordinal int) string { return fmt.Sprintf("%016X", ordinal) }
