package azuretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrCrashed is what a client gets from the moment of its crash on.
var ErrCrashed = errors.New("azuretest: the client has crashed")

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

// FailBefore answers with a status and code, and nothing happens.
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

func (timeoutError) Error() string   { return "azuretest: timeout awaiting response headers" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

// Fault is a rule at work. Its counters prove that it was.
type Fault struct {
	rule           Rule
	owner          *faults
	matched, fired int // guarded by owner.mu
}

// Matched is how many requests fitted the rule.
func (f *Fault) Matched() int {
	f.owner.mu.Lock()
	defer f.owner.mu.Unlock()
	return f.matched
}

// Fired is how often the fault happened.
func (f *Fault) Fired() int {
	f.owner.mu.Lock()
	defer f.owner.mu.Unlock()
	return f.fired
}

// String names the fault and its counters.
func (f *Fault) String() string {
	return fmt.Sprintf("fault %s: %d matched, %d fired", f.rule.Name, f.Matched(), f.Fired())
}

// Remove ends the fault.
func (f *Fault) Remove() {
	f.owner.mu.Lock()
	defer f.owner.mu.Unlock()
	for i, other := range f.owner.list {
		if other == f {
			f.owner.list = append(f.owner.list[:i:i], f.owner.list[i+1:]...)
			return
		}
	}
}

// faults are the rules of a service or of a client.
type faults struct {
	mu   sync.Mutex
	list []*Fault
}

func (fs *faults) inject(rule Rule) *Fault {
	if a := &rule.Do; a.status == 0 && a.err == nil && !a.cuts && !a.waits() {
		panic("azuretest: the rule does nothing: set Do to FailBefore(…), LoseAnswer(), Hold(channel), …")
	}
	if rule.Name == "" {
		rule.Name = string(rule.Op)
	}
	f := &Fault{rule: rule, owner: fs}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.list = append(fs.list, f)
	return f
}

// met returns what happens to a call: every waiting act, then the first other one.
func (fs *faults) met(c Call) (waits []Act, act *Act) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.list {
		r := &f.rule
		if act != nil || !r.matches(c) {
			continue
		}
		f.matched++
		n := f.matched - r.After
		if n < 1 || r.Every > 1 && n%r.Every != 0 || r.Times > 0 && f.fired >= r.Times {
			continue
		}
		f.fired++
		if r.Do.waits() {
			waits = append(waits, r.Do)
			continue
		}
		act = &r.Do
	}
	return waits, act
}

func (a *Act) waits() bool { return a.delay > 0 || a.release != nil }

func (r *Rule) matches(c Call) bool {
	return fits(string(r.Op), string(c.Op)) && fits(r.Resource, c.Resource) && fits(r.Key, c.Key) &&
		(r.Client == "" || r.Client == c.Client) &&
		(r.Contains == "" || strings.Contains(string(c.Body), r.Contains)) &&
		(r.If == nil || r.If(c))
}

func fits(pattern, text string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(text, start)
	}
	return pattern == "" || pattern == text
}

// Inject adds a fault for the requests of all clients. It panics when the rule has nothing to do.
func (s *Service) Inject(rule Rule) *Fault { return s.faults.inject(rule) }

// perform runs an exchange under the faults that it meets. Nothing is locked while it waits.
func (s *Service) perform(ctx context.Context, c *Transport, x *exchange) (*response, error) {
	waits, act := s.faults.met(x.Call)
	var crash <-chan struct{}
	if c != nil {
		w, a := c.faults.met(x.Call)
		waits = append(waits, w...)
		if act == nil {
			act = a
		}
		crash = c.crash
	}
	for i := range waits {
		if err := waits[i].wait(ctx, crash); err != nil {
			return nil, err
		}
	}
	if act == nil {
		return x.run(), nil
	}
	if !act.after {
		if act.err != nil {
			return nil, act.err
		}
		return act.answer(x), nil
	}
	res := x.run()
	switch {
	case act.err != nil:
		return nil, act.err
	case act.cuts:
		res.cut = true
		if res.header.Get("Content-Length") == "" {
			res.header.Set("Content-Length", strconv.Itoa(len(res.body)))
		}
		res.body = res.body[:min(act.cut, len(res.body))]
		return res, nil
	}
	return act.answer(x), nil
}

// answer is what the service says instead of its answer.
func (a *Act) answer(x *exchange) *response {
	res := x.fail(&Failure{a.status, a.code, "A fault of the test: " + a.code + "."})
	if a.retryAfter > 0 {
		res.header.Set("Retry-After", strconv.Itoa(int((a.retryAfter+time.Second-1)/time.Second)))
	}
	x.finish(res)
	return res
}

func (a *Act) wait(ctx context.Context, crash <-chan struct{}) error {
	var timer <-chan time.Time
	if a.release == nil {
		t := time.NewTimer(a.delay)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-timer:
	case <-a.release:
	case <-ctx.Done():
		return ctx.Err()
	case <-crash:
		return ErrCrashed
	}
	return nil
}
