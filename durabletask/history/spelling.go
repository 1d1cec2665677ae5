package history

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// How .NET spells values in JSON.

const (
	zonelessForm = "2006-01-02T15:04:05.9999999"
	utcForm      = zonelessForm + "Z"
	offsetForm   = zonelessForm + "+00:00"
	// zeroForm is .NET's default time, whose zone is not known.
	zeroForm = "0001-01-01T00:00:00"
)

type (
	// stamp is a DateTime, offsetStamp a DateTimeOffset.
	stamp       time.Time
	offsetStamp time.Time
	// looseText is a string that may be written as a number or a boolean.
	looseText string
	// text is a string whose empty value is null.
	text string
	// guid is an identifier; the one without a value is the empty string.
	guid string
	// dictionary is an object whose members are entries. Serializers that write $type put it among them.
	dictionary[V any] map[string]V
)

const zeroGUID = "00000000-0000-0000-0000-000000000000"

// marshal is json.Marshal without its care for HTML, which .NET doesn't take.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (s stamp) IsZero() bool       { return time.Time(s).IsZero() }
func (s offsetStamp) IsZero() bool { return time.Time(s).IsZero() }

func (s stamp) MarshalJSON() ([]byte, error) { return appendStamp(nil, time.Time(s), utcForm), nil }

func (s offsetStamp) MarshalJSON() ([]byte, error) {
	return appendStamp(nil, time.Time(s), offsetForm), nil
}

func (s *stamp) UnmarshalJSON(data []byte) error       { return readStamp((*time.Time)(s), data) }
func (s *offsetStamp) UnmarshalJSON(data []byte) error { return readStamp((*time.Time)(s), data) }

func appendStamp(dst []byte, t time.Time, form string) []byte {
	dst = append(dst, '"')
	if t.IsZero() {
		dst = append(dst, zeroForm...)
	} else {
		dst = t.UTC().Truncate(Resolution).AppendFormat(dst, form)
	}
	return append(dst, '"')
}

func readStamp(t *time.Time, data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil || s == nil {
		return err
	}
	var err error
	*t, err = parseZoneless(*s)
	return err
}

// parseZoneless reads a time. One without a zone is UTC: the reference loses the zone of times that it has itself computed in
// UTC. Digits beyond the resolution are cut.
func parseZoneless(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse(zonelessForm, s)
	}
	if t = t.UTC().Truncate(Resolution); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, fmt.Errorf("%.60q is not a time", s)
	}
	return t, nil
}

func (s *looseText) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '{', '[':
		return errInput
	case '"':
		return json.Unmarshal(data, (*string)(s))
	default: // encoding/json makes null a nil pointer itself
		*s = looseText(data)
		return nil
	}
}

func (d *dictionary[V]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	*d = dictionary[V]{}
	return eachEntry(data, func(name string, value json.RawMessage) error {
		var v V
		if err := json.Unmarshal(value, &v); err != nil {
			return err
		}
		(*d)[name] = v
		return nil
	})
}

// eachEntry calls set for the entries of a dictionary in their order.
func eachEntry(object []byte, set func(name string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(object))
	if opening, err := d.Token(); err != nil || opening != json.Delim('{') {
		return errNotObject
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if name == "$type" {
			continue
		}
		if err := set(name.(string), value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (s text) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return marshal(string(s))
}

func (g guid) MarshalJSON() ([]byte, error) {
	if g == "" {
		g = zeroGUID
	}
	return marshal(string(g))
}

// UnmarshalJSON reads an id with or without dashes and brackets, as .NET does, and keeps it the way .NET writes it.
func (g *guid) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil || s == "" {
		return err
	}
	digits := strings.TrimSpace(s)
	if n := len(digits); n > 2 && (digits[0] == '{' && digits[n-1] == '}' || digits[0] == '(' && digits[n-1] == ')') {
		digits = digits[1 : n-1]
	}
	if len(digits) == len(zeroGUID) && digits[8] == '-' && digits[13] == '-' && digits[18] == '-' && digits[23] == '-' {
		digits = digits[:8] + digits[9:13] + digits[14:18] + digits[19:23] + digits[24:]
	}
	digits = strings.ToLower(digits)
	if _, err := hex.DecodeString(digits); err != nil || len(digits) != 32 {
		return fmt.Errorf("%.60q is not a GUID", s)
	}
	if *g = guid(digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]); *g == zeroGUID {
		*g = ""
	}
	return nil
}
