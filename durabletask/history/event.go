// Package history is the vocabulary that everything in the framework speaks: the events an
// orchestration's history consists of, the messages that carry them between instances, and the states
// an instance goes through.
//
// It is pure data. Storage formats are elsewhere: the embedded store keeps the JSON of this package
// ([Append], [Decode]), the Azure Storage backend keeps the columns of the Durable Task Framework.
// The kinds, their numbers and their fields are those of DTFx (DurableTask.Core/History).
//
// What entities and their callers say to each other is text inside events, the same in every store, so its form is here:
// [EntityRequest], [EntityResponse], [EntityRelease], [EntityState] and [EntityStatus] marshal themselves as DTFx does.
package history

import (
	"fmt"
	"time"
)

// Type is the kind of an event. The numbers are part of the wire format and never change.
type Type int

// The event kinds. The missing number, 2, was ExecutionFailed, which nothing ever wrote.
const (
	TypeExecutionStarted                  Type = 0
	TypeExecutionCompleted                Type = 1
	TypeExecutionTerminated               Type = 3
	TypeTaskScheduled                     Type = 4
	TypeTaskCompleted                     Type = 5
	TypeTaskFailed                        Type = 6
	TypeSubOrchestrationInstanceCreated   Type = 7
	TypeSubOrchestrationInstanceCompleted Type = 8
	TypeSubOrchestrationInstanceFailed    Type = 9
	TypeTimerCreated                      Type = 10
	TypeTimerFired                        Type = 11
	TypeOrchestratorStarted               Type = 12
	TypeOrchestratorCompleted             Type = 13
	TypeEventSent                         Type = 14
	TypeEventRaised                       Type = 15
	TypeContinueAsNew                     Type = 16
	TypeGenericEvent                      Type = 17
	TypeHistoryState                      Type = 18
	TypeExecutionSuspended                Type = 19
	TypeExecutionResumed                  Type = 20
	TypeExecutionRewound                  Type = 21
)

// String returns the name of the kind as tables and status answers spell it, such as "TaskScheduled".
func (t Type) String() string {
	for _, k := range kinds {
		if k.typ == t {
			return k.name
		}
	}
	return fmt.Sprintf("Type(%d)", int(t))
}

// NoID is the event id of everything that did not originate from a decision of the orchestrator.
const NoID = -1

// Header is what every event has.
type Header struct {
	// ID is the sequence number of the decision the event records, or NoID.
	ID int `json:"id"`
	// Time is when the event was made, in UTC, with a resolution of 100 ns.
	Time time.Time `json:"time"`
	// ActivityID identifies the message that brought the event, so that a redelivered message is
	// recognised; empty for events that no message brought.
	ActivityID string `json:"activityId,omitempty"`
	// IsPlayed is true where the in-process .NET replay had delivered the event before it was stored. Nothing depends on it.
	IsPlayed bool `json:"isPlayed,omitempty"`
}

// Head returns the header; it makes every event that embeds Header an Event.
func (h *Header) Head() *Header { return h }

// Event is one entry of a history. The concrete types are the pointers to the structs of this package.
type Event interface {
	Type() Type
	Head() *Header
}

// Resolution is the precision of stored times. Deterministic identifiers are made from event times, so
// a store must not round further.
const Resolution = 100 * time.Nanosecond
