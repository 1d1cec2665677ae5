package azurestorage

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A message is one for an instance, on its way through this process.
type message struct {
	// held is the copy in storage that a crash leaves: in the queue of the instance or, for the result of an activity that was run here and is not
	// put, the work item that would be run again.
	held *held
	// result says that held is a work item.
	result bool
	// wire is the message; its Event is nil while it stands in the blob that is named there.
	wire wire.Message
	// blob is where the message stands, if not in the queue.
	blob string
	// item is the work item that held is, if it is one.
	item wire.Message
	// handed says that this process put the message and knows all about it, so that nothing needs to be looked up.
	handed   bool
	inserted time.Time
	// age is how long the message had been in the queue when it was received, by the service's clock.
	age time.Duration
	// attempts counts how often it has been handed out, failures how often it has failed by its own making.
	attempts, failures int
	// row is the instance's row that the start belongs to, if it is known.
	row *wire.InstanceRow
	// checked says that the start has been found to be the one its row names, or needs no row.
	checked bool
	// reread says that nothing may be assumed about the instance: an assumption has failed.
	reread bool
	// stale says that an earlier generation has applied it: it only wakes its instance, whose last checkpoint was torn.
	stale bool
}

// executionID is the only execution that the message is for; nil if any.
func (m *message) executionID() *string {
	if history.IsEntity(m.wire.Target.InstanceID) { // it does not matter which
		return nil
	}
	return m.wire.Target.ExecutionID
}

// start returns the event if it begins an execution.
func (m *message) start() *history.ExecutionStarted {
	e, _ := m.wire.Event.(*history.ExecutionStarted)
	return e
}

// fromClient reports whether the message is a start that belongs to a row which the sender writes after it. (DTFx looks at the
// parent instead, which starts made by entities don't have either; the row of those is written, too.)
func (m *message) needsRow() bool {
	e := m.start()
	return e != nil && e.Parent == nil
}

// first reports whether nobody can have worked on the message before. One that a worker had put invisible for itself is received for the first
// time after that worker's end; but then it is old.
func (m *message) first() bool {
	return !m.reread && (m.handed || m.held.dequeue <= 1 && m.age < youngMessage)
}

// youngMessage is less than the time for which a worker hides what it has put.
const youngMessage = DefaultVisibility * 2 / 3

// before orders messages by arrival: the service's time of insertion, which has a resolution of a second, then the sender's count.
func (m *message) before(o *message) int {
	if c := m.inserted.Compare(o.inserted); c != 0 {
		return c
	}
	switch d := m.wire.SequenceNumber - o.wire.SequenceNumber; {
	case d < 0:
		return -1
	case d > 0:
		return 1
	}
	return 0
}

// received makes a message of what a control queue has given.
func (b *Backend) received(q *queue, r account.Message, m wire.Message) *message {
	age := r.NextVisible.Add(-q.visibility).Sub(r.Inserted)
	return &message{held: b.hold(q, r.ID, r.PopReceipt, r.DequeueCount), wire: m, inserted: r.Inserted, age: age}
}
