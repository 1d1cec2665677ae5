package replay

import (
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
)

// inbox holds external events that nobody has asked for yet, and the waits that no event has answered yet. For one name at
// most one of the two is not empty. Both are served in order.
type inbox struct {
	buffered map[string][]*string
	waiting  map[string][]*Task
}

// eventKey folds the case of an event name: names are case-insensitive in DTFx.
func eventKey(name string) string { return strings.ToUpper(name) }

// NextEvent waits for the next external event of a name. Waits are no decisions: the history shows only the event.
//
// Differs from DTFx, which serves the last of several waits first: the first wait gets the first event.
func (x *Execution) NextEvent(name string) *Task {
	x.check()
	key := eventKey(name)
	t := &Task{Name: name, timerID: history.NoID}
	if queue := x.inbox.buffered[key]; len(queue) > 0 {
		x.inbox.buffered[key] = queue[1:]
		x.finish(t, queue[0], nil)
		return t
	}
	x.inbox.waiting[key] = append(x.inbox.waiting[key], t)
	return t
}

// Withdraw takes back a wait for an event that is not done, so that it doesn't swallow an event meant for a later one.
func (x *Execution) Withdraw(t *Task) {
	key := eventKey(t.Name)
	for i, w := range x.inbox.waiting[key] {
		if w == t {
			x.inbox.waiting[key] = append(x.inbox.waiting[key][:i:i], x.inbox.waiting[key][i+1:]...)
			return
		}
	}
}

func (x *Execution) deliver(e *history.EventRaised) {
	key := eventKey(e.Name)
	if waiting := x.inbox.waiting[key]; len(waiting) > 0 {
		x.inbox.waiting[key] = waiting[1:]
		x.finish(waiting[0], e.Input, nil)
		return
	}
	x.inbox.buffered[key] = append(x.inbox.buffered[key], e.Input)
}
