package durabletask

import (
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// RetryPolicy makes a failing call again. It is an option of calls to activities and to children. Its waits are durable timers.
type RetryPolicy struct {
	// MaxAttempts counts all attempts, the first included; at least 1.
	MaxAttempts int
	// First is the delay before the second attempt; positive.
	First time.Duration
	// Backoff is by how much each delay is longer than the one before; default 1: all alike.
	Backoff float64
	// Max is the longest delay; default and limit: 6 days.
	Max time.Duration
	// Total limits the whole: no attempt is decided on later than this after the first one; default: no limit.
	Total time.Duration
	// Handle reports whether an error is worth another attempt; default: every one that is not Permanent is. It must be
	// deterministic. A panic counts as no.
	Handle func(*TaskError) bool
}

func (p RetryPolicy) call(c *call) {
	switch {
	case p.MaxAttempts < 1 || p.First <= 0:
		panic(fmt.Sprintf("durabletask: a RetryPolicy needs MaxAttempts of at least 1 and a positive First delay, not %d and %v", p.MaxAttempts, p.First))
	case p.First > replay.MaxDelay || p.Max > replay.MaxDelay:
		panic(fmt.Sprintf("durabletask: the delays of a RetryPolicy are at most %v (6 days), "+
			"the longest for which Azure Storage keeps a message back", replay.MaxDelay))
	}
	if p.Max == 0 {
		p.Max = replay.MaxDelay
	}
	c.retry = &p
}

func (p RetryPolicy) child(c *call) { p.call(c) }

func (p *RetryPolicy) rules(a *App, task string) replay.Retry {
	r := replay.Retry{MaxAttempts: p.MaxAttempts, First: p.First, Backoff: p.Backoff, Max: p.Max, Total: p.Total}
	if p.Handle != nil {
		r.Handle = func(f *history.FailureDetails) bool { return p.Handle(a.errors.taskError(task, f)) }
	}
	return r
}
