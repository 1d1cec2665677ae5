package account

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Limits of repeating. A try ends after tryLimit, and longer for large bodies; a call makes no new try once [MaxRetry] is over.
const (
	tryLimit   = 30 * time.Second
	tryPerMB   = time.Second
	minBackoff = 100 * time.Millisecond
	maxBackoff = 8 * time.Second
	// maxBeingDeleted is how long a creation waits for a queue, table or container of the same name to be gone: the service
	// says that this takes at least 30 s (queues, containers) or 40 s (tables).
	maxBeingDeleted = 2 * time.Minute
	pauseDeleted    = 5 * time.Second
)

// MaxRetry is how long a call goes on repeating a request that may be repeated. Then it fails with [Transient], and a caller that wants to outlive
// a longer outage calls again.
const MaxRetry = 30 * time.Second

// errTry is why a try was given up.
var errTry = errors.New("no answer in time")

func tryTimeout(size int) time.Duration { return tryLimit + time.Duration(size>>20)*tryPerMB }

// do makes a request, and makes it again where that is safe. Nothing is shared between calls, so that one which fails holds up no other.
func (a *Account) do(ctx context.Context, r *request) (*reply, error) {
	b := backoff{a: a, r: r, start: a.env.Now()}
	for {
		answer, err := a.once(ctx, r)
		if err == nil {
			return answer, nil
		}
		var failure *Error
		if !errors.As(err, &failure) || !b.again(ctx, failure) {
			return nil, err
		}
	}
}

// backoff counts the tries of one call.
type backoff struct {
	a     *Account
	r     *request
	start time.Time
	spent time.Duration // on pauses and on tries without an answer
	tries int
	draw  func() float64
}

// again waits until the next try, or reports that there is none.
func (b *backoff) again(ctx context.Context, e *Error) bool {
	if ctx.Err() != nil || !e.transient() || !b.r.repeat && !e.untouched {
		return false
	}
	wait, limit := b.pause(e), MaxRetry
	if beingDeleted(e.Code) {
		wait, limit = max(wait, pauseDeleted), maxBeingDeleted
	}
	if e.timedOut {
		b.spent += tryTimeout(len(b.r.body))
	}
	// The clock may be set while we wait; the sum can't.
	if max(b.spent, b.a.env.Now().Sub(b.start))+wait > limit {
		return false
	}
	b.spent += wait
	b.a.options.Logger.LogAttrs(ctx, slog.LevelWarn, "storage request failed and is made again",
		slog.String("kind", e.Kind), slog.String("resource", e.Resource), slog.Int("status", e.Status), slog.String("code", e.Code),
		slog.Duration("after", wait), slog.Any("cause", e.Err))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// pause is how long to wait: what the service asks for, else twice as long each time, less a random part of the half.
func (b *backoff) pause(e *Error) time.Duration {
	wait := min(minBackoff<<min(b.tries, 16), maxBackoff)
	b.tries++
	if b.draw == nil {
		// A source for each call: which call draws first must not matter.
		b.draw = b.a.env.Rand("retry " + b.r.kind + " " + b.r.key()).Float64
	}
	wait -= time.Duration(b.draw() * float64(wait) / 2)
	return max(wait, e.RetryAfter)
}
