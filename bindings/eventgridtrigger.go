package bindings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// EventGridFunc takes an event.
type EventGridFunc[T any] func(ctx context.Context, event *GridEvent[T], client *DurableClient) error

// GridEvent is an event of Event Grid, in either of its schemas: that of CloudEvents 1.0, or Event Grid's own.
type GridEvent[T any] struct {
	// ID is the publisher's name for the event. Events can come more than once.
	ID string
	// Type says what happened, such as "Microsoft.Storage.BlobCreated".
	Type string
	// Source is where: a CloudEvent's source, or the topic.
	Source string
	// Subject is what it happened to, as the publisher says.
	Subject string
	// Time is when; zero if the publisher doesn't say.
	Time time.Time
	// DataVersion is the version of the data's schema in Event Grid's own schema, DataSchema its address in a CloudEvent.
	DataVersion, DataSchema string
	// CloudEvent says which schema the event came in.
	CloudEvent bool
	// Data is what the publisher sent along.
	Data T
	// Raw is the whole event, with a CloudEvent's extensions.
	Raw json.RawMessage
}

// EventGridTrigger calls a function for each event of its subscriptions.
type EventGridTrigger struct {
	definition

	run func(ctx context.Context, in *Invocation, client *DurableClient) error
}

// eventBinding is the name of the binding in invocations.
const eventBinding = "event"

// EventGrid makes the trigger of a function that is called for each event of the subscriptions that have it as their endpoint. The events' data are T in JSON;
// a CloudEvent with data in base64 needs a T that is []byte or string. An event that is none, or has other data, fails, and Event Grid delivers it
// again.
func EventGrid[T any](name string, fn EventGridFunc[T], options ...Option) *EventGridTrigger {
	if fn == nil {
		panic(`bindings: an event function needs a function: bindings.EventGrid("OnBlobCreated", onBlobCreated)`)
	}
	t := &EventGridTrigger{definition: define(name, options, eventBinding)}
	t.withoutRetry("event function", "Event Grid delivers events again that failed; see the retry policy of the subscription")
	t.run = func(ctx context.Context, in *Invocation, client *DurableClient) error {
		var raw json.RawMessage
		if err := in.Decode(eventBinding, &raw); err != nil {
			return err
		}
		event, err := eventOf[T](raw)
		if err != nil {
			return fmt.Errorf("the event in the invocation of %s: %w", in.Function, err)
		}
		return fn(ctx, event, client)
	}
	return t
}

// gridEvent has the members of both schemas.
type gridEvent struct {
	ID          string          `json:"id"`
	Subject     string          `json:"subject"`
	EventType   string          `json:"eventType"`
	EventTime   time.Time       `json:"eventTime"`
	Topic       string          `json:"topic"`
	DataVersion string          `json:"dataVersion"`
	SpecVersion string          `json:"specversion"`
	Type        string          `json:"type"`
	Source      string          `json:"source"`
	Time        time.Time       `json:"time"`
	DataSchema  string          `json:"dataschema"`
	Data        json.RawMessage `json:"data"`
	DataBase64  []byte          `json:"data_base64"` //nolint:tagliatelle // as CloudEvents spell it
}

// eventOf reads an event.
func eventOf[T any](raw json.RawMessage) (*GridEvent[T], error) {
	var from gridEvent
	if err := decodeJSON(raw, &from); err != nil {
		return nil, err
	}
	e := &GridEvent[T]{
		ID: from.ID, Subject: from.Subject, Raw: raw, DataSchema: from.DataSchema, DataVersion: from.DataVersion, CloudEvent: from.SpecVersion != "",
	}
	if e.Type, e.Source, e.Time = from.EventType, from.Topic, from.EventTime; e.CloudEvent {
		e.Type, e.Source, e.Time = from.Type, from.Source, from.Time
	}
	if e.Type == "" {
		return nil, errors.New("it is of neither schema: a CloudEvent has specversion and type, an Event Grid event has eventType")
	}
	var err error
	switch content := any(&e.Data).(type) {
	case *[]byte:
		if *content = from.DataBase64; from.DataBase64 == nil {
			*content = from.Data
		}
	case *string:
		if *content = string(from.DataBase64); from.DataBase64 == nil && decodeJSON(from.Data, content) != nil {
			*content = string(from.Data)
		}
	default:
		if from.DataBase64 != nil {
			from.Data = from.DataBase64
		}
		if from.Data != nil {
			err = decodeJSON(from.Data, content)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the data of %s event %s are no %T: %w", e.Type, e.ID, e.Data, err)
	}
	return e, nil
}

// Type returns TypeEventGrid.
func (t *EventGridTrigger) Type() string { return TypeEventGrid }

// Function is what function.json says of the function.
func (t *EventGridTrigger) Function() Function {
	return t.function(Binding{Type: TypeEventGrid, Direction: DirectionIn, Name: eventBinding})
}

// Answer runs the function for an invocation.
func (t *EventGridTrigger) Answer(ctx context.Context, in *Invocation, client *DurableClient) (*Outcome, error) {
	return t.answer(ctx, in, func(ctx context.Context) error { return t.run(ctx, in, client) })
}
