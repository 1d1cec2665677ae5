package history

import "time"

// EntityID names an entity. Its instance id is "@name@key".
type EntityID struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// InstanceID returns the id of the instance that keeps the entity.
func (id EntityID) InstanceID() string { return "@" + id.Name + "@" + id.Key }

// EntityState is what an entity carries from one batch of operations to the next. It is the input of the entity's
// current execution; how it is spelt there is the store's affair.
type EntityState struct {
	// State is the JSON of the entity's own state, or nil if the entity does not exist.
	State *string `json:"state,omitempty"`
	// Queue are the operations that were accepted and not run yet, in their order.
	Queue []EntityRequest `json:"queue,omitempty"`
	// LockedBy is the instance that holds the entity's lock, or empty.
	LockedBy string `json:"lockedBy,omitempty"`
	// Suspended means that the entity has sent itself a message and does nothing before it arrives.
	Suspended bool         `json:"suspended,omitempty"`
	Sorter    EntitySorter `json:"sorter,omitzero"`
}

// EntitySorter is what it takes to receive messages of other instances once and in the order in which they were sent.
type EntitySorter struct {
	// LastSent is the latest time stamp that went to each instance.
	LastSent map[string]time.Time `json:"lastSent,omitzero"`
	// Received is what is known of each instance that sends.
	Received map[string]EntitySource `json:"received,omitzero"`
	// What is older than the horizons is no longer put in order.
	ReceiveHorizon time.Time `json:"receiveHorizon,omitzero"`
	SendHorizon    time.Time `json:"sendHorizon,omitzero"`
}

// EntitySource is what is known of an instance that sends to an entity.
type EntitySource struct {
	// Last is the time stamp of the last request that was let through.
	Last        time.Time `json:"last,omitzero"`
	ExecutionID string    `json:"executionId,omitempty"`
	// Buffered are requests that wait for one sent before them, by time stamp.
	Buffered []EntityRequest `json:"buffered,omitzero"`
}

// EntityRequest asks an entity to run an operation, or for its lock.
type EntityRequest struct {
	// ID names the request; the answer is an event of this name.
	ID        string `json:"id"`
	Operation string `json:"operation,omitempty"`
	// Signal means that nobody waits for an answer.
	Signal bool `json:"signal,omitempty"`
	// Input is JSON text.
	Input *string `json:"input,omitempty"`
	// Parent is the instance that sent the request, or empty if a client did; ParentExecution is empty also for entities.
	Parent          string `json:"parent,omitempty"`
	ParentExecution string `json:"parentExecution,omitempty"`
	// Due is when the operation may run; zero means at once.
	Due time.Time `json:"due,omitzero"`
	// Timestamp grows with every request from the sender to this entity, and Predecessor is that of the one before. Zero
	// means that the order does not matter.
	Timestamp   time.Time `json:"timestamp,omitzero"`
	Predecessor time.Time `json:"predecessor,omitzero"`
	// LockSet are the entities to lock, in the order of locking; nil in a request that is not for a lock. Position is the
	// index of the one whose turn it is.
	LockSet  []EntityID `json:"lockSet,omitzero"`
	Position int        `json:"position,omitempty"`

	ParentTraceContext *TraceContext `json:"parentTraceContext,omitempty"`
	CreateTrace        bool          `json:"createTrace,omitempty"`
	// RequestTime is when the request was sent by the sender's clock; zero where the sender does not say.
	RequestTime time.Time `json:"requestTime,omitzero"`
}

// EntityResponse answers a request that is not a signal.
type EntityResponse struct {
	// Result is JSON text, or nil.
	Result *string `json:"result,omitempty"`
	// Exception is set when the operation failed: the type or the message of the error, depending on who wrote it.
	Exception *string `json:"exception,omitempty"`
	// Failure describes the error. Not every worker writes it.
	Failure *FailureDetails `json:"failure,omitempty"`
}

// EntityRelease gives the lock of an entity back.
type EntityRelease struct {
	// Parent is the instance that held the lock.
	Parent string `json:"parent"`
	// ID is that of the lock request; nothing depends on it.
	ID string `json:"id,omitempty"`
}

// EntityStatus is what an entity shows of itself as its custom status.
type EntityStatus struct {
	Exists    bool   `json:"exists,omitempty"`
	QueueSize int    `json:"queueSize,omitempty"`
	LockedBy  string `json:"lockedBy,omitempty"`
}
