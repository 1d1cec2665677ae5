package azurestorage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Limits of patience with messages that come before what they refer to, by how often they have been received. (DTFx: wire §8.5, §8.6.)
const (
	maxStartDeliveries  = 10 // of a start without its row
	maxOrphanDeliveries = 5  // of a message for an execution that there is not
	maxEarlyDeliveries  = 10 // of an outcome of something that was never decided; the reference goes on for ever
)

// assumeNew makes the record of an instance that surely is new, so that nothing has to be read. The lock is held.
func (b *Backend) assumeNew(i *instance) {
	if i.record != nil || i.entity {
		return
	}
	m := i.inbox[0]
	e := m.start()
	if e == nil || !m.first() {
		return
	}
	switch {
	case e.Parent != nil && m.handed: // a child that this process starts
	case m.row != nil && m.row.Status != nil && *m.row.Status == history.Pending && (m.row.Generation == nil || *m.row.Generation == 0):
	default:
		return
	}
	i.record = newRecord()
	i.record.unread, i.record.read = true, true
}

// missing reports whether something has to be looked up before the inbox can be judged.
func (i *instance) missing() bool {
	if i.record == nil {
		return true
	}
	for _, m := range i.inbox {
		if m.wire.Event == nil || m.start() != nil && !i.entity && !m.checked && m.needsRow() && i.record.execution != m.start().Instance.ExecutionID {
			return true
		}
	}
	return false
}

// sift judges the messages in the inbox: those stay that are for a worker. The lock is held.
func (b *Backend) sift(i *instance) {
	s := sieve{b: b, i: i, seen: map[string]bool{}, outcomes: map[int]bool{}}
	b.acceptStart(&s)
	i.record.prune(b.env.Now())
	for _, m := range i.inbox {
		s.judge(m)
	}
	i.inbox = s.kept
}

// sieve is the judging of one inbox.
type sieve struct {
	b        *Backend
	i        *instance
	kept     []*message
	seen     map[string]bool // ids of messages kept
	outcomes map[int]bool    // decisions whose outcome is kept
	started  *message        // the start that was accepted
}

// acceptStart finds the start of a new execution, puts it in front, and makes the record that execution's.
func (b *Backend) acceptStart(s *sieve) {
	i := s.i
	if i.entity {
		return
	}
	for n, m := range i.inbox {
		e := m.start()
		if e == nil {
			continue
		}
		if e.Instance.ExecutionID == i.record.execution && !i.record.started { // accepted before, and given back
			i.inbox = slices.Concat([]*message{m}, i.inbox[:n], i.inbox[n+1:])
			s.started = m
			return
		}
		if i.record.knows(e) || !s.accepts(m, e) {
			continue
		}
		rest := slices.Concat(i.inbox[:n], i.inbox[n+1:])
		if i.record.execution != "" { // what came before was for the execution that is replaced
			for _, old := range i.inbox[:n] {
				s.drop(old)
			}
			rest = i.inbox[n+1:]
			b.end(b.sessions.Forget(i.id))
			i.version++
		}
		row := i.record.row
		i.record = i.record.next(e.Instance.ExecutionID)
		if m.row != nil {
			row = rowState{row: m.row, known: true}
		}
		i.record.row = row
		i.inbox = append([]*message{m}, rest...)
		s.started = m
		return
	}
}

// knows reports whether the start is that of the present execution, or of an earlier generation of it.
func (r *record) knows(e *history.ExecutionStarted) bool {
	id := e.Instance.ExecutionID
	return id == r.execution || id == r.sentinel.Origin
}

// accepts reports whether a start that is new begins an execution here and now.
func (s *sieve) accepts(m *message, e *history.ExecutionStarted) bool {
	r := s.i.record
	if !m.needsRow() {
		return !r.started || r.ended()
	}
	switch {
	case m.row == nil:
		return m.wire.Sender.InstanceID != "" && (!r.started || r.ended()) // no client, whose row would be about to come
	case m.row.ExecutionID != nil && !strings.EqualFold(*m.row.ExecutionID, e.Instance.ExecutionID):
		return false
	}
	return m.row.Status == nil || !m.row.Status.Terminal() // terminated before it began
}

