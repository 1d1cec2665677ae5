package backend

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// InstanceWork is an orchestration or an entity that has new messages.
type InstanceWork struct {
	// Instance is the present execution; that of an entity which has not been stored yet has no execution id.
	Instance history.Instance
	// Version stands for the committed history: it differs after every checkpoint that added to it.
	Version uint64
	// Messages are new, in order of arrival; never empty.
	Messages []history.Message
	// Attempt counts how often the first of the messages has been handed out by this process; 1 is the first time.
	Attempt int
	// Began is when an earlier attempt at the messages began its episode, if that may have sent something that depends on the time; else zero. An
	// episode that begins at the same time makes the same decisions.
	Began time.Time
	// Session outlives the work. The worker parks the orchestration in it.
	Session *Session
	// Receipt is the backend's own.
	Receipt any
}

// ActivityWork is an activity that is to be run.
type ActivityWork struct {
	// Message holds the TaskScheduled event and the instance that scheduled it.
	Message history.Message
	// Attempt counts how often this process has handed it out; 1 is the first time.
	Attempt int
	// Receipt is the backend's own.
	Receipt any
}

// Checkpoint is what an episode decided, or a part of it. Its zero value drops the messages of the work and changes nothing else.
type Checkpoint struct {
	// More says that the episode goes on: w stays with the caller, with its messages and its session, and only its Version moves
	// on. After a crash the messages are delivered again, and the history tells what is done.
	More bool
	// Events are appended to the history. If State names another execution than the work does, the instance has continued as
	// new: then they are its whole history, and what was there for the old execution (history, timers, messages to it by name) is
	// dropped.
	Events []history.Event
	// Activities are to be run (TaskScheduled).
	Activities []history.Message
	// Timers come back to their target when they are due, never earlier (TimerFired).
	Timers []history.Message
	// Messages go to other instances, or to this one. A start (ExecutionStarted) creates its instance, Pending. If another one with the id has not
	// ended it doesn't, and a parent that waits for the child gets a SubOrchestrationInstanceFailed. An event for an unknown entity makes it. Any
	// other message for an instance that is unknown or has ended is dropped.
	Messages []history.Message
	// State is the new state of the instance; nil leaves it as it is. A terminal state ends the execution: messages and timers
	// that still wait for it are dropped, and its session ends. Its activities, those of this checkpoint included, are run all
	// the same, and their results dropped.
	State *InstanceState
}

// Abandonment says why work is given back and for how long it rests.
type Abandonment struct {
	// Cause is for the log; it is never nil.
	Cause error
	// Delay is how long the work is kept back before it is handed out again.
	Delay time.Duration
	// Poisonous says that the messages themselves are at fault, and no other worker, later time or deployment would do better. What fails so MaxTries
	// times is given up (see Poison). An instance with several messages gets them one by one by then, so that only the guilty one is.
	Poisonous bool
}

// Creation is a new instance.
type Creation struct {
	// Start is the ExecutionStarted message. With a ScheduledStart it is delivered not before that.
	Start history.Message
	// Fresh says that the id was made for this instance, so that there can't be another one.
	Fresh bool
	// Refuse lists the states in which an existing instance with this id is not replaced. A replacement's Generation is one more
	// than that of the instance it replaces.
	Refuse []history.Status
}

// InstanceState is what a status query shows of an instance.
type InstanceState struct {
	Instance history.Instance
	Name     string
	Version  *string
	Status   history.Status
	Input    *string
	Output   *string
	Failure  *history.FailureDetails
	// CustomStatus is JSON text; nil if the orchestration never set one.
	CustomStatus *string
	Tags         map[string]string
	// Parent is the orchestration that this one is a child of, or nil.
	Parent *history.ParentInstance
	// Generation counts how often the id has been started anew. Nil in a checkpoint leaves it as it is.
	Generation *int
	// Times are UTC. Created is when the present generation was started; ScheduledStart and Completed are zero if
	// there is none.
	Created, Updated, ScheduledStart, Completed time.Time
}

// PendingState is the state of an instance before its first episode.
func PendingState(target history.Instance, start *history.ExecutionStarted, now time.Time) *InstanceState {
	created := start.Time
	if created.IsZero() {
		created = now
	}
	return &InstanceState{
		Instance:       target,
		Name:           start.Name,
		Version:        start.Version,
		Status:         history.Pending,
		Input:          start.Input,
		Parent:         start.Parent,
		Tags:           start.Tags,
		Generation:     start.Generation,
		Created:        created,
		Updated:        created,
		ScheduledStart: start.ScheduledStart,
	}
}

// Query selects instances. The zero value selects all of them.
type Query struct {
	// Prefix is what the instance id begins with.
	Prefix string
	// Statuses lists the states wanted; empty means any.
	Statuses []history.Status
	// CreatedFrom and CreatedTo are inclusive bounds; zero means none.
	CreatedFrom, CreatedTo time.Time
	// OmitInput leaves the inputs out.
	OmitInput bool
	// AnyOrder lets the instances come in the order that costs the store least, for those who look at all of them. A token is good for the same
	// order only.
	AnyOrder bool
	// PageSize is the largest number of instances in the answer: 1 to MaxPageSize; 0 means DefaultPageSize.
	PageSize int
	// Token is the Next of the page before; empty asks for the first page.
	Token string
}

// Limits of Query.PageSize. The upper one is the limit of Azure Tables.
const (
	DefaultPageSize = 100
	MaxPageSize     = 1000
)

// Page is one part of the answer to a query.
type Page struct {
	Instances []*InstanceState
	// Next asks for the page that follows; empty on the last. Printable ASCII without blanks.
	Next string
}
