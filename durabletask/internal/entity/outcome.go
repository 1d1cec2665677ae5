package entity

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
)

// answer is what the caller of an operation gets.
//
// Of an error Core writes only the details, which in-process .NET and JavaScript don't read; they look for a type and a text.
func answer(result Result) history.EntityResponse {
	f := result.Failure
	if f == nil {
		return history.EntityResponse{Result: result.Output}
	}
	return history.EntityResponse{Result: new(encode(f.ErrorMessage)), Exception: &f.ErrorType, Failure: f}
}

// Outcome takes the answer to a call apart: the JSON of the result, or how the operation failed. The error is about an input that is
// no answer.
func Outcome(input *string) (result *string, failure *history.FailureDetails, err error) {
	var r history.EntityResponse
	if input == nil {
		return nil, nil, errors.New("the answer of an entity has no content")
	}
	if err := json.Unmarshal([]byte(*input), &r); err != nil {
		return nil, nil, err
	}
	switch {
	case r.Failure != nil:
		return nil, r.Failure, nil
	case r.Exception != nil:
		return nil, exception(*r.Exception, r.Result), nil
	default:
		return r.Result, nil, nil
	}
}

// exception describes an error that an in-process worker wrote: the name of its type with the assembly, and an object, a text in
// JSON, or plain text.
func exception(typ string, result *string) *history.FailureDetails {
	if result == nil { // Core without details writes the message in place of the type
		return &history.FailureDetails{ErrorMessage: typ}
	}
	var thrown *thrownException
	if err := json.Unmarshal([]byte(*result), &thrown); err == nil && thrown != nil {
		return thrown.details(typ)
	}
	plain := &thrownException{Message: *result}
	if err := json.Unmarshal([]byte(*result), &plain.Message); err != nil {
		plain.Message = *result
	}
	return plain.details(typ)
}

// thrownException is an exception as .NET serialises it.
type thrownException struct {
	Type       string           `json:"$type"`
	Message    string           `json:"Message"`
	StackTrace string           `json:"StackTraceString"`
	Inner      *thrownException `json:"InnerException"`
}

func (e *thrownException) details(typ string) *history.FailureDetails {
	typ, _, _ = strings.Cut(typ, ",") // the rest is the assembly
	f := &history.FailureDetails{ErrorType: typ, ErrorMessage: e.Message, StackTrace: e.StackTrace}
	if e.Inner != nil {
		f.Inner = e.Inner.details(e.Inner.Type)
	}
	return f
}
