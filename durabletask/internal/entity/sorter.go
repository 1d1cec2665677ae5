package entity

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// The sorter makes requests from orchestrations and entities arrive once and in the order in which they were sent, as long as
// they arrive within a window. The sender labels each request with a time stamp and that of the one before; the receiver
// holds back a request until the one before it has been let through. (DTFx: Core/Entities/StateFormat/MessageSorter.cs.)

// DefaultReorderWindow is the reference's.
const DefaultReorderWindow = 30 * time.Minute

// minCleanUp is the least time between two clean-ups of what a sorter remembers.
const minCleanUp = 10 * time.Second

// sorter works on state of its own.
type sorter struct {
	*history.EntitySorter
	window time.Duration
}

func newSorter(s history.EntitySorter, window time.Duration) sorter {
	s.LastSent, s.Received = maps.Clone(s.LastSent), maps.Clone(s.Received)
	return sorter{&s, window}
}

// stale reports whether the window has gone so far beyond a horizon that it is worth moving that.
func (s sorter) stale(horizon, now time.Time) bool {
	return horizon.Add(s.window).Add(minCleanUp).Before(now)
}

// label gives a request to an instance its place in the order.
//
// Differs from DTFx, which doesn't tell upper from lower case in ids while it is in memory: keys do, and an entity would wait for
// a request that another one got.
func (s sorter) label(r *history.EntityRequest, instanceID string, now time.Time) {
	if s.window == 0 {
		return
	}
	now = now.UTC().Truncate(history.Resolution)
	if s.stale(s.SendHorizon, now) {
		s.SendHorizon = now.Add(-s.window)
		maps.DeleteFunc(s.LastSent, func(_ string, last time.Time) bool { return last.Before(s.SendHorizon) })
	}
	r.Timestamp = now
	if last, ok := s.LastSent[instanceID]; ok {
		r.Predecessor = last
		if !now.After(last) {
			r.Timestamp = last.Add(history.Resolution)
		}
	}
	if s.LastSent == nil {
		s.LastSent = make(map[string]time.Time)
	}
	s.LastSent[instanceID] = r.Timestamp
}

// sorted reports whether a request takes part in the ordering. Clients don't label theirs, and a lock request that was
// forwarded has the label of its first leg. Differs from DTFx, which takes a sender's request without label for a repeat.
func (s sorter) sorted(r *history.EntityRequest) bool {
	return s.window != 0 && r.Parent != "" && r.Position == 0 && !r.Timestamp.IsZero()
}

// receive calls deliver for each request that can be let through now that r is here: none, r, or others as well.
func (s sorter) receive(r history.EntityRequest, deliver func(history.EntityRequest)) {
	if !s.sorted(&r) {
		deliver(r)
		return
	}
	if s.stale(s.ReceiveHorizon, r.Timestamp) {
		s.ReceiveHorizon = r.Timestamp.Add(-s.window)
		s.forget(deliver)
	}
	if r.Timestamp.Before(s.ReceiveHorizon) {
		deliver(r) // too old for any promise
		return
	}
	source, known := s.Received[r.Parent]
	switch {
	case !known:
		source.ExecutionID = r.ParentExecution
	case source.ExecutionID != r.ParentExecution:
		for _, waiting := range source.Buffered {
			deliver(waiting)
		}
		source = history.EntitySource{ExecutionID: r.ParentExecution, Buffered: source.Buffered[:0:0]}
	}
	switch {
	case !r.Timestamp.After(source.Last): // a repeat
	case r.Predecessor.After(source.Last) && !r.Predecessor.Before(s.ReceiveHorizon):
		source.Buffered = insert(source.Buffered, r)
	default:
		deliver(r)
		source.Last = r.Timestamp
		s.release(&source, deliver)
	}
	if s.Received == nil {
		s.Received = make(map[string]history.EntitySource)
	}
	s.Received[r.Parent] = source
}

// release lets the buffered requests through whose predecessors are through or too old.
func (s sorter) release(source *history.EntitySource, deliver func(history.EntityRequest)) {
	for len(source.Buffered) > 0 {
		first := source.Buffered[0]
		if first.Predecessor.After(source.Last) && !first.Predecessor.Before(s.ReceiveHorizon) {
			return
		}
		deliver(first)
		if source.Last = first.Timestamp; source.Last.Before(s.ReceiveHorizon) {
			source.Last = time.Time{}
		}
		source.Buffered = source.Buffered[1:]
	}
}

// forget drops what lies behind the horizon.
func (s sorter) forget(deliver func(history.EntityRequest)) {
	for _, id := range slices.Sorted(maps.Keys(s.Received)) {
		source := s.Received[id]
		if source.Last.Before(s.ReceiveHorizon) {
			source.Last = time.Time{}
		}
		s.release(&source, deliver)
		if source.Last.IsZero() && len(source.Buffered) == 0 {
			delete(s.Received, id)
		} else {
			s.Received[id] = source
		}
	}
}

// insert returns a copy of the buffer with r in its place; a request with the same time stamp is replaced by the later one.
func insert(buffer []history.EntityRequest, r history.EntityRequest) []history.EntityRequest {
	buffer = slices.Clone(buffer)
	i, found := slices.BinarySearchFunc(buffer, r, func(a, b history.EntityRequest) int { return cmp.Compare(a.Timestamp.Compare(b.Timestamp), 0) })
	if found {
		buffer[i] = r
		return buffer
	}
	return slices.Insert(buffer, i, r)
}
