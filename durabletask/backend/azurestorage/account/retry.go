package account

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Limits of repeating. A try ends after tryLimit, which is how long the service works on one at most, and longer for large bodies.
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

// MaxRetry is how long after its beginning a call makes a new try of a request that may be repeated (one that gets no answer ends 30 s later at
// most). Then it fails with [Transient], and a caller that wants to outlive a longer outage calls again.
const MaxRetry = 45 * time.Second

// errTry is why a try was given up.
var errTry = errors.New("no answer in time")

func tryTimeout(size int) time.Duration { return tryLimit + time.Duration(size>>20)*tryPerMB }

// do makes a request, and makes it again where that is safe. Nothing is shared between calls, so that one which fails holds up no other.
func (a *Account) do(ctx context.Context, r *request) (*reply, error) {
	b := backoff{a: a}
	for {
		t, err := a.once(ctx, r)
		if err == nil {
			return t.answer, nil
		}
		var failure *Error
		if !errors.As(err, &failure) {
			return nil, err
		}
		b.ambiguous = b.ambiguous || failure.Ambiguous
		if !b.again(ctx, t, failure) {
			failure.Ambiguous = b.ambiguous // an earlier try may have taken effect
			return nil, err
		}
	}
}

// backoff counts the tries of one call.
type backoff struct {
	a     *Account
	spent time.Duration // on pauses and on tries, without waiting at the gate
	tries int
	draw  func() float64

	ambiguous bool
}

// again waits until the next try, or reports that there is none.
func (b *backoff) again(ctx context.Context, t *attempt, e *Error) bool {
	if ctx.Err() != nil || !e.transient() || !t.request.repeat && !e.untouched {
		return false
	}
	wait, limit := b.pause(t, e), MaxRetry
	if beingDeleted(e.Code) {
		wait, limit = max(wait, pauseDeleted), maxBeingDeleted
	}
	// Somebody may set the clock during a try.
	b.spent += max(0, min(e.took, tryTimeout(t.size))) + wait
	if b.spent > limit {
		return false
	}
	b.a.options.Logger.LogAttrs(ctx, slog.LevelWarn, "storage request failed and is made again",
		slog.String("kind", e.Kind), slog.String("resource", e.Resource), slog.Int("status", e.Status), slog.String("code", e.Code),
		slog.Duration("after", wait), slog.Any("cause", e.Err))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		e.end(ctx)
		return false
	}
}

// pause is how long to wait: what the service asks for, else twice as long each time, less a random part of the half.
func (b *backoff) pause(t *attempt, e *Error) time.Duration {
	wait := min(minBackoff<<min(b.tries, 16), maxBackoff)
	b.tries++
	if b.draw == nil {
		// A source for each call: which call draws first must not matter.
		b.draw = b.a.env.Rand("retry " + t.request.kind + " " + t.key(b.a)).Float64
	}
	wait -= time.Duration(b.draw() * float64(wait) / 2)
	return max(wait, e.RetryAfter)
}
