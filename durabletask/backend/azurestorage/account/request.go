package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// request is one thing to ask of a service: a call of one of the SDK's clients, and what it doesn't know about it.
type request struct {
	kind     string // what for, in words
	resource string // what it is about, in words
	service  service
	repeat   bool // made again after any failure that passes
	mutates  bool // although it is a GET
	// call makes the request, and reads the reply as far as read doesn't. What it returns beside the SDK's errors says that a reply of
	// success is not whole.
	call func(context.Context) error
	// own, if not nil, is sent in place of what the SDK would send.
	own *ownBody
	// check, if not nil, looks at the reply of success before the SDK does.
	check func(*reply) error
	// read, if not nil, reads the reply of success in place of the SDK.
	read *ownRead
	// noContent asks the service not to send back what it was sent.
	noContent bool
}

// reply is the answer of a service.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// once makes the request a single time.
func (a *Account) once(ctx context.Context, r *request) (*attempt, error) {
	t := &attempt{request: r}
	err := r.call(withAttempt(ctx, t))
	var ours *Error
	var refused *azcore.ResponseError
	switch {
	case err == nil || errors.As(err, &ours): // from our policy, which the SDK passes on
	case t.answer == nil: // the SDK did not make a request of it
		err = fmt.Errorf("%s: %s: %w", r.kind, r.resource, err)
	case errors.As(err, &refused): // a success that it does not know; its error holds the whole reply
		err = a.misread(t, errUnknownSuccess)
	default:
		err = a.misread(t, err)
	}
	return t, err
}

var errUnknownSuccess = errors.New("the answer has a status that is not expected")
