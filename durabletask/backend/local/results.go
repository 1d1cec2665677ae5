package local

import (
	"container/list"
	"log/slog"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// The result of an activity is delivered in memory. Until the checkpoint that consumes it, the row of the activity is its
// crash-safe copy: a crash runs the activity again. Usually the checkpoint comes at once, and the result is never written by
// itself. One that waits longer than saveInterval is.

// saveInterval is how often unsaved results are looked at. What was there the time before is saved, so a result waits for one to
// two intervals.
const saveInterval = 500 * time.Millisecond

// maxSaved is how many results one transaction saves.
const maxSaved = 1000

// results are those that have not been saved, in order of arrival.
type results struct {
	list  list.List // of *result
	round int       // counts the intervals
	armed bool      // the next interval is running
}

// A result is delivered, but not written.
type result struct {
	instance *instance
	message  *message
	round    int  // in which it came
	unread   bool // nobody will read it: the row of the activity is to go
}

func (r *results) add(u *result) {
	u.round = r.round
	u.message.unsaved = r.list.PushBack(u)
}

// remove strikes a result off: it has been saved or consumed.
func (r *results) remove(m *message) {
	if m.unsaved != nil {
		r.list.Remove(m.unsaved)
		m.unsaved = nil
	}
}

// disown notes that nobody will read the message.
func (r *results) disown(m *message) {
	if m.unsaved != nil {
		m.unsaved.Value.(*result).unread = true
	}
}

// armResults starts an interval if results wait.
func (b *Backend) armResults() {
	if b.results.armed || b.results.list.Len() == 0 || b.stage >= draining {
		return
	}
	b.results.armed = true
	time.AfterFunc(saveInterval, b.resultsDue)
}

func (b *Backend) resultsDue() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results.armed = false
	b.results.round++
	if b.results.list.Len() > 0 && b.stage < draining {
		b.enqueue(&save{before: b.results.round, log: b.log})
		b.armResults()
	}
}

// save writes the results that came before a round, and all of them if that is 0.
type save struct {
	reply
	before int
	log    *slog.Logger // takes the error if nobody waits for it
	saved  []saved
}

func (q *save) answer(err error) {
	if err != nil && q.log != nil {
		q.log.Error("cannot store the results of activities; trying again", "results", len(q.saved), "error", err)
	}
	q.reply.answer(err)
}

// saved is a result and the message row that now holds it.
type saved struct {
	*result
	at    row
	large bool
}

func (q *save) order() order { return order{rank: saveRank} }

func (q *save) prepare(t *transaction) (refused, failed error) {
	q.saved = q.saved[:0]
	t.b.mu.Lock()
	for e := t.b.results.list.Front(); e != nil && len(q.saved) < maxSaved; e = e.Next() {
		if u := e.Value.(*result); q.before == 0 || u.round < q.before {
			q.saved = append(q.saved, saved{result: u})
		}
	}
	t.b.mu.Unlock()
	for n := range q.saved {
		s := &q.saved[n]
		if err := t.run(deleteActivity, s.instance.key, s.message.row.seq); err != nil {
			return nil, err
		}
		if s.unread {
			continue
		}
		body, err := history.Append(nil, s.message.event)
		if err != nil {
			return nil, err
		}
		s.at, s.large = row{messages, t.nextSeq()}, len(body) > maxResident
		if err := t.run(insertMessage, s.instance.key, s.at.seq, nil, false, s.message.executionID, body); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (q *save) apply(b *Backend) {
	for _, s := range q.saved {
		b.results.remove(s.message)
		s.message.row = s.at
		if s.large {
			s.message.event = nil
		}
	}
}
