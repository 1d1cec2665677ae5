package bindings

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// Value returns a member of Data without the host's wrapping: what is not an object comes as a string that has JSON in it
// (host: ScriptInvocationContextExtensions). A string that is no JSON is returned as a JSON string. It returns an error if there is no such
// member. A member of bytes is for [Invocation.Bytes].
func (in *Invocation) Value(name string) (json.RawMessage, error) {
	raw, err := in.data(name)
	if err != nil {
		return nil, err
	}
	return unwrap(raw), nil
}

// Text returns a member of Data that is a text. It returns an error if there is no such member, or it is none.
func (in *Invocation) Text(name string) (string, error) {
	raw, err := in.Value(name)
	if err != nil {
		return "", err
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", fmt.Errorf("%q in the invocation of %s is no text", name, in.Function)
	}
	return text, nil
}

// Bytes returns a member of Data whose binding has dataType "binary". It returns an error if there is no such member, or it is none.
func (in *Invocation) Bytes(name string) ([]byte, error) {
	raw, err := in.data(name)
	if err != nil {
		return nil, err
	}
	var content []byte
	if err := json.Unmarshal(raw, &content); err != nil || content == nil {
		return nil, fmt.Errorf(`%q in the invocation of %s is not bytes in base64: function.json must say "dataType": "binary" of it`, name, in.Function)
	}
	return content, nil
}

// Decode decodes a member of Data that is JSON, or a text that is, into what target points to. It returns an error if there is no such member, or it does not
// fit.
func (in *Invocation) Decode(name string, target any) error {
	raw, err := in.data(name)
	if err != nil {
		return err
	}
	if err := decodeWrapped(raw, target); err != nil {
		return fmt.Errorf("%q in the invocation of %s is no %T: %w", name, in.Function, target, err)
	}
	return nil
}

// Known decodes a member of Metadata, and reports whether there is one that fits. See there about what to believe of it.
func (in *Invocation) Known(name string, target any) bool {
	raw, ok := in.Metadata[name]
	return ok && decodeWrapped(raw, target) == nil
}

func (in *Invocation) data(name string) (json.RawMessage, error) {
	raw, ok := in.Data[name]
	if !ok {
		return nil, fmt.Errorf("the invocation of %s has no data named %q: function.json and the app don't fit together; make it anew", in.Function, name)
	}
	return raw, nil
}

// unwrap takes one layer of the host's encoding off.
func unwrap(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return raw
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return raw
}

// decodeWrapped decodes what the host wrapped: it takes off the host's layer, and a second one around an object or a list, which is a text
// that was JSON to begin with; unless target wants the text.
func decodeWrapped(raw json.RawMessage, target any) error {
	once := unwrap(raw)
	twice := unwrap(once)
	if c := firstByte(twice); c == '{' || c == '[' {
		if json.Unmarshal(twice, target) == nil {
			return nil
		}
	}
	return decodeJSON(once, target)
}

// firstByte is the first byte that is no space; 0 for none.
func firstByte(text []byte) byte {
	if text = bytes.TrimLeft(text, " \t\r\n"); len(text) > 0 {
		return text[0]
	}
	return 0
}

// decodeJSON is json.Unmarshal with errors that have nothing of the text in them, which may be a secret.
func decodeJSON(text []byte, target any) error {
	err := json.Unmarshal(text, target)
	if err == nil {
		return nil
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is not JSON (byte %d)", syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		where := "it"
		if kind.Field != "" {
			where = kind.Field
		}
		value := "a JSON value"
		if word, _, _ := bytes.Cut([]byte(kind.Value), []byte(" ")); len(word) > 0 {
			value = "a JSON " + string(word)
		}
		return fmt.Errorf("%s is %s and can't be a %v (byte %d)", where, value, kind.Type, kind.Offset)
	}
	return fmt.Errorf("a member's own decoder refuses it (%T)", err)
}

// payloadOf makes a T of the bytes that a function was sent: []byte, json.RawMessage and string are those bytes, others are decoded from JSON.
func payloadOf[T any](content []byte) (T, error) {
	var v T
	switch target := any(&v).(type) {
	case *[]byte:
		*target = content
		return v, nil
	case *string:
		*target = string(content)
		return v, nil
	}
	return v, decodeJSON(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), &v)
}

// bytesOf is the way back.
func bytesOf(value any) ([]byte, error) {
	switch v := value.(type) {
	case []byte:
		return v, nil
	case json.RawMessage:
		return v, nil
	case string:
		return []byte(v), nil
	}
	content, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode a %T: %w", value, err)
	}
	return content, nil
}

// exact is how the host takes bytes for an output, and leaves them as they are: it decodes every text that is base64 (custom-handler §4.3).
func exact(content []byte) string { return base64.StdEncoding.EncodeToString(content) }
