package durablehttp

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// The kinds of failures. The first four are the exceptions that the reference throws, so that .NET code finds the ones it knows.
const (
	KindNoAnswer   = "System.Net.Http.HttpRequestException"
	KindTimeout    = "System.TimeoutException"
	KindCanceled   = "System.Threading.Tasks.TaskCanceledException"
	KindNoToken    = "Azure.Identity.AuthenticationFailedException"
	KindInvalid    = "InvalidHTTPRequest"
	KindNotAllowed = "HTTPNotAllowed"
)

// CallError is why there is no answer.
type CallError struct {
	Kind, Message string
	// Permanent means that the same request would fail again.
	Permanent bool
	// Cause is the kind of the failure behind this one, or empty.
	Cause string
}

// Error returns the message.
func (f *CallError) Error() string { return f.Message }

func invalid(format string, args ...any) *CallError {
	return &CallError{Kind: KindInvalid, Message: fmt.Sprintf(format, args...), Permanent: true}
}

// noAnswer words an error of the transport. Refused connections have the words of .NET on Linux.
func noAnswer(err error, address string) *CallError {
	reason := err.Error()
	if errors.Is(err, syscall.ECONNREFUSED) {
		reason = "Connection refused"
	}
	return &CallError{Kind: KindNoAnswer, Message: fmt.Sprintf("%s (%s)", reason, address)}
}

// Two limits of time are known by their causes.
var (
	errRequestTimeout = errors.New("the request's own limit")
	errClientTimeout  = errors.New("the limit of all requests")
)

// tooLate words the end of a limit of time (ext: TaskHttpActivityShim.RunAsync). The second is an exception of another type there, with a TimeoutException
// inside.
func tooLate(cause error, own, all time.Duration) *CallError {
	if errors.Is(cause, errRequestTimeout) {
		return &CallError{Kind: KindTimeout, Message: "The operation was canceled. Reached user specified timeout: " + formatTimeSpan(own) + "."}
	}
	return &CallError{Kind: KindCanceled, Message: fmt.Sprintf("no answer within %v, the limit of all HTTP calls", all), Cause: KindTimeout}
}
