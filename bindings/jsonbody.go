package bindings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// checkJSON returns a body without its byte order mark if it is one JSON value, nil if it is blank.
func checkJSON(body []byte) (*string, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrNotJSON)
	}
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w: %s", ErrNotJSON, flaw(body))
	}
	text := string(body)
	return &text, nil
}

// flaw says where JSON goes wrong.
func flaw(body []byte) string {
	var v json.RawMessage
	err := json.Unmarshal(body, &v)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%v (byte %d)", syntax, syntax.Offset)
	}
	return fmt.Sprint(err)
}
