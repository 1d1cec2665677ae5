package extension

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// raiseEvent is POST instances/{instanceId}/raiseEvent/{eventName}. The order of the checks is part of the API.
func (c *call) raiseEvent(w http.ResponseWriter, r *http.Request) error {
	id, ok, err := c.target(w, r)
	if !ok {
		return err
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		bindings.WriteJSON(w, http.StatusBadRequest, bindings.Failure{Message: "Only application/json request content is supported"})
		return nil
	}
	data, err := firstJSON(r)
	if err != nil {
		return err
	}
	return c.accepted(w, c.client.RaiseEventJSON(r.Context(), id, c.path[3].text, data))
}

// target finds the instance that is to be sent something, and answers if it is not there or has ended.
func (c *call) target(w http.ResponseWriter, r *http.Request) (id string, ok bool, err error) {
	state, err := c.instance(r.Context())
	switch {
	case errors.Is(err, durabletask.ErrInstanceNotFound):
		empty(w, http.StatusNotFound)
		return "", false, nil
	case err != nil:
		return "", false, err
	case state.Status.Terminal():
		empty(w, http.StatusGone)
		return "", false, nil
	}
	return state.Instance.ID, true, nil
}

// accepted answers for a message that has been sent, or could not be.
func (c *call) accepted(w http.ResponseWriter, err error) error {
	_, isPayload := errors.AsType[*durabletask.PayloadError](err)
	switch {
	case err == nil:
		empty(w, http.StatusAccepted)
	case errors.Is(err, durabletask.ErrInstanceNotFound):
		empty(w, http.StatusNotFound)
	case errors.Is(err, durabletask.ErrInstanceFinished):
		empty(w, http.StatusGone)
	case isPayload:
		return &argumentError{err.Error()}
	default:
		return err
	}
	return nil
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if errors.Is(err, mime.ErrInvalidMediaParameter) {
		err = nil
	}
	return err == nil && strings.EqualFold(media, "application/json")
}

// firstJSON reads the first JSON value of a body and returns it without blanks; what follows is ignored, as in the reference. null is
// no data.
func firstJSON(r *http.Request) (*string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	var value json.RawMessage
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&value); err != nil {
		return nil, fmt.Errorf("%w: %w", bindings.ErrNotJSON, err)
	}
	if !utf8.Valid(value) {
		return nil, fmt.Errorf("%w: it is not UTF-8", bindings.ErrNotJSON)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, value); err != nil {
		return nil, fmt.Errorf("%w: %w", bindings.ErrNotJSON, err)
	}
	text := compact.String()
	if text == "null" {
		return nil, nil
	}
	return &text, nil
}
