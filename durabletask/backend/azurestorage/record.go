package azurestorage

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A record is what is known of the committed state of an instance: enough to judge messages and to commit without reading the history again.
// It is changed by whoever has the instance's work or loads it, under the backend's lock.
type record struct {
	// sentinel is the row that fences the instance; its ETag is empty if there is none.
	sentinel wire.Sentinel
	// ours says that this process has committed on it: only then can a parked body be what it tells.
	ours bool
	// unread says that the history has not been looked at, because this is surely the first checkpoint of a new id.
	unread bool

	execution string // the present one; empty if there is none
	origin    string // the start it began with: that of the first generation
	parent    *history.ParentInstance
	started   bool
	status    history.Status // as the history tells
	end       *history.ExecutionCompleted
	last      time.Time // of the last event
	events    int
	episodes  int
	blobs     []string // that the history refers to

	decided  map[int]bool    // ids of decisions
	done     map[int]bool    // ids of decisions whose outcome is known
	requests map[string]bool // ids of requests to entities
	applied  map[string]bool // messages that the history shows
	before   map[string]bool // messages that earlier generations have applied
	// recent are the messages to any execution that were applied not long ago, in this generation or before; pruned is when that was last looked at.
	recent []wire.Applied
	pruned time.Time

	row rowState
	// past is the history as it was read, until it is handed out.
	past []history.Event
	read bool // past is valid
}

func newRecord() *record {
	return &record{
		decided: map[int]bool{}, done: map[int]bool{}, requests: map[string]bool{}, applied: map[string]bool{}, before: map[string]bool{},
	}
}

// next is the record of a new execution in the place of this one, before its first checkpoint.
func (r *record) next(execution string) *record {
	n := newRecord()
	n.sentinel, n.execution, n.origin, n.before, n.recent, n.blobs = r.sentinel, execution, execution, r.before, r.recent, r.blobs
	n.row, n.unread, n.read = r.row, r.unread, true
	for id := range r.applied {
		n.before[id] = true
	}
	return n
}

// ended reports whether the history has come to its end.
func (r *record) ended() bool { return r.started && r.status.Terminal() }

// heed takes the row's word for the end of the execution, which an episode may have come to without an event. Not for a failure that the history shows to
// be taken back: the row of an instance that is rewound comes last, and by then a child may have an answer for it.
func (r *record) heed(row *wire.InstanceRow) {
	if r.end == nil && rewoundHistory(r.past) {
		return
	}
	if row != nil && row.Status != nil && row.Status.Terminal() && r.started && isOf(row, r.execution) {
		r.status = *row.Status
	}
}

// torn reports whether the last checkpoint was not completed. Then what is delivered again has to go through an episode, which makes up for what is missing.
func (r *record) torn() bool {
	return r.sentinel.ETag != "" && !r.sentinel.Complete && r.execution == r.sentinel.ExecutionID
}

// add takes in events that have been committed or read. at says since when the message of an id counts as applied.
func (r *record) add(events []history.Event, at func(id string) time.Time) {
	r.events += len(events)
	for _, e := range events {
		head := e.Head()
		if head.ID >= 0 {
			r.decided[head.ID] = true
		}
		if head.Time.After(r.last) {
			r.last = head.Time
		}
		if head.ActivityID != "" {
			r.applied[head.ActivityID] = true
			if forAny(e) {
				r.recent = append(r.recent, wire.Applied{ID: head.ActivityID, At: at(head.ActivityID)})
			}
		}
		if id, ok := outcomeOf(e); ok {
			r.done[id] = true
		}
		switch e := e.(type) {
		case *history.OrchestratorStarted:
			r.episodes++
		case *history.ExecutionStarted:
			r.started, r.parent = true, e.Parent
		case *history.ExecutionCompleted:
			r.status, r.end = e.Status, e
		case *history.EventSent:
			if id := requestOf(e.Input); id != "" {
				r.requests[id] = true
			}
		}
	}
}

const (
	// appliedFor is how long an applied message is remembered after it was deleted: longer than any copy of it can be under way. A copy of what an
	// instance sends is made by a repeated episode, at the latest some minutes after a crash.
	appliedFor = 15 * time.Minute
	// appliedFromClient is how long one of a client is, which only the client itself repeats, within deliverTime.
	appliedFromClient = 2 * time.Minute
)

// prune forgets what was applied long ago.
func (r *record) prune(now time.Time) {
	if now.Sub(r.pruned) < pruneInterval && len(r.recent) < wire.MaxApplied {
		return
	}
	r.pruned = now
	r.recent = slices.DeleteFunc(r.recent, func(a wire.Applied) bool {
		old := now.Sub(a.At) > appliedFor
		if old {
			delete(r.before, a.ID)
		}
		return old
	})
}

// pruneInterval keeps that from being done for every message.
const pruneInterval = 15 * time.Second

// forAny reports whether an event comes to whatever execution there is, so that a copy can reach a later one.
func forAny(e history.Event) bool {
	switch e.(type) {
	case *history.EventRaised, *history.ExecutionSuspended, *history.ExecutionResumed, *history.ExecutionTerminated, *history.GenericEvent:
		return true
	}
	return false
}

// outcomeOf returns the decision whose outcome the event is.
func outcomeOf(e history.Event) (id int, ok bool) {
	switch e := e.(type) {
	case *history.TaskCompleted:
		return e.TaskID, true
	case *history.TaskFailed:
		return e.TaskID, true
	case *history.SubOrchestrationInstanceCompleted:
		return e.TaskID, true
	case *history.SubOrchestrationInstanceFailed:
		return e.TaskID, true
	case *history.TimerFired:
		return e.TimerID, true
	}
	return 0, false
}

// requestOf returns the id of the request to an entity that is the input of an event, if it is one.
func requestOf(input *string) string {
	if input == nil {
		return ""
	}
	var request struct {
		ID string `json:"id"`
	}
	if json.Unmarshal([]byte(*input), &request) != nil {
		return ""
	}
	return request.ID
}
