package entity

import (
	"maps"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Action is what an operation does beyond its entity: a [Signal] or a [Start].
type Action interface {
	message(b *Batch, t taken, now time.Time) history.Message
}

// taken is an action and what it is known by.
type taken struct {
	Action
	cause string // id of the request that took it
	index int    // among the actions of requests with that id
}

// Signal sends an operation to an entity. Nobody answers it.
type Signal struct {
	Target    history.EntityID
	Operation string
	// Input is JSON text, or nil.
	Input *string
	// Due is when the operation may run; zero means at once.
	Due time.Time
}

// Start starts an orchestration that nobody waits for.
type Start struct {
	// InstanceID is one of the caller's, or one that [Operation.NewID] made.
	InstanceID string
	Name       string
	Version    *string
	// Input is JSON text, or nil.
	Input *string
	Tags  map[string]string
	// At is when it may begin; zero means at once.
	At time.Time
}

func (s Signal) message(b *Batch, t taken, now time.Time) history.Message {
	r := history.EntityRequest{
		ID: b.derive("request", t.cause, t.index), Operation: s.Operation, Signal: true, Input: s.Input, Parent: b.instance.ID, Due: roundUp(s.Due),
	}
	target := s.Target.InstanceID()
	if s.Due.IsZero() {
		b.sorter.label(&r, target, now)
	}
	return event(history.Instance{ID: target}, requestEvent(&r, now), encode(r))
}

// fireAndForget marks an orchestration whose parent does not wait for it.
const fireAndForget = "FireAndForget"

func (s Start) message(b *Batch, t taken, _ time.Time) history.Message {
	execution := strings.ReplaceAll(b.derive("start", t.cause, t.index), "-", "")
	tags := maps.Clone(s.Tags)
	if tags == nil {
		tags = make(map[string]string)
	}
	tags[fireAndForget] = ""
	instance := history.Instance{ID: s.InstanceID, ExecutionID: execution}
	return history.Message{Target: instance, Event: &history.ExecutionStarted{
		Instance: instance, Name: s.Name, Version: s.Version, Input: s.Input, Tags: tags, ScheduledStart: s.At,
		Parent: &history.ParentInstance{Instance: b.instance, Name: b.instance.ID, Version: new(""), TaskID: b.number - 1},
	}}
}
