package replay

import (
	"math"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Retry says how often and when a failing call is made again.
type Retry struct {
	// MaxAttempts counts all attempts, the first included.
	MaxAttempts int
	// First is the delay before the second attempt; each later one is Backoff times as long, up to Max (0: no limit).
	First   time.Duration
	Backoff float64
	Max     time.Duration
	// Total is how long after the first attempt a further one may be decided on (0: no limit).
	Total time.Duration
	// Handle reports whether the failure is worth another attempt. It is not asked about the last one.
	Handle func(*history.FailureDetails) bool
}

// WithRetry makes the call until it succeeds or the policy gives up, by itself: nobody has to await the task.
//
// The sequence of calls and timers is that of the reference, because it is recorded: a last attempt that failed is followed
// by a timer that is due at once (DTFx: RetryInterceptor).
func (x *Execution) WithRetry(name string, r Retry, call func() *Task) *Task {
	whole := &Task{Name: name, timerID: history.NoID}
	begun, site := x.now, here()
	var attempt func(n int)
	attempt = func(n int) {
		x.retrying = site
		t := call()
		t.then = func() {
			if t.failure == nil || t.failure.NonRetriable {
				x.finish(whole, t.value, t.failure)
				return
			}
			if n+1 >= r.MaxAttempts {
				x.retrying = site
				x.timer(x.now).then = func() { x.finish(whole, nil, t.failure) }
				return
			}
			if !r.again(t.failure, begun, x.now) {
				x.finish(whole, nil, t.failure)
				return
			}
			x.retrying = site
			x.timer(x.now.Add(r.delay(n))).then = func() { attempt(n + 1) }
		}
	}
	attempt(0)
	return whole
}

// again decides on another attempt. A Handle that panics has said no.
func (r *Retry) again(f *history.FailureDetails, begun, now time.Time) (yes bool) {
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	if r.Total > 0 && !now.Before(begun.Add(r.Total)) {
		return false
	}
	return r.Handle == nil || r.Handle(f)
}

// delay is the pause after attempt n, counted from 0.
func (r *Retry) delay(n int) time.Duration {
	longest := r.Max
	if longest <= 0 {
		longest = math.MaxInt64
	}
	d := float64(r.First) * math.Pow(max(r.Backoff, 1), float64(n))
	if d >= float64(longest) {
		return longest
	}
	return time.Duration(d)
}
