package replay

import (
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
)

// inbox holds external events that nobody has asked for yet, and the waits that no event has answered yet. For one name at
// most one of the two is not empty.
type inbox struct {
	buffered map[string][]*bufferedEvent
	waiting  map[string][]*Task
	arrived  []*bufferedEvent // of all names, in order of arrival; the first has not been consumed
}

type bufferedEvent struct {
	*history.EventRaised
	consumed bool
}

// keep adds an event to the buffer.
func (b *inbox) keep(key string, e *history.EventRaised) {
	kept := &bufferedEvent{EventRaised: e}
	b.buffered[key] = append(b.buffered[key], kept)
	b.arrived = append(b.arrived, kept)
}

// take takes the first event of a name out of the buffer, or returns nil.
func (b *inbox) take(key string) *history.EventRaised {
	queue := b.buffered[key]
	if len(queue) == 0 {
		return nil
	}
	b.buffered[key] = queue[1:]
	queue[0].consumed = true
	for len(b.arrived) > 0 && b.arrived[0].consumed {
		b.arrived = b.arrived[1:]
	}
	return queue[0].EventRaised
}

// eventKey folds the case of an event name: names are case-insensitive in DTFx.
func eventKey(name string) string { return strings.ToUpper(name) }

// NextEvent waits for the next external event of a name. Waits are no decisions: the history shows only the event.
func (x *Execution) NextEvent(name string) *Task {
	x.check()
	key := eventKey(name)
	t := &Task{Name: name, timerID: history.NoID}
	if e := x.inbox.take(key); e != nil {
		x.finish(t, e.Input, nil)
		return t
	}
	x.inbox.waiting[key] = append(x.inbox.waiting[key], t)
	return t
}

// Withdraw takes back a wait for an event that is not done, so that it doesn't swallow an event meant for a later one. In DTFx it
// does swallow one, if no later wait is there.
func (x *Execution) Withdraw(t *Task) { t.withdrawn = true }

// deliver gives an event to a wait, or keeps it for a later one.
//
// Differs from DTFx, which serves the last of several waits first: the first wait gets the first event. Episodes recorded by DTFx
// keep its order.
func (x *Execution) deliver(e *history.EventRaised) {
	value, failure := x.answered(e)
	if t := x.nextWait(eventKey(e.Name)); t != nil {
		x.finish(t, value, failure)
		return
	}
	x.inbox.keep(eventKey(e.Name), e)
}

// nextWait takes the wait that the next event of a name is for, or returns nil.
func (x *Execution) nextWait(key string) *Task {
	waiting := x.inbox.waiting[key]
	if x.engine == 0 && len(waiting) > 0 {
		last := len(waiting) - 1
		x.inbox.waiting[key] = waiting[:last]
		return waiting[last]
	}
	for len(waiting) > 0 && (waiting[0].withdrawn || waiting[0].done) {
		waiting = waiting[1:]
	}
	x.inbox.waiting[key] = waiting
	if len(waiting) == 0 {
		return nil
	}
	x.inbox.waiting[key] = waiting[1:]
	return waiting[0]
}
