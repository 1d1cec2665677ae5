package extension

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// detailed is the body of an error answer with what .NET would say of it; some tools look at the type.
type detailed struct {
	Message          string `json:"Message"`
	ExceptionMessage string `json:"ExceptionMessage"`
	ExceptionType    string `json:"ExceptionType"`
	StackTrace       string `json:"StackTrace"`
}

// argumentError is an error of the caller.
type argumentError struct{ text string }

func (e *argumentError) Error() string { return e.text }

// invalidOperationError is what can't be done now, or not here.
type invalidOperationError struct{ text string }

func (e *invalidOperationError) Error() string { return e.text }

// The texts of error answers (ext: HttpApiHandler.cs).
const (
	badArgument = "One or more of the arguments submitted is incorrect"
	wentWrong   = "Something went wrong while processing your request"
	badJSON     = "Invalid JSON content"
)

// fail answers a request that failed.
func (m *management) fail(w http.ResponseWriter, r *http.Request, err error) {
	_, isArgument := errors.AsType[*argumentError](err)
	_, isOperation := errors.AsType[*invalidOperationError](err)
	_, isState := errors.AsType[*durabletask.StateError](err)
	_, isLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case isLarge || errors.Is(err, durabletask.ErrStorage):
		bindings.WriteError(w, err)
	case errors.Is(err, bindings.ErrNotJSON):
		bindings.WriteJSON(w, http.StatusBadRequest, detailed{badJSON, err.Error(), "Newtonsoft.Json.JsonReaderException", ""})
	case isArgument:
		bindings.WriteJSON(w, http.StatusBadRequest, detailed{badArgument, err.Error(), "System.ArgumentException", ""})
	case isOperation || isState:
		bindings.WriteJSON(w, http.StatusInternalServerError, detailed{wentWrong, err.Error(), "System.InvalidOperationException", ""})
	default:
		if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
			return // the caller has gone away
		}
		m.log.Error("a management request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		bindings.WriteJSON(w, http.StatusInternalServerError, detailed{wentWrong, err.Error(), fmt.Sprintf("%T", err), ""})
	}
}
