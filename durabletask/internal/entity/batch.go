package entity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Options are the limits of an entity. The zero value has none.
type Options struct {
	// ReorderWindow is how long requests may be under way and still arrive once and in order; 0 if the store sees to that.
	ReorderWindow time.Duration
	// MaxOperations is how many operations are run before the state is stored; 0 means all that wait.
	MaxOperations int
	// KeepFailed keeps what an operation has done before it failed: state, signals and starts. (ext: rollbackEntityOperationsOnExceptions = false.)
	KeepFailed bool
	// MaxStateBytes is how large an entity's state may be; an operation that makes it larger fails. 0 means any size.
	MaxStateBytes int
}

// Work is what has come for an entity.
type Work struct {
	// Instance is the current execution. Its execution id is empty if the entity has no record yet; then ids are derived from the
	// first event's ActivityID.
	Instance history.Instance
	// State is that of the record; zero if there is none.
	State history.EntityState
	// Started is when the current execution was stored; zero if there is none.
	Started time.Time
	// Events are the messages, in the order in which they arrived.
	Events []history.Event
	// Now is the wall clock.
	Now time.Time
}

// Batch is the work on an entity from one stored state to the next.
type Batch struct {
	options  Options
	instance history.Instance
	seed     string // ids are derived from it
	state    history.EntityState
	sorter   sorter

	dropped  []Dropped
	early    []history.EntityRequest // to be sent again, for they came before they are due
	chosen   []history.EntityRequest // operations of this batch
	lock     *history.EntityRequest  // to be granted after them
	finished int                     // number of operations that are done
	replies  []history.Message
	actions  []taken
	causes   map[string]int // number of actions that requests with an id have taken
	number   int            // of actions that have become messages
	ids      int            // number of ids made for the operations
}

// Begin takes new messages in and chooses the operations to run.
func Begin(w Work, o Options) *Batch {
	b := &Batch{
		options: o, instance: w.Instance, seed: w.Instance.ExecutionID, state: w.State, sorter: newSorter(w.State.Sorter, o.ReorderWindow),
		causes: make(map[string]int),
	}
	if b.seed == "" && len(w.Events) > 0 {
		b.seed = w.Events[0].Head().ActivityID
	}
	b.state.Queue = slices.Clone(w.State.Queue)
	b.intake(w.Events, w.Now)
	if b.state.Suspended && w.Now.Sub(w.Started) > lostContinue {
		b.state.Suspended = false
	}
	b.choose()
	return b
}

// choose takes operations from the queue up to the limit, or up to a lock request, which is always the last. Of a locked
// entity only the owner's are taken.
func (b *Batch) choose() {
	queue := b.state.Queue
	for b.lock == nil && runnable(&b.state, queue) {
		if b.options.MaxOperations > 0 && len(b.chosen) == b.options.MaxOperations {
			break // Commit sees that there is more
		}
		r := queue[0]
		queue = queue[1:]
		switch {
		case unanswerable(&r): // left in the queue by another program
		case r.LockSet != nil:
			b.lock = &r
		default:
			b.chosen = append(b.chosen, r)
		}
	}
	b.state.Queue = queue
}

// runnable reports whether the first of the queue can be run now.
func runnable(s *history.EntityState, queue []history.EntityRequest) bool {
	return !s.Suspended && len(queue) > 0 && (s.LockedBy == "" || s.LockedBy == queue[0].Parent)
}

// Dropped are the events that were not understood. They are not processed, and not kept.
func (b *Batch) Dropped() []Dropped { return b.dropped }

// Blocked returns the owner of the lock that keeps the batch from running anything, or "" if something can be run or nothing waits.
func (b *Batch) Blocked() string {
	if len(b.chosen) > 0 || b.lock != nil || len(b.state.Queue) == 0 || b.state.Suspended {
		return ""
	}
	return b.state.LockedBy
}

// Size is how many operations the batch runs.
func (b *Batch) Size() int { return len(b.chosen) }

// KeepsFailed reports whether the state that a failed operation has left counts.
func (b *Batch) KeepsFailed() bool { return b.options.KeepFailed }

// Idle reports whether there is no operation to run, so that Commit can be called at once.
func (b *Batch) Idle() bool { return b.finished == len(b.chosen) }

// Operation is an operation to run.
type Operation struct {
	history.EntityRequest
	// State is the entity's state before the operation; nil if the entity does not exist.
	State *string
	batch *Batch
}

// NewID makes an identifier (a GUID with dashes) for the operation's use, such as the id of an orchestration that it starts. If the
// batch has to be run again, the same operations get the same ones.
func (o Operation) NewID() string {
	o.batch.ids++
	return o.batch.derive("id", o.ID, o.batch.ids)
}

// Result is what came of an operation.
type Result struct {
	// State is the state after the operation; nil or JSON's null if the entity is deleted.
	State *string
	// Output is the JSON of the result, or nil.
	Output *string
	// Failure says that the operation failed: then State and Actions don't count, unless Options.KeepFailed.
	Failure *history.FailureDetails
	Actions []Action
}

// Next returns the operation to run now, until Done is called for it; false if there is none left.
func (b *Batch) Next() (Operation, bool) {
	if b.Idle() {
		return Operation{}, false
	}
	return Operation{b.chosen[b.finished], b.state.State, b}, true
}

// Done takes the result of the operation that Next returned.
//
// Differs from DTFx: a state of null is no state, for all readers see it so.
func (b *Batch) Done(result Result) {
	r := &b.chosen[b.finished]
	b.finished++
	if result.State != nil && strings.TrimSpace(*result.State) == "null" {
		result.State = nil
	}
	tooLarge := b.tooLarge(result.State)
	if result.Failure == nil {
		result.Failure = tooLarge
	}
	if result.Failure == nil || b.options.KeepFailed && tooLarge == nil {
		b.state.State = result.State
		for _, a := range result.Actions {
			b.actions = append(b.actions, taken{a, r.ID, b.causes[r.ID]})
			b.causes[r.ID]++
		}
	}
	b.reply(r, answer(result))
}

// tooLarge says that a state is over the limit, and larger than the one before: what is there can be worked with.
func (b *Batch) tooLarge(state *string) *history.FailureDetails {
	limit := b.options.MaxStateBytes
	if state == nil || limit <= 0 || len(*state) <= limit || b.state.State != nil && len(*state) <= len(*b.state.State) {
		return nil
	}
	return &history.FailureDetails{
		ErrorType:    KindStateTooLarge,
		ErrorMessage: fmt.Sprintf("the state would be %d bytes, and an entity's may be %d", len(*state), limit),
		NonRetriable: true,
	}
}

// KindStateTooLarge is the ErrorType of an operation that failed because of Options.MaxStateBytes.
const KindStateTooLarge = "EntityStateTooLarge"

// Fail ends the batch for a reason that has nothing to do with a single operation: all that are left fail with it.
func (b *Batch) Fail(failure *history.FailureDetails) {
	for op, ok := b.Next(); ok; op, ok = b.Next() {
		b.Done(Result{State: op.State, Failure: failure})
	}
}
