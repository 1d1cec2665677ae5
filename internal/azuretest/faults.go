package azuretest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// ErrCrashed is what a client gets from the moment of its crash on.
var ErrCrashed = errors.New("azuretest: the client has crashed")

func (timeoutError) Error() string { return "azuretest: timeout awaiting response headers" }

func (timeoutError) Timeout() bool { return true }

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
		if !x.last {
			crash = c.crash
		}
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
	if x.requestID == "" {
		x.s.mu.Lock()
		x.arrive()
		x.s.mu.Unlock()
	}
	f := &serviceError{a.status, a.code, "A fault of the test: " + a.code + "."}
	var res *response
	if x.refuseBatch != nil && a.status < http.StatusInternalServerError {
		res = x.refuseBatch(f)
	} else {
		res = x.fail(f)
	}
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
