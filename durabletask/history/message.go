package history

// Instance names an execution: one generation of one instance.
type Instance struct {
	ID string `json:"id"`
	// ExecutionID is empty where any generation is meant: for external events and control messages.
	ExecutionID string `json:"executionId,omitempty"`
}

// FireAndForget is the tag of an orchestration whose parent does not wait for it. Its value means nothing; it is never inherited.
const FireAndForget = "FireAndForget"

// Message carries an event to an instance, or an activity to a worker (a TaskScheduled event).
type Message struct {
	// Target is the instance the event is for; for an activity, the instance that scheduled it.
	Target Instance
	// Event is delivered. Its header's ActivityID identifies the message.
	Event Event
}
