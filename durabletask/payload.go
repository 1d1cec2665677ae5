package durabletask

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// None stands for nothing: an orchestrator or activity without input or without result.
type None = struct{}

// MaxPayload is the default limit of one payload (an input, a result, an event), in bytes of JSON.
const MaxPayload = 16 << 20

// encode turns a value into the JSON text that is stored. Nothing is nil: null and None have no text.
func encode(v any) (*string, error) {
	if _, none := v.(None); none || v == nil {
		return nil, nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, &PayloadError{Reason: fmt.Sprintf("%T has no JSON form: %v", v, err)}
	}
	text := string(bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}))
	if len(text) > MaxPayload {
		return nil, &PayloadError{Reason: fmt.Sprintf("%d bytes of JSON exceed the limit of %d; "+
			"store the data elsewhere and pass on where it is", len(text), MaxPayload)}
	}
	if text == "null" {
		return nil, nil
	}
	return &text, nil
}

// decode reads JSON text into a T. No text gives the zero value.
func decode[T any](text *string) (T, error) {
	var v T
	if _, none := any(v).(None); none || text == nil {
		return v, nil
	}
	if err := json.Unmarshal([]byte(*text), &v); err != nil {
		return v, &PayloadError{Reason: fmt.Sprintf("%s is not a %T: %v", excerpt(*text), v, err)}
	}
	return v, nil
}

// encodeInput encodes the input of an activity: wrapped in an array of one element, as the .NET, JavaScript and Python
// workers do, unless the activity wants it bare.
func encodeInput(v any, bare bool) (*string, error) {
	text, err := encode(v)
	if err != nil || bare {
		return text, err
	}
	wrapped := "[null]"
	if text != nil {
		wrapped = "[" + *text + "]"
	}
	return &wrapped, nil
}

// decodeInput is the counterpart of encodeInput.
func decodeInput[T any](text *string, bare bool) (T, error) {
	if bare || text == nil {
		return decode[T](text)
	}
	wrapped, err := decode[[]json.RawMessage](text)
	if err != nil || len(wrapped) != 1 {
		var zero T
		return zero, &PayloadError{Reason: "the input " + excerpt(*text) + " is not an array with exactly one element; " +
			"does its caller send bare inputs? Then define the activity with durabletask.BareInput()"}
	}
	element := string(wrapped[0])
	return decode[T](&element)
}

// excerpt is what an error message shows of a payload.
func excerpt(text string) string {
	const most = 80
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}

// PayloadError says that a value can't be stored or a stored text can't be read.
type PayloadError struct{ Reason string }

// Error returns the reason.
func (e *PayloadError) Error() string { return e.Reason }
