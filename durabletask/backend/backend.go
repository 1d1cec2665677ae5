// Package backend is the seam between the framework and the stores that keep its state.
//
// A [Backend] hands out work and stores what the work decided. It knows histories, messages and
// instances; it knows nothing of user code, HTTP, or the JSON of payloads, which are opaque strings.
// Every backend passes the suite in backendtest.
package backend

import (
	"context"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Backend is a task hub: instances, their histories, and the messages and activities that wait for them.
//
// All methods may be called at once from many goroutines. A method that has to wait gives up with the
// context's error when ctx ends. An error for which errors.Is(err, ErrTransient) holds means that storage
// failed and the very same call may be made again; nothing was half-stored.
type Backend interface {
	Life
	Work
	Client
}

// Life is how a backend is set up and taken down. The calls come in the order in which they stand here.
type Life interface {
	// CreateTaskHub makes sure that the hub exists. It does nothing to a hub that does.
	CreateTaskHub(ctx context.Context) error
	// DeleteTaskHub removes the hub with everything in it. The backend must not be started.
	DeleteTaskHub(ctx context.Context) error
	// Start begins to receive work.
	Start(ctx context.Context) error
	// Leads reports whether this process is the one of the hub's to do what one of them has to do. It makes no request; while leadership goes from one
	// process to another, two of them may believe it, or none.
	Leads() bool
	// Drain stops receiving: blocked and later Next calls return ErrDraining, and every message that nobody is
	// working on is given back, visible at once. Work that is out can still be committed.
	Drain(ctx context.Context) error
	// Stop releases what is left, after the work that is out has ended or its worker has given it up: what is
	// committed later is refused with ErrSessionLost. The backend can't be started again.
	Stop(ctx context.Context) error
}

// Work is how a worker takes work and gives it back.
//
// A Next call blocks until there is work; a blocked call is a free slot, which is how the backend knows what this
// process can take. Each kind has a call of its own, so that one kind can't take the slots of another. Whatever a
// backend holds for this process (buffered, prefetched, handed out) it keeps for it until it is committed or abandoned.
type Work interface {
	// NextOrchestration hands out an orchestration with its new messages, in order of arrival. An instance is out
	// at most once at a time.
	NextOrchestration(ctx context.Context) (*InstanceWork, error)
	// NextEntity is NextOrchestration for entities: the instances that history.IsEntity knows by their ids. An entity that has not been
	// stored yet has neither an execution id nor a history; its first checkpoint gives it both, like a generation that continues as new.
	NextEntity(ctx context.Context) (*InstanceWork, error)
	// LoadHistory returns the committed history of the work's execution; it is empty before the first checkpoint.
	LoadHistory(ctx context.Context, w *InstanceWork) ([]history.Event, error)
	// Checkpoint stores what an episode decided and consumes the messages of w, whole or not at all. When it succeeds, w is
	// over and its session belongs to the backend again. When it fails, w is not over: make the call again if the error is
	// transient, abandon w otherwise; the body of the session stays the caller's. ErrSessionLost means that w was no longer
	// this caller's, for which there is no remedy: somebody else has the messages.
	Checkpoint(ctx context.Context, w *InstanceWork, c Checkpoint) error
	// Abandon gives the messages of w back. They come again in the same order, ahead of later ones.
	Abandon(ctx context.Context, w *InstanceWork, a Abandonment) error

	// NextActivity hands out an activity that is to be run.
	NextActivity(ctx context.Context) (*ActivityWork, error)
	// CompleteActivity delivers the result (TaskCompleted or TaskFailed) to the instance that scheduled the
	// activity. The result need not be stored when the call returns; until it is, a crash runs the activity again.
	CompleteActivity(ctx context.Context, w *ActivityWork, result history.Message) error
	// AbandonActivity gives the activity back; it will be handed out again.
	AbandonActivity(ctx context.Context, w *ActivityWork, a Abandonment) error
}

// Client is what programs do with instances from outside.
type Client interface {
	// Create stores a new instance and the message that starts it. It returns an *InstanceExistsError if an instance
	// with this id is in a state that may not be replaced; one in any other state is replaced, history and all.
	Create(ctx context.Context, c Creation) error
	// Send delivers a message to an instance. It returns ErrInstanceNotFound or ErrInstanceFinished where the backend
	// can tell that nobody will read it. An event for an entity that does not exist makes it; the execution that a message to an
	// entity names does not matter, and one that is to come later (history.DeliverAt) is kept back, never delivered early.
	Send(ctx context.Context, m history.Message) error
	// Get returns the state of an instance, or ErrInstanceNotFound.
	Get(ctx context.Context, instanceID string) (*InstanceState, error)
	// List returns a page of the instances that match, in order of their ids.
	List(ctx context.Context, q Query) (Page, error)
	// History returns the committed history of the instance's present execution, or ErrInstanceNotFound.
	History(ctx context.Context, instanceID string) ([]history.Event, error)
	// Rewind takes back the failures of an instance that has failed, and of its failed children, and lets them go on: the events that record
	// the failures become GenericEvents, the state becomes Pending, and a GenericEvent message with the reason wakes each instance that has
	// no failed child (DTFx: AzureTableTrackingStore.RewindHistoryAsync). It returns ErrInstanceNotFound, or a *NotFailedError.
	Rewind(ctx context.Context, instanceID string, reason *string) error
	// Purge removes an instance that has ended, or an entity in whatever state, with all that is kept of it. If target names an execution, only
	// that one is removed, and nothing may wait for it: then an entity that is found empty can be removed without losing what has come since.
	// It returns ErrInstanceNotFound, or ErrInstanceRunning.
	Purge(ctx context.Context, target history.Instance) error
	// PurgeAll is Purge for many, faster than one by one. It leaves out those that are not there and those that have not ended, and returns how many it
	// has removed, also if it ends with an error.
	PurgeAll(ctx context.Context, targets []history.Instance) (purged int, err error)
	// Wait blocks until the instance is in a terminal state and returns that state, or ErrInstanceNotFound.
	Wait(ctx context.Context, instanceID string) (*InstanceState, error)
	// Info says what the hub has to say about itself. It may cost some requests, or a second.
	Info(ctx context.Context) (HubInfo, error)
	// Poison is about messages that could not be processed.
	Poison
	// OrderedDelivery reports whether what one instance sends to another arrives exactly once and in the order of sending, so that entities need
	// not see to that themselves.
	OrderedDelivery() bool
}
