package history

import (
	"strings"
	"time"
)

// What entities and their callers send each other are EventRaised events. Their inputs and the state are JSON in the form
// of the reference (entityjson.go), whatever the store: these texts stand in histories, so every reader of a history has
// to understand them, and no store looks into them.
// (DTFx: Core/Entities/EventFormat, StateFormat; ext: EntityScheduler.)

// The names of the events that an entity receives. An answer bears the id of its request.
const (
	// EntityOperation brings an EntityRequest. Names that begin with it do so, too: see DelayedOperation.
	EntityOperation = "op"
	// EntityReleased brings an EntityRelease.
	EntityReleased = "release"
	// EntityContinue wakes an entity that waits for its own message.
	EntityContinue = "continue"
)

// delayedOperation stands before the time in the name of an event that is to come later.
const delayedOperation = EntityOperation + "@"

// DelayedOperation is the name of the event that brings an EntityRequest not before a time.
func DelayedOperation(at time.Time) string {
	return delayedOperation + ceiling(at).Format("2006-01-02T15:04:05.0000000Z")
}

// DeliverAt returns the time before which a message must not be delivered, which for an event to an entity stands in its
// name, or false if it may be delivered at once. Every store keeps to it, rounding up.
func DeliverAt(m Message) (time.Time, bool) {
	e, ok := m.Event.(*EventRaised)
	if !ok || !IsEntity(m.Target.ID) || len(e.Name) < len(delayedOperation) || e.Name[2] != '@' {
		return time.Time{}, false
	}
	at, err := parseZoneless(e.Name[len(delayedOperation):])
	return at, err == nil
}

// IsEntity reports whether an instance is an entity.
func IsEntity(instanceID string) bool { return strings.HasPrefix(instanceID, "@") }

// ceiling rounds a time up to what can be stored, so that nothing comes early.
func ceiling(t time.Time) time.Time {
	down := t.UTC().Truncate(Resolution)
	if down.Before(t) {
		return down.Add(Resolution)
	}
	return down
}

// EntityID names an entity. Its instance id is "@name@key".
type EntityID struct {
	Name string
	Key  string
}

// InstanceID returns the id of the instance that keeps the entity.
func (id EntityID) InstanceID() string { return "@" + id.Name + "@" + id.Key }

// EntityState is what an entity carries from one batch of operations to the next. Its JSON is the input of the entity's
// current execution.
type EntityState struct {
	// State is the JSON of the entity's own state, or nil if the entity does not exist.
	State *string
	// Queue are the operations that were accepted and not run yet, in their order.
	Queue []EntityRequest
	// LockedBy is the instance that holds the entity's lock, or empty.
	LockedBy string
	// Suspended means that the entity has sent itself a message and does nothing before it arrives.
	Suspended bool
	Sorter    EntitySorter
}

// EntitySorter is what it takes to receive messages of other instances once and in the order in which they were sent.
type EntitySorter struct {
	// LastSent is the latest time stamp that went to each instance.
	LastSent map[string]time.Time
	// Received is what is known of each instance that sends.
	Received map[string]EntitySource
	// What is older than the horizons is no longer put in order.
	ReceiveHorizon time.Time
	SendHorizon    time.Time
}

// EntitySource is what is known of an instance that sends to an entity.
type EntitySource struct {
	// Last is the time stamp of the last request that was let through.
	Last        time.Time
	ExecutionID string
	// Buffered are requests that wait for one sent before them, by time stamp.
	Buffered []EntityRequest
}

// EntityRequest asks an entity to run an operation, or for its lock.
type EntityRequest struct {
	// ID names the request; the answer is an event of this name.
	ID        string
	Operation string
	// Signal means that nobody waits for an answer.
	Signal bool
	// Input is JSON text.
	Input *string
	// Parent is the instance that sent the request, or empty if a client did; ParentExecution is empty also for entities.
	Parent          string
	ParentExecution string
	// Due is when the operation may run; zero means at once.
	Due time.Time
	// Timestamp grows with every request from the sender to this entity, and Predecessor is that of the one before. Zero
	// means that the order does not matter.
	Timestamp   time.Time
	Predecessor time.Time
	// LockSet are the entities to lock, in the order of locking; nil in a request that is not for a lock. Position is the
	// index of the one whose turn it is.
	LockSet  []EntityID
	Position int

	ParentTraceContext *TraceContext
	CreateTrace        bool
	// RequestTime is when the request was sent by the sender's clock; zero where the sender does not say.
	RequestTime time.Time
}

// EntityResponse answers a request that is not a signal.
type EntityResponse struct {
	// Result is JSON text, or nil.
	Result *string
	// Exception is set when the operation failed: the type or the message of the error, depending on who wrote it.
	Exception *string
	// Failure describes the error. Not every worker writes it.
	Failure *FailureDetails
}

// EntityRelease gives the lock of an entity back.
type EntityRelease struct {
	// Parent is the instance that held the lock.
	Parent string
	// ID is that of the lock request. A lock that is held is given back whatever it says.
	ID string
}

// EntityStatus is what an entity shows of itself as its custom status.
type EntityStatus struct {
	Exists    bool
	QueueSize int
	LockedBy  string
}
