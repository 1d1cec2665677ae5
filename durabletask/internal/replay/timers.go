package replay

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// The longest delay that Azure Storage keeps a message back for, and the pieces into which a longer timer is split. The pieces are
// part of the history, so they are the same on every store (ext: AzureStorageDurabilityProvider.cs, §5.4).
const (
	MaxDelay      = 6 * 24 * time.Hour
	delayInterval = 3 * 24 * time.Hour
)

// Timer creates a timer that is done at fireAt.
func (x *Execution) Timer(fireAt time.Time) *Task {
	x.check()
	fireAt = fireAt.UTC().Truncate(history.Resolution)
	if fireAt.Sub(x.now) <= MaxDelay {
		return x.timer(fireAt)
	}
	whole, site := &Task{timerID: history.NoID}, here()
	var chunk func()
	chunk = func() {
		remaining := fireAt.Sub(x.now)
		if remaining <= 0 {
			x.finish(whole, nil, nil)
			return
		}
		x.retrying = site
		whole.chunk = x.timer(x.now.Add(min(remaining, delayInterval)))
		whole.chunk.then = chunk
	}
	chunk()
	return whole
}

func (x *Execution) timer(fireAt time.Time) *Task {
	a := &action{kind: history.TypeTimerCreated, fireAt: fireAt}
	t := x.call(a)
	t.timerID = a.id
	return t
}

// Cancel gives up a timer that is not done: nobody is told, and its firing is ignored. It does nothing to other tasks.
// The timer's creation is recorded all the same (DTFx: TaskOrchestrationContext.CreateTimer).
func (x *Execution) Cancel(t *Task) {
	if t.chunk != nil {
		x.Cancel(t.chunk)
	}
	if t.timerID != history.NoID {
		delete(x.open, t.timerID)
		t.timerID = history.NoID
	}
}

// GiveUp ends a task that is not done with a failure of the caller's. A timer is cancelled and a wait for an event withdrawn; an
// activity or a child goes on, but its result is not waited for any more.
func (x *Execution) GiveUp(t *Task, failure *history.FailureDetails) {
	x.check()
	if t.done {
		return
	}
	x.Cancel(t)
	x.Withdraw(t)
	x.finish(t, nil, failure)
}
