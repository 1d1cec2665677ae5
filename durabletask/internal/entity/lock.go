package entity

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// granted is the result in the answer that grants a lock. Nobody looks at it.
const granted = "Lock Acquisition Completed"

// grant locks the entity for whoever asked. The message sends the request on to the next entity of the set, or tells the owner that
// it has got them all.
func (b *Batch) grant() history.Message {
	r := *b.lock
	b.state.LockedBy = r.Parent
	if r.Position++; r.Position < len(r.LockSet) {
		return event(history.Instance{ID: r.LockSet[r.Position].InstanceID()}, history.EntityOperation, encode(r))
	}
	return event(history.Instance{ID: r.Parent, ExecutionID: r.ParentExecution}, r.ID, encode(history.EntityResponse{Result: new(granted)}))
}

// Orphaned reports whether the owner of a lock is gone, so that nobody will give the lock back. The status is nil if there is no such
// instance. (Differs from in-process .NET, which breaks the locks of suspended and pending orchestrations.)
func Orphaned(owner *history.Status) bool { return owner == nil || owner.Terminal() }

// OrphanRelease is the event that gives the lock of an owner back in its place, and takes back its request for one.
func OrphanRelease(owner string) *history.EventRaised {
	input := encode(history.EntityRelease{Parent: owner, ID: "fix-orphaned-lock"})
	return &history.EventRaised{Name: history.EntityReleased, Input: &input}
}

// Removable reports whether the record of an entity that was stored at a time holds nothing any more: no state, no lock, nothing
// queued, and no request can come that the sorter would have to know.
func Removable(s *history.EntityState, stored, now time.Time, o Options) bool {
	return s.State == nil && s.LockedBy == "" && len(s.Queue) == 0 && (o.ReorderWindow == 0 || now.Sub(stored) > o.ReorderWindow)
}
