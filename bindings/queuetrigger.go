package bindings

import (
	"context"
	"fmt"
	"time"
)

// QueueFunc takes a message of a queue.
type QueueFunc[T any] func(ctx context.Context, message *QueueMessage[T], client *DurableClient) error

// QueueMessage is a message of a storage queue.
type QueueMessage[T any] struct {
	// Body is what was sent.
	Body T
	// ID is the queue's name for the message.
	ID string
	// DequeueCount is how often the message has been taken from the queue, this time included.
	DequeueCount int
	// Inserted, Expires and NextVisible are times of the queue. The host moves NextVisible on while the function runs. A message that stays for ever
	// expires at the end of the year 9999.
	Inserted, Expires, NextVisible time.Time
	// PopReceipt is what the host took the message with. The host deletes the message itself, and renews the receipt in a long run.
	PopReceipt string
}

// QueueSource says which storage queue calls a function.
type QueueSource struct {
	// Queue is the name; %NAME% stands for an app setting.
	Queue string
	// Connection names the app setting with the storage account; default: AzureWebJobsStorage.
	Connection string
}

// Poison is the queue where the host puts the messages that have failed too often (extensions.queues.maxDequeueCount in host.json, default 5).
func (s QueueSource) Poison() QueueSource {
	s.Queue += "-poison"
	return s
}

// QueueTrigger calls a function for each message of a storage queue.
type QueueTrigger struct {
	definition

	source QueueSource
	run    func(ctx context.Context, in *Invocation, client *DurableClient) error
}

// messageBinding is the name of the binding in invocations.
const messageBinding = "msg"

// Queue makes the trigger of a function that is called for each message of a storage queue. Messages are T in JSON, or T is string or []byte and gets
// them as they are. A message that is no T fails, and so does one whose function returns an error: it comes again at once (visibilityTimeout in
// host.json) until it ends in the poison queue. Messages come in any order, several at a time, and some more than once.
//
// Senders encode messages in base64, unless extensions.queues.messageEncoding in host.json is "none".
//
// Queue panics if the queue can't be.
func Queue[T any](name string, source QueueSource, fn QueueFunc[T], options ...Option) *QueueTrigger {
	if fn == nil {
		panic(`bindings: a queue function needs a function: bindings.Queue("OnOrder", bindings.QueueSource{Queue: "new-orders"}, onOrder)`)
	}
	checkQueue("Queue", source.Queue, source.Connection)
	t := &QueueTrigger{definition: define(name, options, messageBinding), source: source}
	t.withoutRetry("queue function", "it repeats a message until extensions.queues.maxDequeueCount in host.json")
	t.run = func(ctx context.Context, in *Invocation, client *DurableClient) error {
		m, err := messageOf[T](in)
		if err != nil {
			return err
		}
		return fn(ctx, m, client)
	}
	return t
}

// messageOf reads the message of an invocation. The host has not looked into it, since the binding has dataType binary, so that what it knows
// of the message is true.
func messageOf[T any](in *Invocation) (*QueueMessage[T], error) {
	content, err := in.Bytes(messageBinding)
	if err != nil {
		return nil, err
	}
	m := &QueueMessage[T]{}
	in.Known("Id", &m.ID)
	in.Known("DequeueCount", &m.DequeueCount)
	in.Known("InsertionTime", &m.Inserted)
	in.Known("ExpirationTime", &m.Expires)
	in.Known("NextVisibleTime", &m.NextVisible)
	in.Known("PopReceipt", &m.PopReceipt)
	if m.Body, err = payloadOf[T](content); err != nil {
		return nil, fmt.Errorf("the message %s of %s (delivery %d) is no %T and will end in the poison queue: %w", m.ID, in.Function, m.DequeueCount, m.Body, err)
	}
	return m, nil
}

// Type returns TypeQueue.
func (t *QueueTrigger) Type() string { return TypeQueue }

// Source returns the queue.
func (t *QueueTrigger) Source() QueueSource { return t.source }

// Function is what function.json says of the function.
func (t *QueueTrigger) Function() Function {
	properties := map[string]any{"queueName": t.source.Queue, "dataType": dataTypeBinary}
	if t.source.Connection != "" {
		properties["connection"] = t.source.Connection
	}
	return t.function(Binding{Type: TypeQueue, Direction: DirectionIn, Name: messageBinding, Properties: properties})
}

// dataTypeBinary makes the host hand over bytes. It then does not look into them, and does not mix them with what it knows.
const dataTypeBinary = "binary"

// Answer runs the function for an invocation.
func (t *QueueTrigger) Answer(ctx context.Context, in *Invocation, client *DurableClient) (*Outcome, error) {
	return t.answer(ctx, in, func(ctx context.Context) error { return t.run(ctx, in, client) })
}
