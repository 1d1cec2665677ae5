package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	// read, if not nil, reads the reply of success in place of the SDK; see errRead.
	read func(*reply) error
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
	switch {
	case errors.Is(err, errRead):
		return t, nil
	case err == nil || errors.As(err, &ours): // made by our policy and passed on by the SDK
		return t, err
	case t.answer == nil: // the SDK did not make a request of it
		return t, fmt.Errorf("%s: %s: %w", r.kind, r.resource, withoutURL(err))
	}
	return t, a.misread(t, err)
}

// misreading is what is wrong with a reply of success, in words that hold nothing of the reply.
type misreading string

// Error returns the words.
func (m misreading) Error() string { return string(m) }

const (
	errCutShort = misreading("the answer is cut short")
	errUnread   = misreading("the answer is not understood")
)
