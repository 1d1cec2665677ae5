package entity

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Commit is what a batch decided.
type Commit struct {
	// Instance is the new execution.
	Instance history.Instance
	// Events are its whole history.
	Events []history.Event
	// State is what its input says.
	State history.EntityState
	// Messages are to be sent, in this order.
	Messages []history.Message
}

// Commit ends the batch, whether or not all operations have been run.
func (b *Batch) Commit(now time.Time) Commit {
	messages := b.replies
	b.replies = nil
	for _, t := range b.actions {
		b.number++
		messages = append(messages, t.message(b, t, now))
	}
	if b.Idle() && b.lock != nil {
		messages = append(messages, b.grant())
	} else {
		b.putBack()
	}
	self := history.Instance{ID: b.instance.ID}
	for _, r := range b.early {
		messages = append(messages, event(self, history.DelayedOperation(holdUntil(r.Due, now)), encode(r)))
	}
	if runnable(&b.state, b.state.Queue) {
		b.state.Suspended = true
		messages = append(messages, history.Message{Target: self, Event: &history.EventRaised{Name: history.EntityContinue}})
	}
	b.address(messages, now)
	b.state.Sorter = *b.sorter.EntitySorter
	if len(b.state.Queue) == 0 {
		b.state.Queue = nil
	}
	c := Commit{
		Instance: history.Instance{ID: b.instance.ID, ExecutionID: strings.ReplaceAll(b.derive("execution", "", 0), "-", "")},
		State:    b.state,
		Messages: messages,
	}
	input := encode(c.State)
	head := history.Header{ID: history.NoID, Time: now}
	c.Events = []history.Event{
		&history.OrchestratorStarted{Header: head},
		&history.ExecutionStarted{Header: head, Instance: c.Instance, Name: c.Instance.ID, Version: new(""), Input: &input},
		&history.OrchestratorCompleted{Header: head},
	}
	return c
}

// Status is the custom status of an entity with this state, as JSON.
func Status(s *history.EntityState) string {
	return encode(history.EntityStatus{Exists: s.State != nil, QueueSize: len(s.Queue), LockedBy: s.LockedBy})
}

// putBack queues what was chosen and not run, before everything else.
func (b *Batch) putBack() {
	rest := slices.Clip(b.chosen[b.finished:])
	if len(rest) == 0 {
		return
	}
	if b.lock != nil {
		rest = append(rest, *b.lock)
	}
	b.state.Queue = slices.Concat(rest, b.state.Queue)
}

// address gives messages their ids and times.
func (b *Batch) address(messages []history.Message, now time.Time) {
	for _, m := range messages {
		name, input := "", ""
		switch e := m.Event.(type) {
		case *history.EventRaised:
			name = e.Name
			if e.Input != nil {
				input = *e.Input
			}
		case *history.ExecutionStarted:
			name = e.Name
			if e.Input != nil {
				input = *e.Input
			}
		}
		of := strconv.Quote(m.Target.ID) + strconv.Quote(m.Target.ExecutionID) + strconv.Quote(name) + input
		*m.Event.Head() = history.Header{ID: history.NoID, Time: now, ActivityID: b.derive(m.Event.Type().String(), of, 0)}
	}
}

// reply adds the answer to a request, if anybody waits for one.
func (b *Batch) reply(r *history.EntityRequest, answer history.EntityResponse) {
	if !r.Signal && r.Parent != "" {
		b.replies = append(b.replies, event(history.Instance{ID: r.Parent, ExecutionID: r.ParentExecution}, r.ID, encode(answer)))
	}
}

func event(target history.Instance, name, input string) history.Message {
	return history.Message{Target: target, Event: &history.EventRaised{Name: name, Input: &input}}
}

// encode returns the JSON of a text or of one of history's types, which can't fail.
func encode(v any) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("entity: " + err.Error())
	}
	return strings.TrimSuffix(text.String(), "\n")
}
