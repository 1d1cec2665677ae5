package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// ErrPoisonNotFound means that no message with this id is among those that were given up: it has been replayed or dropped.
var ErrPoisonNotFound = errors.New("no such message among those that were given up")

// MaxTries is how often a message is tried that fails by its own making, before it is given up: one that can't be understood, that makes the
// engine panic, or that leads to something which storage refuses for good. What fails for another reason is tried for ever.
const MaxTries = 10

// Poison is what people do with messages that were given up. Nothing else touches them: they stay until they are replayed or dropped.
type Poison interface {
	// ListPoison returns a page of the messages that were given up, the oldest first, without their texts.
	ListPoison(ctx context.Context, q PoisonQuery) (PoisonPage, error)
	// GetPoison returns one of them with its text, or ErrPoisonNotFound.
	GetPoison(ctx context.Context, id string) (*PoisonMessage, error)
	// ReplayPoison puts a message back to where it was, as if it had just arrived: nobody has tried it yet. If the process ends meanwhile the message may
	// be there twice, in its place and among those that were given up, but never nowhere. It returns ErrPoisonNotFound, and ErrInstanceNotFound or
	// ErrInstanceFinished where the backend can tell that nobody would read it; then it stays.
	ReplayPoison(ctx context.Context, id string) error
	// DropPoison deletes a message for good, or returns ErrPoisonNotFound. An instance that is Pending and whose start is dropped becomes
	// Terminated: it could never begin.
	DropPoison(ctx context.Context, id string) error
}

// PoisonMessage is a message that was given up.
type PoisonMessage struct {
	// ID names it among those that were given up: printable ASCII without blanks.
	ID string
	// Queue is where it was: the name of the queue, or of the table.
	Queue string
	// InstanceID is the instance that it is for or, for an activity, that scheduled it. Empty if it can't be told.
	InstanceID string
	// Kind is that of its event, such as EventRaised; empty if it can't be told. Name is that of the event, activity or orchestrator, if it has one.
	Kind, Name string
	// At is when it was given up, Tries how often it was tried before.
	At    time.Time
	Tries int
	// Reason says what was wrong with it.
	Reason string
	// Size is that of its text in bytes.
	Size int
	// Text is what is stored of it; only from GetPoison.
	Text string
}

// PoisonQuery selects messages that were given up.
type PoisonQuery struct {
	// PageSize is the largest number of messages in the answer: 1 to MaxPageSize; 0 means DefaultPageSize.
	PageSize int
	// Token is the Next of the page before; empty asks for the first page.
	Token string
}

// PoisonPage is one part of the messages that were given up.
type PoisonPage struct {
	Messages []PoisonMessage
	// Next asks for the next page; empty if there is none.
	Next string
}

// DroppedStart is the output of an instance that was terminated because its start was dropped.
const DroppedStart = "its start could not be processed and was dropped"

// Describe returns the kind of a message's event and the name in it: PoisonMessage.Kind and Name.
func Describe(e history.Event) (kind, name string) {
	switch e := e.(type) {
	case nil:
		return "", ""
	case *history.ExecutionStarted:
		name = e.Name
	case *history.TaskScheduled:
		name = e.Name
	case *history.EventRaised:
		name = e.Name
	}
	return e.Type().String(), name
}

// DroppedChild is the message that tells a parent that its child will never begin, because the start was dropped; nil if nobody waits for it.
func DroppedChild(start history.Event, now time.Time) *history.Message {
	e, ok := start.(*history.ExecutionStarted)
	if !ok || e.Parent == nil {
		return nil
	}
	if _, detached := e.Tags[history.FireAndForget]; detached {
		return nil
	}
	return &history.Message{Target: e.Parent.Instance, Event: &history.SubOrchestrationInstanceFailed{
		Header: history.Header{ID: history.NoID, Time: now, ActivityID: e.ActivityID}, TaskID: e.Parent.TaskID, Reason: DroppedStart,
		Failure: &history.FailureDetails{ErrorType: "StartDropped", ErrorMessage: DroppedStart, NonRetriable: true},
	}}
}

// Size is how many messages the page may have, or says that PageSize is out of range.
func (q PoisonQuery) Size() (int, error) {
	switch {
	case q.PageSize == 0:
		return DefaultPageSize, nil
	case q.PageSize < 0 || q.PageSize > MaxPageSize:
		return 0, fmt.Errorf("page size %d is not between 1 and %d", q.PageSize, MaxPageSize)
	}
	return q.PageSize, nil
}
