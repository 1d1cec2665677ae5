package hosttest

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What the host makes of values that pass through .NET's text forms.

// isoDate is what the host's JSON parser takes for a date.
var isoDate = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)

// cultureDate is a date-like text as the host's parser and the invariant culture leave it: in UTC, without fractions of a second.
func cultureDate(s string) (mangled string, ok bool) {
	if !isoDate.MatchString(s) {
		return s, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format("01/02/2006 15:04:05"), true
		}
	}
	return s, false
}

// plain is the text form of a scalar: strings that look like dates are changed, booleans are capitalised, and floats are .NET's.
func (v *value) plain() string {
	switch v.kind {
	case kindString:
		s, _ := cultureDate(v.text)
		return s
	case kindBool:
		return strings.ToUpper(v.text[:1]) + v.text[1:]
	case kindNumber:
		return plainNumber(v.text)
	case kindNull:
		return ""
	case kindObject, kindArray:
	}
	return v.indented()
}

// plainNumber is a number as .NET prints it: integers as they are, others the shortest that reads back the same.
func plainNumber(s string) string {
	if !strings.ContainsAny(s, ".eE") {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	const exponential = 1e15 // from here on .NET prints an exponent
	if f >= exponential || f <= -exponential || f != 0 && f < 1e-5 && f > -1e-5 {
		return strconv.FormatFloat(f, 'E', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// guessBase64 decodes a text that .NET takes for base64: padded, of a length that is a multiple of four, with white space passed over.
func guessBase64(s string) (data []byte, ok bool) {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, s)
	data, err := base64.StdEncoding.DecodeString(s)
	return data, err == nil
}

// looksLikeJSON reports whether the host tries a text as a JSON object or array, by its first and last characters.
func looksLikeJSON(s string, open, end string) bool {
	s = strings.Trim(s, " \t\r\n")
	return strings.HasPrefix(s, open) && strings.HasSuffix(s, end)
}

// jsonObject parses a text that looks like a JSON object.
func jsonObject(s string) (*value, bool) {
	if !looksLikeJSON(s, "{", "}") {
		return nil, false
	}
	v, err := parseWhole(s)
	return v, err == nil && v.kind == kindObject
}

// jsonArray parses a text that looks like a JSON array.
func jsonArray(s string) (*value, bool) {
	if !looksLikeJSON(s, "[", "]") {
		return nil, false
	}
	v, err := parseWhole(s)
	return v, err == nil && v.kind == kindArray
}

// The forms of times on the wire.
const (
	wireSeconds = "2006-01-02T15:04:05-07:00"
	// wireTicks has up to seven digits, the resolution of .NET.
	wireTicks = "2006-01-02T15:04:05.9999999-07:00"
	wireUTC   = "2006-01-02T15:04:05.9999999Z"
)
