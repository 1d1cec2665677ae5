package azuretest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Rule says which requests a fault meets, and what it does to them. Empty fields match everything.
type Rule struct {
	// Name is what error texts and counters call the fault; default: its Op.
	Name string
	// Op is an operation, or the beginning of some with a star: "queue.put", "blob.lease.*", "table.*".
	Op Op
	// Resource is the name of a queue, table or container, or the beginning of some with a star.
	Resource string
	// Key is the PartitionKey of an entity or batch, the id of a message, or the name of a blob, or the beginning of some with a star.
	Key string
	// Contains is text that the request's body must contain, such as an instance id in a message.
	Contains string
	// Client is the name of a client.
	Client string
	// If is a further condition. It runs while the rules are locked: it must not block.
	If func(Call) bool

	// After lets that many matching requests pass first.
	After int
	// Every meets only every n-th of the matching requests then; 0 and 1 mean each.
	Every int
	// Times is how often the fault happens; 0 means no limit.
	Times int

	// Do is what happens.
	Do Act
}

// Act is what a fault does to a request. Make one with FailBefore, ResetBefore, Throttle, FailAfter, LoseAnswer, TimeoutAfter, CutAnswer, Hold or Delay.
type Act struct {
	after      bool // the effect happens
	status     int
	code       string
	retryAfter time.Duration
	err        error
	cut        int
	cuts       bool
	delay      time.Duration
	release    <-chan struct{}
}

// FailBefore answers with a status and code, and nothing happens. A batch that is refused (status 4xx) is answered as the
// service does it, 202 and in it the failure of operation 0; this holds for FailAfter, too.
func FailBefore(status int, code string) Act { return Act{status: status, code: code} }

// ResetBefore resets the connection, and nothing happens.
func ResetBefore() Act { return Act{err: reset()} }

// Throttle answers 503 ServerBusy with Retry-After, and nothing happens.
func Throttle(retryAfter time.Duration) Act {
	return Act{status: http.StatusServiceUnavailable, code: "ServerBusy", retryAfter: retryAfter}
}

// FailAfter does what the request asks for and answers with a status and code all the same, such as 500 OperationTimedOut.
func FailAfter(status int, code string) Act { return Act{after: true, status: status, code: code} }

// LoseAnswer does what the request asks for and closes the connection without an answer: io.EOF for the client.
func LoseAnswer() Act { return Act{after: true, err: io.EOF} }

// TimeoutAfter does what the request asks for; the client gets a net.Error that is a timeout.
func TimeoutAfter() Act { return Act{after: true, err: timeoutError{}} }

// CutAnswer does what the request asks for and breaks the answer's body off after n bytes: io.ErrUnexpectedEOF for the reader.
func CutAnswer(n int) Act { return Act{after: true, cut: n, cuts: true} }

// Hold keeps the request back until release is closed or its context ends; then it goes on as usual.
func Hold(release <-chan struct{}) Act { return Act{release: release} }

// Delay keeps the request back for a while; then it goes on as usual.
func Delay(d time.Duration) Act { return Act{delay: d} }

func reset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

type timeoutError struct{}

func (a *Act) waits() bool { return a.delay > 0 || a.release != nil }

func (r *Rule) matches(c Call) bool {
	return fits(string(r.Op), string(c.Op)) && fits(r.Resource, c.Resource) && fits(r.Key, c.Key) &&
		(r.Client == "" || r.Client == c.Client) &&
		(r.Contains == "" || bytes.Contains(c.Body, []byte(r.Contains))) &&
		(r.If == nil || r.If(c))
}

func fits(pattern, text string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(text, start)
	}
	return pattern == "" || pattern == text
}