// judge decides about one message.
func (s *sieve) judge(m *message) {
	r := s.i.record
	if m == s.started {
		s.keep(m)
		return
	}
	if e := m.start(); e != nil {
		s.judgeStart(m, e)
		return
	}
	id := m.wire.ActivityID
	if target := m.executionID(); target != nil && *target != r.execution {
		s.strange(m, *target)
		return
	}
	switch {
	case id != "" && s.seen[id]:
		s.drop(m)
	case id != "" && (r.applied[id] || r.before[id]):
		s.repeat(m)
	case r.ended():
		s.drop(m)
	case !r.started && s.started == nil && !s.i.entity:
		s.unstarted(m)
	case !r.started && s.i.entity && !raises(m):
		s.drop(m)
	case forAny(m.wire.Event) && len(r.recent) >= wire.MaxApplied:
		s.put(m, appliedFor/4)
	default:
		s.inOrder(m)
	}
}

func raises(m *message) bool {
	_, ok := m.wire.Event.(*history.EventRaised)
	return ok
}

// repeat drops a message that was applied already, unless the checkpoint with it was torn.
func (s *sieve) repeat(m *message) {
	if s.i.record.torn() {
		m.stale = s.i.record.before[m.wire.ActivityID]
		s.keep(m)
		return
	}
	s.drop(m)
}

// inOrder keeps a message, unless it tells the outcome of something that the history does not know yet, or knows already.
// (DTFx: OrchestrationSession.IsOutOfOrderMessage.)
func (s *sieve) inOrder(m *message) {
	r := s.i.record
	if e, ok := m.wire.Event.(*history.TimerFired); ok && e.FireAt.Sub(m.inserted) > maxDelay-time.Hour {
		if rest := e.FireAt.Sub(s.b.env.Now()); rest > time.Second { // longer than a message can be kept back at once
			s.put(m, min(rest, maxDelay))
			return
		}
	}
	if id, ok := outcomeOf(m.wire.Event); ok {
		switch {
		case r.done[id] || s.outcomes[id]:
			s.drop(m)
		case !r.decided[id]:
			s.early(m)
		default:
			s.outcomes[id] = true
			s.keep(m)
		}
		return
	}
	e, ok := m.wire.Event.(*history.EventRaised)
	if ok && !s.i.entity && history.IsEntity(m.wire.Sender.InstanceID) && !r.requests[e.Name] {
		s.early(m)
		return
	}
	s.keep(m)
}

// early puts a message back that came before what it refers to was stored.
func (s *sieve) early(m *message) {
	if m.held.dequeue >= maxEarlyDeliveries {
		s.b.toPoison(m, m.held.dequeue, fmt.Sprintf("its instance has never asked for it (received %d times)", m.held.dequeue))
		s.b.leave(1)
		return
	}
	s.put(m, backOff(m.held.dequeue))
}

// strange is for a message that names an execution which is not the present one.
func (s *sieve) strange(m *message, target string) {
	r := s.i.record
	toCome := r.execution == "" || r.row.row != nil && r.row.row.ExecutionID != nil && *r.row.row.ExecutionID == target
	if target != "" && toCome && m.held.dequeue <= maxOrphanDeliveries {
		s.put(m, backOff(m.held.dequeue))
		return
	}
	s.drop(m)
}

