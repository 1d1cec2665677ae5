package local

import (
	"container/list"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// An instance is what is in memory of an instance for which something waits: a message, a timer, an activity, or a worker.
// Those that merely exist are in the file only.
//
// Its fields are guarded by the backend's lock. Those that say which execution it is and whether it has ended are changed by the
// committer alone, except that a hand-out fills in what was left in the file (fill).
type instance struct {
	key    int64
	loaded bool // what follows has been read; not so after a restart, until it is needed
	id     string
	entity bool // known before the rest is read
	// executionID is that of the present generation; empty for an entity that has not been stored yet.
	executionID string
	// version counts the rows of its history.
	version uint64
	// state is what this process has last stored of its state; zero if nothing.
	state stored

	ended bool  // in a terminal state, or replaced
	held  bool  // the start is still a timer, or was given up: nothing may be handed out before it
	place place // where it is
	ready *list.Element
	// inbox holds the messages that wait, in order of arrival.
	inbox []*message
	// out is the work that a worker has, while place is atWorker.
	out        *receipt
	timers     []*timer
	activities []*activity
}

// place is where an instance is on its way round.
type place int

const (
	parked   place = iota // not to be handed out: nothing to do
	inLine                // messages wait for a worker
	atWorker              // handed out, or about to be
	resting               // given back, until a delay is over
)

// A message is one that waits for its instance, or is out with it.
type message struct {
	row   row
	event history.Event // nil: left in the file, because of its size or since a restart
	// executionID is the only execution that it is for; empty if any.
	executionID string
	start       bool // it starts the execution
	// attempts counts how often it has been handed out, failures how often it has failed by its own making.
	attempts, failures int
	// unsaved is its place among the results that no message row holds yet.
	unsaved *list.Element
}

// A row says where the crash-safe copy of a message is: among the messages or, for the result of an activity that is not written
// yet, the activity that would be run again.
type row struct {
	table table
	seq   int64
}

type table int

const (
	messages table = iota
	activities
)

// maxResident is the longest body that is kept in memory while it waits. Longer ones are read when they are handed out.
const maxResident = 4 << 10

// resident returns the event to keep in memory, if it is short.
func resident(e history.Event, body []byte) history.Event {
	if len(body) > maxResident {
		return nil
	}
	return e
}

// instanceOf returns the instance with this key, known or not.
func (b *Backend) instanceOf(key int64) *instance {
	i, ok := b.byKey[key]
	if !ok {
		i = &instance{key: key}
	}
	return i
}

// keep makes sure that the instance is found as long as something waits for it.
func (b *Backend) keep(i *instance) {
	if i.ended {
		return
	}
	b.byKey[i.key] = i
	if i.loaded {
		b.byID[i.id] = i
	}
}

// settle puts the instance where it belongs after a change.
func (b *Backend) settle(i *instance) {
	if i.ended || i.place != parked {
		return
	}
	switch {
	case len(i.inbox) > 0 && !i.held:
		i.place = inLine
		if i.ready = b.lineOf(i).Add(i); i.ready == nil {
			i.place = atWorker
		}
	case len(i.inbox) == 0 && len(i.timers) == 0 && len(i.activities) == 0 && !i.held:
		b.forget(i)
	}
}

// lineOf returns the line of those who wait for instances of this kind.
func (b *Backend) lineOf(i *instance) *backend.Line[*instance] {
	if i.entity {
		return &b.entities
	}
	return &b.orchestrations
}

func (b *Backend) forget(i *instance) {
	if len(i.activities) == 0 {
		delete(b.byKey, i.key)
	}
	if b.byID[i.id] == i {
		delete(b.byID, i.id)
	}
}

// deliver adds a message to the inbox.
func (b *Backend) deliver(i *instance, m *message) {
	if i.ended {
		return
	}
	b.keep(i)
	i.inbox = append(i.inbox, m)
	b.settle(i)
}

// end drops what waits for an instance that is over, except its activities.
func (b *Backend) end(i *instance) {
	i.ended = true
	i.place = parked
	b.dropTimers(i, func(*timer) bool { return true })
	for _, m := range i.inbox {
		b.results.disown(m)
	}
	i.inbox = nil
	if i.ready != nil {
		b.lineOf(i).Remove(i.ready)
		i.ready = nil
	}
	b.forget(i)
}

func (b *Backend) dropTimers(i *instance, which func(*timer) bool) {
	var rest []*timer
	for _, t := range i.timers {
		if which(t) {
			b.timers.remove(t)
			continue
		}
		t.slot = len(rest)
		rest = append(rest, t)
	}
	i.timers = rest
}

// continueAsNew makes the instance another execution, and drops what waited for the one before by name.
func (b *Backend) continueAsNew(i *instance, executionID string) {
	i.executionID = executionID
	b.dropTimers(i, func(t *timer) bool { return t.executionID != "" })
	i.inbox = b.unbound(i.inbox)
}

// unbound returns the messages that are for any execution, and drops the others.
func (b *Backend) unbound(all []*message) []*message {
	var rest []*message
	for _, m := range all {
		if m.executionID == "" {
			rest = append(rest, m)
		} else {
			b.results.disown(m)
		}
	}
	return rest
}

// replace drops everything of an instance whose rows have been deleted.
func (b *Backend) replace(i *instance) {
	waiting := i.inbox
	if i.out != nil {
		waiting = append(waiting, i.out.messages...)
		i.out.state = lost
		i.out = nil
	}
	for _, m := range waiting {
		b.results.remove(m)
	}
	for len(i.activities) > 0 {
		b.removeActivity(i.activities[0])
	}
	b.end(i)
}
