package account

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// Error is a request that did not succeed. errors.Is(err, backend.ErrTransient) holds exactly for those that may succeed later.
type Error struct {
	// Kind says what the request was for, in words: "put message".
	Kind string
	// Resource says what it was about: `queue "hub-control-00"`.
	Resource string
	// Status is the HTTP status, or 0 if no answer came.
	Status int
	// Code is the service's name for the error, such as QueueNotFound; may be empty.
	Code string
	// Row is the place, in a transaction, of the operation that was refused; -1 if none is named.
	Row int
	// Ambiguous means that the request changes something and may have done so, or may still: find out before repeating it.
	Ambiguous bool
	// RetryAfter is how long the service asks to wait; 0 if it doesn't say.
	RetryAfter time.Duration
	// Remedy says what to do, where that is known.
	Remedy string
	// Err is what failed on the way; nil if the service answered. It holds no address with a query.
	Err error

	service   service
	untouched bool          // the service surely did nothing
	took      time.Duration // from behind the gate to the answer
	ended     bool          // the caller cancelled
}

// Error says what failed, on what, how, and what to do about it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind + ": " + e.Resource + ": ")
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, "%d", e.Status)
		if e.Code != "" {
			b.WriteString(" " + e.Code)
		}
		if e.Row >= 0 {
			fmt.Fprintf(&b, " (operation %d)", e.Row)
		}
		if e.Err != nil {
			b.WriteString(": " + e.Err.Error())
		}
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	}
	if e.Ambiguous {
		b.WriteString(" (may have taken effect)")
	}
	if e.Remedy != "" {
		b.WriteString(": " + e.Remedy)
	}
	return b.String()
}

// Unwrap returns what failed on the way.
func (e *Error) Unwrap() error { return e.Err }

// Is makes transient failures match backend.ErrTransient.
func (e *Error) Is(target error) bool { return target == backend.ErrTransient && e.transient() }

func (e *Error) transient() bool {
	switch {
	case e.ended:
		return false
	case e.Status == 0:
		return !e.permanent()
	case beingDeleted(e.Code):
		return true
	case e.Status >= http.StatusInternalServerError:
		return e.Status != http.StatusNotImplemented && e.Status != http.StatusHTTPVersionNotSupported
	case e.Status < http.StatusMultipleChoices: // an answer that broke off
		return true
	}
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// end notes that the caller's context has ended. If that was the caller's deadline, a later call may succeed; a caller that cancels wants no more.
func (e *Error) end(ctx context.Context) {
	e.ended = errors.Is(ctx.Err(), context.Canceled)
	e.Err = ctx.Err()
	if cause := context.Cause(ctx); !errors.Is(cause, e.Err) {
		e.Err = fmt.Errorf("%w: %w", e.Err, cause)
	}
}

// failed makes the error of a request without an answer.
func (a *Account) failed(ctx context.Context, t *attempt, err error) error {
	e := a.newError(t)
	e.Err = withoutURL(err)
	e.untouched = !t.reached || notSent(err)
	e.Ambiguous = t.writes() && !e.untouched
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errTry):
		e.Err = fmt.Errorf("%w: %w", errTry, context.DeadlineExceeded)
	case cause != nil:
		e.end(ctx)
	}
	e.Remedy = a.remedy(e)
	return e
}

// refused makes the error of an answer that is none of success.
func (a *Account) refused(t *attempt) error {
	e := a.newError(t)
	e.Status, e.Code = t.answer.status, t.answer.header.Get("X-Ms-Error-Code")
	if e.Code == "" {
		e.Code, e.Row = errorCode(t.answer.body)
	}
	e.RetryAfter = retryAfter(t.answer.header.Get("Retry-After"), a)
	e.untouched = e.Status == http.StatusTooManyRequests
	// 503 too is sent for what ran out of time, and a gateway sends any of them for what it passed on.
	e.Ambiguous = t.writes() && (e.Status >= http.StatusInternalServerError || e.Status == http.StatusRequestTimeout)
	e.Remedy = a.remedy(e)
	return e
}

// misread makes the error of an answer of success that is not whole, or holds a failure.
func (a *Account) misread(t *attempt, err error) error {
	e := a.newError(t)
	if nested, ok := errors.AsType[*Error](err); ok {
		e.Status, e.Code, e.Row = nested.Status, nested.Code, nested.Row
		e.RetryAfter = retryAfter(t.answer.header.Get("Retry-After"), a)
		e.Ambiguous = t.writes() && e.Status >= http.StatusInternalServerError
		e.untouched = e.Status == http.StatusTooManyRequests
		e.Remedy = a.remedy(e)
		return e
	}
	if _, ok := errors.AsType[misreading](err); !ok {
		err = errUnread // the SDK's words may be those of the reply
	}
	e.Status, e.Ambiguous, e.Err = t.answer.status, t.writes(), err
	return e
}

func (a *Account) newError(t *attempt) *Error {
	return &Error{Kind: t.request.kind, Resource: t.request.resource, Row: -1, service: t.request.service, took: t.took}
}

// maxCode is how long a code may be before it is no code.
const maxCode = 80

// errorCode reads the code of an error, and the place of the operation in a transaction that it names, from the body of an answer.
func errorCode(body []byte) (code string, row int) {
	row = -1
	if len(body) > 0 && body[0] == '{' {
		var answer struct {
			Error struct {
				Code    string `json:"code"`
				Message struct {
					Value string `json:"value"`
				} `json:"message"`
			} `json:"odata.error"`
		}
		if json.Unmarshal(body, &answer) == nil {
			code = answer.Error.Code
			if n, _, ok := strings.Cut(answer.Error.Message.Value, ":"); ok {
				if place, err := strconv.Atoi(n); err == nil && place >= 0 {
					row = place
				}
			}
		}
	} else {
		var answer struct {
			Code string `xml:"Code"`
		}
		if xml.Unmarshal(body, &answer) == nil {
			code = answer.Code
		}
	}
	if len(code) > maxCode || strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r > '~' }) {
		code = ""
	}
	return code, row
}

// retryAfter reads the header of that name: seconds, or a time by the service's clock.
func retryAfter(value string, a *Account) time.Duration {
	if value == "" {
		return 0
	}
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return max(0, min(time.Duration(min(seconds, int(maxRetryAfter/time.Second)))*time.Second, maxRetryAfter))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(a.ServiceNow()), maxRetryAfter))
}

// maxRetryAfter is the longest Retry-After that is believed.
const maxRetryAfter = time.Hour

// withoutURL takes addresses, whose queries may hold signatures, out of an error.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return withoutURL(u.Err)
	}
	return err
}

// notSent reports whether an error says that no connection was made, so that the service saw nothing.
func notSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns) || untrusted(err)
}
