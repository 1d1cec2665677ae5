package local

import (
	"errors"
	"fmt"
	"slices"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A message that can't be processed for a reason of its own is given up: it moves to the table poison, and those that come after it go on. In memory
// it is gone at once; in the file it moves with the next commit. A crash in between finds it where it was.

// undecodableError says that the text of a message, which was read whole, can't be understood. Reading it again would give the same, so it is given
// up at once.
type undecodableError struct{ cause error }

func (e *undecodableError) Error() string { return "it can't be understood: " + e.cause.Error() }

func (e *undecodableError) Unwrap() error { return e.cause }

// decodeBody reads the text of a message. A kind that a newer version has written is no *undecodableError: that version may come again.
func decodeBody(text []byte) (history.Event, error) {
	events, err := history.Decode(text)
	if err == nil && len(events) != 1 {
		err = fmt.Errorf("it holds %d events", len(events))
	}
	switch {
	case errors.Is(err, history.ErrUnknownKind):
		return nil, fmt.Errorf("run a newer version: %w", err)
	case err != nil:
		return nil, &undecodableError{err}
	}
	return events[0], nil
}

// suspect reports whether the message has failed so often, with or without others, that it is to be handed out alone: then the guilty one shows.
func (m *message) suspect() bool { return m.failures >= backend.MaxTries/2 }

// giveUp counts a failure of work, and gives up the messages that have failed too often by their own making. It returns the others.
func (b *Backend) giveUp(r *receipt, a backend.Abandonment) []*message {
	if !a.Poisonous && !r.refused {
		return r.messages
	}
	reason := a.Cause.Error()
	q := b.newBury(r.instance)
	for _, m := range r.messages {
		if m.failures++; m.failures >= backend.MaxTries {
			q.add(m, m.failures, reason)
		}
	}
	b.bury(q)
	return slices.DeleteFunc(slices.Clone(r.messages), q.has)
}

// setAside gives up the messages of work that can't be understood, and puts the others back.
func (b *Backend) setAside(w *receipt, broken map[*message]error) {
	i := w.instance
	w.state = over
	i.out = nil
	q := b.newBury(i)
	for _, m := range w.messages {
		if cause, ok := broken[m]; ok {
			q.add(m, m.attempts+1, cause.Error())
		}
	}
	b.bury(q)
	i.inbox = append(slices.DeleteFunc(slices.Clone(w.messages), q.has), i.inbox...)
	i.place = parked
	b.settle(i)
}

// giveUpActivity takes an activity out of circulation.
func (b *Backend) giveUpActivity(a *activity, tries int, reason string) {
	q := b.newBury(a.instance)
	kind, name := backend.Describe(a.event)
	q.all = []buried{{activity: a, tries: tries, reason: reason, kind: kind, name: name}}
	b.removeActivity(a)
	b.settle(a.instance)
	b.bury(q)
}

// bury is the request that moves messages of an instance to the table poison.
type bury struct {
	b        *Backend
	instance *instance
	id       string
	all      []buried
	tries    int // of the request itself
}

type buried struct {
	message            *message
	activity           *activity
	tries              int
	reason, kind, name string
}

func (b *Backend) newBury(i *instance) *bury { return &bury{b: b, instance: i, id: i.id} }

func (q *bury) add(m *message, tries int, reason string) {
	kind, name := backend.Describe(m.event)
	q.all = append(q.all, buried{message: m, tries: tries, reason: reason, kind: kind, name: name})
}

func (q *bury) has(m *message) bool {
	return slices.ContainsFunc(q.all, func(e buried) bool { return e.message == m })
}

// bury queues the request. The lock is held.
func (b *Backend) bury(q *bury) {
	if len(q.all) == 0 || b.stage == stopped {
		return
	}
	for _, e := range q.all {
		if i := q.instance; e.message != nil && e.message.start && i.version == 0 { // what comes after its start waits for it
			i.held = true
			b.keep(i)
		}
	}
	b.enqueue(q)
}

func (q *bury) order() order { return order{poisonRank, q.id, ""} }

func (q *bury) prepare(t *transaction) (refused, failed error) {
	for n := range q.all {
		if err := q.write(t, &q.all[n]); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (q *bury) write(t *transaction, e *buried) error {
	at := row{table: activities}
	s, remove := buryActivity, deleteActivity
	var result []byte
	if e.activity != nil {
		at.seq = e.activity.seq
	} else {
		t.b.mu.Lock()
		at = e.message.row // a result may have been saved meanwhile
		event := e.message.event
		t.b.mu.Unlock()
		if at.table == messages {
			s, remove = buryMessage, deleteMessage
		} else if s = buryResult; event != nil {
			var err error
			if result, err = history.Append(nil, event); err != nil {
				return err
			}
		}
	}
	args := []any{q.instance.key, at.seq, t.b.env.Now(), e.tries, q.id, e.kind, e.name, e.reason}
	if s == buryResult {
		args = append(args, result)
	}
	if err := t.run(s, args...); err != nil {
		return err
	}
	return t.run(remove, q.instance.key, at.seq)
}

func (q *bury) apply(b *Backend) {
	for _, e := range q.all {
		if e.message != nil {
			b.results.remove(e.message)
		}
		b.log.Error("a message was given up; it is among the poison messages", "instance", q.id, "kind", e.kind, "name", e.name, "tries", e.tries, "reason", e.reason)
	}
}

// answer tries a request again that failed: the messages are in no line any more.
func (q *bury) answer(err error) {
	if err == nil {
		return
	}
	q.b.log.Error("cannot move what was given up to the poison messages; trying again", "instance", q.id, "error", err)
	q.b.mu.Lock()
	defer q.b.mu.Unlock()
	q.tries++
	if q.b.stage < draining {
		q.b.after(pause(q.tries), func() { q.b.bury(q) })
	}
}
