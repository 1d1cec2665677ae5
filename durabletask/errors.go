package durabletask

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// ErrorKind is an error that survives the way through storage: errors.Is finds it in the caller, in another process and after a
// replay.
//
//	const ErrCardDeclined = durabletask.ErrorKind("CardDeclined")
type ErrorKind string

// Error returns the kind.
func (k ErrorKind) Error() string { return string(k) }

// New makes an error of this kind with a message of its own.
func (k ErrorKind) New(format string, args ...any) error {
	return &TaskError{Kind: string(k), Message: fmt.Sprintf(format, args...)}
}

// The kinds of the errors that the engine itself makes.
const (
	// ErrTimeout is the outcome of a wait or an activity attempt that took too long.
	ErrTimeout = ErrorKind("Timeout")
	// ErrTerminated is what waiting for an instance returns if somebody terminated it.
	ErrTerminated = ErrorKind("Terminated")
	// ErrNondeterminism is the outcome of an orchestration whose code doesn't do what its history says it did.
	ErrNondeterminism = ErrorKind(replay.KindNondeterminism)
	// ErrPanic is the outcome of a function that panicked.
	ErrPanic = ErrorKind("panic")
	// ErrPayload is the outcome of a call whose input or result can't be stored or read.
	ErrPayload = ErrorKind("Payload")
)

// What client calls return. They are wrapped: use errors.Is.
var (
	// ErrInstanceNotFound means that no instance has the id.
	ErrInstanceNotFound = backend.ErrInstanceNotFound
	// ErrInstanceFinished means that the instance has ended, so nobody will read what was sent.
	ErrInstanceFinished = backend.ErrInstanceFinished
	// ErrStorage means that the store failed for now (the disk is full, say): nothing was stored, and the same call may be made again.
	ErrStorage = backend.ErrTransient
	// ErrNotRegistered means that the app has no function of that name.
	ErrNotRegistered = errors.New("not registered")
	// ErrInvalidID means that a text can't be an instance id.
	ErrInvalidID = errors.New("invalid instance id")
)

// InstanceExistsError refuses a start because an instance with the same id is still going on.
type InstanceExistsError = backend.InstanceExistsError

// NotFailedError refuses to rewind an instance that has not failed.
type NotFailedError = backend.NotFailedError

// TaskError is how the failure of an activity or an orchestration reaches who called it. It is always made from what is stored,
// so it is the same at the first run and at every replay.
type TaskError struct {
	// Task is the name of the function that failed; empty for an error that has not passed through storage yet.
	Task string
	// Kind tells errors apart: that of the first ErrorKind in the chain of the error returned, else what RegisterError gave, else
	// the error's Go type.
	Kind    string
	Message string
	// Stack is where it happened, for panics; else empty.
	Stack string
	// Permanent means that a retry is pointless.
	Permanent bool
	// Cause is the error behind this one, or nil.
	Cause *TaskError

	registered error
}

// Error returns the message behind the name of what failed.
func (e *TaskError) Error() string {
	if e.Task == "" {
		return e.Message
	}
	return e.Task + " failed: " + e.Message
}

// Is reports whether the target is the ErrorKind of this error or the error registered for its kind.
func (e *TaskError) Is(target error) bool {
	if k, ok := target.(ErrorKind); ok {
		return string(k) == e.Kind
	}
	return e.registered != nil && target == e.registered
}

// Unwrap returns the cause.
func (e *TaskError) Unwrap() error {
	if e.Cause == nil {
		return nil
	}
	return e.Cause
}

// Permanent marks an error as not worth a retry.
func Permanent(err error) error { return &permanentError{err} }

type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

// errorKinds are the registered errors of an app.
type errorKinds []struct {
	err  error
	kind string
}

func (k *errorKinds) add(err error, kind string) {
	*k = append(*k, struct {
		err  error
		kind string
	}{err, kind})
}

// failure puts an error that user code returned into the form in which it is stored.
func (k errorKinds) failure(err error) *history.FailureDetails {
	f := &history.FailureDetails{ErrorType: k.kind(err), ErrorMessage: strings.ToValidUTF8(err.Error(), "\uFFFD")}
	var permanent *permanentError
	f.NonRetriable = errors.As(err, &permanent)
	if inner, ok := errors.AsType[*TaskError](err); ok {
		if inner == err { //nolint:errorlint // only the outermost one stands for err itself
			return inner.details()
		}
		f.Inner = inner.details()
		f.NonRetriable = f.NonRetriable || inner.Permanent
	}
	return f
}

func (e *TaskError) details() *history.FailureDetails {
	f := &history.FailureDetails{ErrorType: e.Kind, ErrorMessage: e.Error(), StackTrace: e.Stack, NonRetriable: e.Permanent}
	if e.Cause != nil {
		f.Inner = e.Cause.details()
	}
	return f
}

// kind finds the kind of an error.
func (k errorKinds) kind(err error) string {
	if kind, ok := errors.AsType[ErrorKind](err); ok {
		return string(kind)
	}
	if e, ok := errors.AsType[*TaskError](err); ok {
		return e.Kind
	}
	if _, ok := errors.AsType[*PayloadError](err); ok {
		return string(ErrPayload)
	}
	for _, r := range k {
		if errors.Is(err, r.err) {
			return r.kind
		}
	}
	for {
		name := strings.TrimPrefix(reflect.TypeOf(err).String(), "*")
		switch name {
		case "errors.errorString":
			return "error"
		case "fmt.wrapError", "durabletask.permanentError":
			err = errors.Unwrap(err)
		default:
			return name
		}
	}
}

// taskError makes the error that a caller sees from what is stored.
func (k errorKinds) taskError(task string, f *history.FailureDetails) *TaskError {
	e := &TaskError{Task: task, Kind: f.ErrorType, Message: f.ErrorMessage, Stack: f.StackTrace, Permanent: f.NonRetriable}
	for _, r := range k {
		if r.kind == e.Kind {
			e.registered = r.err
		}
	}
	if f.Inner != nil {
		e.Cause = k.taskError("", f.Inner)
	}
	return e
}

// panicFailure is the failure of a function that panicked with p. It is called by the function that recovered.
func panicFailure(p any) *history.FailureDetails {
	return &history.FailureDetails{ErrorType: string(ErrPanic), ErrorMessage: fmt.Sprint(p), StackTrace: string(debug.Stack())}
}
