package entity

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

const (
	// maxDelay is how long a store can keep a message back; Azure Storage knows no more than seven days (azst: MaximumTimerInterval).
	maxDelay = 6 * 24 * time.Hour
	// delayStep is how far a message travels that is due later than that; the entity then sends it on
	// (ext: LongRunningTimerIntervalLength).
	delayStep = 3 * 24 * time.Hour
	// minHold is the least time for which a message that came too early is kept back, so that a store that delivers early does
	// not make the entity send it again and again.
	minHold = time.Second
)

// deliverAt returns the time in the name of the event that brings a request due at a time.
//
// Orchestrations must give the time of their current episode for now. (Differs from in-process .NET, which takes the wall clock
// and fails at the next replay.)
func deliverAt(due, now time.Time) time.Time {
	if due.Sub(now) > maxDelay {
		return now.Add(delayStep)
	}
	return due
}

// holdUntil is deliverAt for a message that came too early.
func holdUntil(due, now time.Time) time.Time {
	if soon := now.Add(minHold); due.Before(soon) {
		return soon
	}
	return deliverAt(due, now)
}

// roundUp makes a due time one that can be stored, so that nothing comes early.
func roundUp(t time.Time) time.Time {
	if down := t.UTC().Truncate(history.Resolution); down.Before(t) {
		return down.Add(history.Resolution)
	}
	return t
}

// requestEvent is the name of the event that brings a request.
func requestEvent(r *history.EntityRequest, now time.Time) string {
	if r.Due.IsZero() {
		return history.EntityOperation
	}
	return history.DelayedOperation(deliverAt(r.Due, now))
}
