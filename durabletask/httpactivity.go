package durabletask

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/azdurable/azdurable/durabletask/internal/durablehttp"
)

// HTTPActivity is the activity behind CallHTTP. Every worker has it, here as in .NET, so either can finish what the other began; an app that registers one
// of this name (what its Implement returns) runs that instead. It is not among App.Activities. In tests it can be replaced by durabletest.Stub.
//
// It is built into the worker, and not into package extension, because programs that use the library alone and the test kit need it, too.
//
//nolint:gochecknoglobals // a definition
var HTTPActivity = DeclareActivity[HTTPRequest, HTTPResponse]("BuiltIn::HttpActivity")

// The kinds of errors of durable HTTP calls. Those that a .NET worker may have recorded have the names of its exceptions.
const (
	// ErrHTTP means that there was no answer: no connection, or a broken one. With a RetryPolicy it also stands for a status that counts as a failure.
	ErrHTTP = ErrorKind(durablehttp.KindNoAnswer)
	// ErrHTTPTimeout means that the answer took longer than HTTPRequest.Timeout or HTTPOptions.Timeout.
	ErrHTTPTimeout = ErrorKind(durablehttp.KindTimeout)
	// ErrHTTPToken means that there was no token for the request's ManagedIdentity.
	ErrHTTPToken = ErrorKind(durablehttp.KindNoToken)
	// ErrHTTPInvalid means that a request can't be made: its URL, method, content or identity, or that a body is too large. It is not retried.
	ErrHTTPInvalid = ErrorKind(durablehttp.KindInvalid)
	// ErrHTTPNotAllowed means that HTTPOptions.Allow refused an address. It is not retried.
	ErrHTTPNotAllowed = ErrorKind(durablehttp.KindNotAllowed)
)

// activities is the innermost handler of a worker's activities.
type activities struct {
	app  *App
	http *durablehttp.Sender
}

func (a *activities) perform(ctx context.Context, w *ActivityWork) error {
	f, ok := a.app.Activity(w.Name)
	switch {
	case ok:
		Perform(ctx, f, w)
	case strings.EqualFold(w.Name, HTTPActivity.name):
		Perform(ctx, &ActivityFunc{name: HTTPActivity.name, place: HTTPActivity.place, errors: &a.app.errors, run: a.send}, w)
	default:
		return fmt.Errorf("activity %q: %w in this app; deploy a version that has it", w.Name, ErrNotRegistered)
	}
	return nil
}

// send is the built-in activity.
func (a *activities) send(ctx context.Context, input *string) (*string, error) {
	request, err := decodeInput[durablehttp.Request](input, false)
	if err != nil {
		return nil, Permanent(err)
	}
	response, err := a.http.Send(ctx, &request)
	if f, ok := errors.AsType[*durablehttp.CallError](err); ok {
		e := &TaskError{Kind: f.Kind, Message: f.Message, Permanent: f.Permanent}
		if f.Cause != "" {
			e.Cause = &TaskError{Kind: f.Cause, Message: f.Message}
		}
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return encode(response)
}
