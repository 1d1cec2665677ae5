package bindings

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/azdurable/azdurable/durabletask"
)

// Failure is the body of an answer that says what is wrong.
type Failure struct {
	Message string `json:"Message"` //nolint:tagliatelle // as the extension spells it
}

// WriteError answers a request that failed, with the status code that fits the error: 404 for a function or instance that does
// not exist, 400 for a bad instance id or bad JSON, 409 for an instance id in use, 410 for an instance that has ended, 413 for a
// body over the limit, 503 if the store fails for now, else 500.
func WriteError(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	exists, isTaken := errors.AsType[*durabletask.InstanceExistsError](err)
	_, isPayload := errors.AsType[*durabletask.PayloadError](err)
	large, isLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case isTaken:
		code = http.StatusConflict
		err = fmt.Errorf("%w Choose another instance id than %q, or terminate that instance", exists, exists.InstanceID)
	case isLarge:
		code, err = http.StatusRequestEntityTooLarge, tooLarge(large)
	case errors.Is(err, durabletask.ErrNotRegistered), errors.Is(err, durabletask.ErrInstanceNotFound):
		code = http.StatusNotFound
	case errors.Is(err, durabletask.ErrInstanceFinished):
		code = http.StatusGone
	case errors.Is(err, durabletask.ErrStorage):
		code = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", retryStorage)
	case errors.Is(err, durabletask.ErrInvalidID), errors.Is(err, ErrNotJSON), isPayload:
		code = http.StatusBadRequest
	}
	WriteJSON(w, code, Failure{err.Error()})
}

// retryStorage is after how many seconds a request may be tried again that the store could not take.
const retryStorage = "5"

func tooLarge(err *http.MaxBytesError) error {
	return fmt.Errorf("the body exceeds the limit of %d bytes; store the data elsewhere and send where it is, "+
		"or raise the limit with -max-body, or for one function with bindings.MaxBody", err.Limit)
}

// ErrNotJSON says that a body is not JSON.
var ErrNotJSON = errors.New("the body is not one JSON value")

// ReadJSON reads the body of a request, which must be one JSON value, and returns it as it was sent; nil for an empty or blank
// body. The error is ErrNotJSON, an *http.MaxBytesError, or that of the connection.
func ReadJSON(r *http.Request) (*string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	return checkJSON(body)
}
