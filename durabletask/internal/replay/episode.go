package replay

import (
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Engine is the number of the rules by which this engine delivers events, recorded with every episode so that later versions
// replay it by the same ones. 0 stands for DTFx's.
const Engine = 1

// Episode is what one run of an orchestrator starts from.
type Episode struct {
	// Past is the committed history; looked at only if the execution is fresh.
	Past []history.Event
	// New are the messages to deliver, in order of arrival.
	New []history.Message
	// Now is the time of day.
	Now time.Time
	// Execution is a fresh one (New) or one that an earlier Run left parked; nil stands for a fresh one.
	Execution *Execution
	// StoreInputs keeps the inputs of activities in the history, too.
	StoreInputs bool
}

// Decisions is what an episode came to.
type Decisions struct {
	// Events are to be appended to the history; empty if every message was a repeat or came too late.
	Events []history.Event
	// Activities are to be run, Timers to come back when they are due.
	Activities, Timers []history.Message
	// Start is the event that began the execution; nil if there is none, in which case nothing was done.
	Start *history.ExecutionStarted
	// Outcome is how the execution ended; nil while it goes on.
	Outcome *history.ExecutionCompleted
	// CustomStatus is JSON text, or nil.
	CustomStatus *string
	// Replayed is how many committed events were replayed.
	Replayed int
}

// Run executes an episode of the code. It returns the execution beside the decisions; keep it for the next episode or End
// it. One that is over (Outcome set) has no further use.
func Run(code Code, ep Episode) (*Decisions, *Execution) {
	x := ep.Execution
	if x == nil {
		x = New()
	}
	d := &Decisions{}
	if x.code == nil {
		x.code, d.Replayed = code, len(ep.Past)
		x.replay(ep.Past)
	}
	if !x.closed {
		d.Events = x.advance(ep)
	}
	d.Start, d.CustomStatus = x.start, x.customStatus
	if len(d.Events) > 0 {
		x.emit(d, ep)
	}
	return d, x
}

// replay applies the committed history.
func (x *Execution) replay(past []history.Event) {
	x.replaying = true
	i := 0
	x.process(func() history.Event {
		if i == len(past) {
			return nil
		}
		i++
		return past[i-1]
	})
	x.replaying = false
}

// advance delivers the new messages and returns the events they became, the begin of the episode first.
func (x *Execution) advance(ep Episode) []history.Event {
	messages := startFirst(ep.New)
	started := &history.OrchestratorStarted{Header: history.Header{ID: history.NoID, Time: x.episodeTime(ep)}, Engine: Engine}
	if x.outcome != nil { // the code returned, or proved to be another one, while it was replayed
		x.apply(started)
		return []history.Event{started}
	}
	var events []history.Event
	x.process(func() history.Event {
		for len(messages) > 0 {
			m := messages[0]
			if !x.accepts(m) {
				messages = messages[1:]
				continue
			}
			if events == nil {
				events = append(events, started)
				return started
			}
			messages = messages[1:]
			events = append(events, m.Event)
			return m.Event
		}
		return nil
	})
	return events
}

// episodeTime is the clock of the episode: never behind an earlier event, nor before a timer that it delivers.
func (x *Execution) episodeTime(ep Episode) time.Time {
	now := ep.Now.UTC().Truncate(history.Resolution)
	if x.last.After(now) {
		now = x.last
	}
	for _, m := range ep.New {
		if t, ok := m.Event.(*history.TimerFired); ok && t.FireAt.After(now) {
			now = t.FireAt
		}
	}
	return now
}

// accepts reports whether a message is to be delivered. What is not (repeats, results that nobody waits for, messages for
// another generation, anything before the start) is dropped without a trace (DTFx: ReconcileMessagesWithState, §3.3).
func (x *Execution) accepts(m history.Message) bool {
	if x.outcome != nil {
		return false
	}
	if _, ok := m.Event.(*history.ExecutionStarted); ok {
		return x.start == nil
	}
	if x.start == nil || m.Target.ExecutionID != "" && m.Target.ExecutionID != x.start.Instance.ExecutionID {
		return false
	}
	switch e := m.Event.(type) {
	case *history.TaskCompleted:
		return x.open[e.TaskID] != nil
	case *history.TaskFailed:
		return x.open[e.TaskID] != nil
	case *history.TimerFired:
		return x.open[e.TimerID] != nil
	case *history.EventRaised, *history.ExecutionTerminated:
		return !x.applied[e.Head().ActivityID]
	default:
		return false
	}
}

// emit turns what the code decided into events and messages, in order of the decisions.
func (x *Execution) emit(d *Decisions, ep Episode) {
	now := x.now
	ids := make([]int, 0, len(x.pending))
	for id := range x.pending {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	me := x.start.Instance
	for _, id := range ids {
		a := x.pending[id]
		head := history.Header{ID: id, Time: now}
		sent := history.Header{ID: history.NoID, Time: now, ActivityID: messageID(me.ExecutionID, a, me.ID)}
		switch a.kind {
		case history.TypeTaskScheduled:
			e := &history.TaskScheduled{Header: head, Name: a.name, Version: a.version}
			if ep.StoreInputs {
				e.Input = a.input
			}
			sent.ID = id
			d.Events = append(d.Events, e)
			d.Activities = append(d.Activities, history.Message{Target: me, Event: &history.TaskScheduled{
				Header: sent, Name: a.name, Version: a.version, Input: a.input,
			}})
		case history.TypeTimerCreated:
			d.Events = append(d.Events, &history.TimerCreated{Header: head, FireAt: a.fireAt})
			d.Timers = append(d.Timers, history.Message{Target: me, Event: &history.TimerFired{
				Header: sent, TimerID: id, FireAt: a.fireAt,
			}})
		}
	}
	clear(x.pending)
	if x.outcome != nil {
		x.outcome.ID, x.outcome.Time = x.nextID, now
		d.Outcome, x.closed = x.outcome, true
		d.Events = append(d.Events, x.outcome)
	}
	d.Events = append(d.Events, &history.OrchestratorCompleted{Header: history.Header{ID: history.NoID, Time: now}})
}

// startFirst moves the first start of a top-level instance before the messages that would reach it otherwise, as far as no
// message of another execution stands in between (DTFx: TaskOrchestrationDispatcher, §3.1).
func startFirst(messages []history.Message) []history.Message {
	target, previous := 0, ""
	for i, m := range messages {
		if m.Target.ExecutionID != previous {
			if previous != "" {
				target = i
			}
			previous = m.Target.ExecutionID
		}
		if _, ok := m.Event.(*history.ExecutionStarted); !ok {
			continue
		}
		if i == target {
			return messages
		}
		moved := slices.Clone(messages)
		copy(moved[target+1:i+1], messages[target:i])
		moved[target] = m
		return moved
	}
	return messages
}
