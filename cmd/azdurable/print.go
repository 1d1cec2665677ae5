package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// printf is fmt.Fprintf, with an error that says what failed.
func printf(w io.Writer, format string, args ...any) error {
	if _, err := fmt.Fprintf(w, format, args...); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// printJSON prints a value as one line of JSON.
func printJSON(w io.Writer, v any) error {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false) // it is not for browsers
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return printf(w, "%s", line.Bytes())
}

// visible replaces what would steer a terminal, or break a line, by its escape: names and texts may come from anybody.
func visible(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !steers(r) {
			b.WriteRune(r)
			continue
		}
		switch r {
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// steers reports whether a character is a control character, or one that changes the direction of writing.
func steers(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// text is how a JSON value is shown to people: a string without its quotes, null as nothing.
func text(v json.RawMessage) string {
	var s string
	switch {
	case len(v) == 0 || string(v) == "null":
		return ""
	case json.Unmarshal(v, &s) == nil:
		return visible(s)
	}
	var line bytes.Buffer
	if json.Compact(&line, v) != nil {
		return visible(string(v))
	}
	return visible(line.String())
}