// unstarted is for a message to an instance that has not begun.
func (s *sieve) unstarted(m *message) {
	row := s.i.record.row.row
	pending := row != nil && row.Status != nil && *row.Status == history.Pending
	if e, ok := m.wire.Event.(*history.ExecutionTerminated); ok && pending {
		s.b.terminateUnstarted(s.i, m, e)
		s.b.leave(1)
		return
	}
	switch {
	case pending: // its start is to come
		until := row.ScheduledStart.Sub(s.b.env.Now())
		s.put(m, min(max(until, 0)+min(backOff(m.held.dequeue), time.Minute), maxDelay)) // the start may have been given up
	case row == nil && m.held.dequeue <= 1: // it may have overtaken the start
		s.put(m, time.Second)
	default:
		s.drop(m)
	}
}

// judgeStart decides about a start that doesn't begin an execution now.
func (s *sieve) judgeStart(m *message, e *history.ExecutionStarted) {
	r := s.i.record
	switch {
	case s.i.entity:
		s.b.toPoison(m, m.held.dequeue, fmt.Sprintf("ids that begin with @ are entities': %q can't be an orchestration", s.i.id))
		s.b.leave(1)
	case r.knows(e):
		if e.Instance.ExecutionID == r.execution && s.started == nil {
			s.repeat(m)
			return
		}
		s.drop(m)
	case e.Parent != nil:
		if _, detached := e.Tags[history.FireAndForget]; detached || sameTask(e.Parent, r.parent) { // nobody waits, or it is another try of the same parent
			s.drop(m)
			return
		}
		s.b.leave(1)
		s.b.refuse(m, e, r.status)
	case m.row == nil:
		s.rowless(m)
	case m.row.ExecutionID != nil && !strings.EqualFold(*m.row.ExecutionID, e.Instance.ExecutionID):
		s.mismatched(m, e)
	default: // it has ended before it began
		s.drop(m)
	}
}

// rowless is for a start whose row is not there: the client writes it after the message.
func (s *sieve) rowless(m *message) {
	if m.wire.Sender.InstanceID != "" || m.held.dequeue >= maxStartDeliveries { // the id is in use; or the client gave up
		s.drop(m)
		return
	}
	s.put(m, backOff(m.held.dequeue))
}

// mismatched is for a start whose row is another's: the client has lost a race, or is about to replace the row.
func (s *sieve) mismatched(m *message, e *history.ExecutionStarted) {
	same := generationOf(e.Generation) == generationOf(m.row.Generation)
	newer := m.row.CreatedTime.Before(e.Time) && m.row.Status != nil && *m.row.Status == history.Pending
	switch {
	case m.wire.Sender.InstanceID != "", same && (newer || m.held.dequeue > 1), m.held.dequeue >= maxStartDeliveries,
		generationOf(e.Generation) < generationOf(m.row.Generation): // the row is a later start's
		s.drop(m)
	default:
		s.put(m, backOff(m.held.dequeue))
	}
}

func generationOf(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func sameTask(a, b *history.ParentInstance) bool {
	return a != nil && b != nil && a.Instance == b.Instance && a.TaskID == b.TaskID
}

func (s *sieve) keep(m *message) {
	if id := m.wire.ActivityID; id != "" {
		s.seen[id] = true
	}
	s.kept = append(s.kept, m)
}

// drop deletes a message for good.
func (s *sieve) drop(m *message) {
	s.b.leave(1)
	s.b.goes("drop "+m.held.id, func(ctx context.Context) { s.b.delete(ctx, m.held) })
}

// put gives a message back for a while. It is forgotten until it is received again.
func (s *sieve) put(m *message, delay time.Duration) {
	s.b.leave(1)
	s.b.goes("put back "+m.held.id, func(ctx context.Context) { s.b.putBack(ctx, m, delay) })
}

// backOff is how long a message rests that was received n times. (DTFx: TaskHubQueue.AbandonMessageAsync, 2^n seconds up to 10 minutes; this
// begins with a second, for most of what comes early is only that much early.)
func backOff(n int) time.Duration {
	const longest = 10 * time.Minute
	return min(time.Second<<min(max(n-1, 0), 16), longest)
}
