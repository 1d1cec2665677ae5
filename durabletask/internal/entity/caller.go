package entity

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Caller is the side of an orchestration execution that entities see: it makes the events for them and keeps the rules of
// critical sections. It is part of the execution and is rebuilt by replay.
type Caller struct {
	self    history.Instance
	now     func() time.Time
	newID   func() string
	sorter  sorter
	section section
	// open are the calls to locked entities that have no answer yet, by its name.
	open map[string]history.EntityID
}

// Sending is an event for an entity.
type Sending struct {
	// To is the instance id, Event the name and Input the content.
	To, Event, Input string
	// Answer is the name of the event that answers it; empty if none does.
	Answer string
}

// NewCaller returns the caller of an execution. now is the orchestration's clock and newID its NewUUID, as text; window is
// [Options.ReorderWindow].
func NewCaller(self history.Instance, window time.Duration, now func() time.Time, newID func() string) *Caller {
	return &Caller{
		self: self, now: now, newID: newID, sorter: newSorter(history.EntitySorter{}, window), open: make(map[string]history.EntityID),
	}
}

// Call asks an entity to run an operation and to answer. Input is JSON text, or nil. The error is a [RuleError].
func (c *Caller) Call(target history.EntityID, operation string, input *string) (Sending, error) {
	if err := c.section.call(target); err != nil {
		return Sending{}, err
	}
	s := c.request(target, history.EntityRequest{Operation: operation, Input: input, RequestTime: c.now()})
	if c.section.entered() {
		c.open[s.Answer] = target
	}
	return s, nil
}

// Answered says that a call has its answer, so that a locked entity can be called again. It must be said before the answer is
// looked at, whatever that is.
func (c *Caller) Answered(answer string) {
	if target, ok := c.open[answer]; ok {
		delete(c.open, answer)
		c.section.answered(target)
	}
}

// Rename gives a request another id: the one under which it was recorded.
func (c *Caller) Rename(id, recorded string) {
	if target, ok := c.open[id]; ok {
		delete(c.open, id)
		c.open[recorded] = target
	}
	if c.section.id == id {
		c.section.id = recorded
	}
}

// Signal asks an entity to run an operation, not before due if that is not zero. The error is a [RuleError].
func (c *Caller) Signal(target history.EntityID, operation string, input *string, due time.Time) (Sending, error) {
	if err := c.section.signal(target); err != nil {
		return Sending{}, err
	}
	s := c.request(target, history.EntityRequest{Operation: operation, Signal: true, Input: input, Due: roundUp(due), RequestTime: c.now()})
	s.Answer = ""
	return s, nil
}

// Lock asks for the locks of entities; the answer comes when all are held. The error is a [RuleError].
func (c *Caller) Lock(targets ...history.EntityID) (Sending, error) {
	if err := c.section.acquire(len(targets)); err != nil {
		return Sending{}, err
	}
	set := lockSet(targets)
	s := c.request(set[0], history.EntityRequest{LockSet: set})
	c.section.enter(s.Answer, set)
	return s, nil
}

// Granted says that the answer to Lock is there.
func (c *Caller) Granted() { c.section.granted() }

// Locked returns the entities that are locked, in the order of locking; none outside a critical section.
func (c *Caller) Locked() []history.EntityID { return c.section.locked() }

// StartChild checks the start of a sub-orchestration that is waited for. The error is a [RuleError].
func (c *Caller) StartChild() error { return c.section.startChild() }

// Unlock ends the critical section, if there is one: the events give back all locks, those not granted yet as well.
//
// (Differs from in-process .NET, which keeps the lock of an entity that has a call open, and all of them if the orchestrator fails.)
func (c *Caller) Unlock() []Sending {
	release := encode(history.EntityRelease{Parent: c.self.ID, ID: c.section.id})
	var out []Sending
	for _, id := range c.section.set {
		out = append(out, Sending{To: id.InstanceID(), Event: history.EntityReleased, Input: release})
	}
	c.section = section{}
	clear(c.open)
	return out
}

// ClientSignal is a signal that comes from outside: it has no sender, is not labelled, and so may come twice or in another order.
// id is a new identifier, now the wall clock; a due time of zero means at once.
func ClientSignal(id string, target history.EntityID, operation string, input *string, due, now time.Time) Sending {
	r := history.EntityRequest{ID: id, Operation: operation, Signal: true, Input: input, Due: roundUp(due), RequestTime: now}
	return Sending{To: target.InstanceID(), Event: requestEvent(&r, now), Input: encode(r)}
}

// request completes a request and puts it into an event. Those that are due later take no part in the ordering.
func (c *Caller) request(target history.EntityID, r history.EntityRequest) Sending {
	r.ID, r.Parent, r.ParentExecution = c.newID(), c.self.ID, c.self.ExecutionID
	to := target.InstanceID()
	if r.Due.IsZero() {
		c.sorter.label(&r, to, c.now())
	}
	return Sending{To: to, Event: requestEvent(&r, c.now()), Input: encode(r), Answer: r.ID}
}
