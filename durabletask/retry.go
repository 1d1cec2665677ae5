package durabletask

import (
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// CallOption is a property of one call.
type CallOption interface{ call(*call) }

type call struct{ retry *RetryPolicy }

// RetryPolicy makes a failing call again. It is a CallOption. Its waits are durable timers.
type RetryPolicy struct {
	// MaxAttempts counts all attempts, the first included; at least 1.
	MaxAttempts int
	// First is the delay before the second attempt; positive.
	First time.Duration
	// Backoff is by how much each delay is longer than the one before; default 1: all alike.
	Backoff float64
	// Max is the longest delay; default: no limit.
	Max time.Duration
	// Total limits the whole: no attempt is decided on later than this after the first one; default: no limit.
	Total time.Duration
	// Handle reports whether an error is worth another attempt; default: every one that is not Permanent is. It must be
	// deterministic. A panic counts as no.
	Handle func(*TaskError) bool
}

func (p RetryPolicy) call(c *call) {
	if p.MaxAttempts < 1 || p.First <= 0 {
		panic(fmt.Sprintf("durabletask: a RetryPolicy needs MaxAttempts of at least 1 and a positive First delay, not %d and %v", p.MaxAttempts, p.First))
	}
	c.retry = &p
}

func (p *RetryPolicy) rules(a *App, task string) replay.Retry {
	r := replay.Retry{MaxAttempts: p.MaxAttempts, First: p.First, Backoff: p.Backoff, Max: p.Max, Total: p.Total}
	if p.Handle != nil {
		r.Handle = func(f *history.FailureDetails) bool { return p.Handle(a.errors.taskError(task, f)) }
	}
	return r
}
