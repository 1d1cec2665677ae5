package history

import (
	"encoding/json"
	"strings"
)

// FailureOf reads a failure in any of the forms in which engines write it: FailureDetails, or a reason beside an exception that was
// serialised to JSON, or a reason alone.
func FailureOf(reason string, details *string, failure *FailureDetails) *FailureDetails {
	if failure != nil {
		return failure
	}
	if details != nil {
		var e exception
		if err := json.Unmarshal([]byte(*details), &e); err == nil && e.kind() != "" {
			f := e.details()
			if f.ErrorMessage == "" {
				f.ErrorMessage = reason
			}
			return f
		}
	}
	f := &FailureDetails{ErrorType: "(unknown)", ErrorMessage: reason}
	if details != nil {
		f.StackTrace = *details
	}
	return f
}

// ExceptionJSON is the failure in the form in which .NET serialises an exception, for engines that propagate those.
func (f *FailureDetails) ExceptionJSON() string {
	text, err := json.Marshal(newException(f))
	if err != nil {
		return "" // strings always have a JSON form
	}
	return string(text)
}

// exception is the part of a serialised .NET exception that says what happened. Member names are .NET's.
type exception struct {
	Type       string     `json:"$type"`
	ClassName  string     `json:"ClassName"`
	Message    string     `json:"Message"`
	Inner      *exception `json:"InnerException"`
	StackTrace *string    `json:"StackTraceString"`
}

func newException(f *FailureDetails) *exception {
	if f == nil {
		return nil
	}
	e := &exception{Type: f.ErrorType + assembly(f.ErrorType), ClassName: f.ErrorType, Message: f.ErrorMessage, Inner: newException(f.Inner)}
	if f.StackTrace != "" {
		e.StackTrace = &f.StackTrace
	}
	return e
}

// assembly is what .NET needs beside the name of a type that is not of its core library, to make the exception anew.
func assembly(name string) string {
	if strings.HasPrefix(name, "System.Net.Http.") {
		return ", System.Net.Http"
	}
	return ""
}

// kind is the type's full name, without the assembly it is from.
func (e *exception) kind() string {
	if e.ClassName != "" {
		return e.ClassName
	}
	name, _, _ := strings.Cut(e.Type, ",")
	return name
}

func (e *exception) details() *FailureDetails {
	f := &FailureDetails{ErrorType: e.kind(), ErrorMessage: e.Message}
	if e.StackTrace != nil {
		f.StackTrace = *e.StackTrace
	}
	if e.Inner != nil {
		f.Inner = e.Inner.details()
	}
	return f
}
