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
	// StoreInputs keeps the inputs of activities and children in the history, too.
	StoreInputs bool
	// MaxCalls limits the durable calls of an execution; 0 means the default, MaxCalls.
	MaxCalls int
	// Host is what the code can reach through Execution.Host: the caller's own, which the core doesn't look at.
	Host any
	// ReorderWindow is how long requests to entities may be under way and still arrive once and in order; 0 if the store sees to that.
	ReorderWindow time.Duration
	// DefaultVersion is the version of children that are started without one; nil for none.
	DefaultVersion *string
}

// Decisions is what an episode came to.
type Decisions struct {
	// Events are to be appended to the history, or to replace it if Continued; empty if every message was a repeat or came too
	// late.
	Events []history.Event
	// Activities are to be run, Timers to come back when they are due, Messages to go to other instances.
	Activities, Timers, Messages []history.Message
	// Inline are activities to be run before anything else happens to the execution; each result is a message of a further episode.
	Inline []history.Message
	// Continued means that the instance has continued as new: Events are the whole history of the new generation.
	Continued bool
	// Start is the event that began the execution; nil if there is none, in which case nothing was done.
	Start *history.ExecutionStarted
	// Outcome is how the execution ended; nil while it goes on.
	Outcome *history.ExecutionCompleted
	// Suspended reports whether the execution is suspended, and Reason is the one given for that or for the last resumption.
	Suspended bool
	Reason    *string
	// CustomStatus is JSON text, or nil.
	CustomStatus *string
	// Replayed is how many committed events were replayed.
	Replayed int

	generations int
	// carried is the custom status of earlier generations.
	carried *string
}

// Run executes an episode of the code. It returns the execution beside the decisions; keep it for the next episode or End
// it. One that is over (Outcome set) has no further use.
func Run(code Code, ep Episode) (*Decisions, *Execution) {
	x := ep.Execution
	if x == nil {
		x = New()
	}
	d := &Decisions{}
	x.configure(ep)
	if x.code == nil {
		x.code, d.Replayed = code, len(ep.Past)
		if invalid(ep.Past) {
			x.closed = true
			return d, x
		}
		x.replay(ep.Past)
	}
	if !x.closed {
		rest := x.advance(d, ep.New, ep.Now)
		for x.outcome != nil && x.outcome.Status == history.ContinuedAsNew {
			rest = x.continueAsNew(d, rest, ep)
		}
		x.overrule(d, rest)
		if len(d.Events) > 0 {
			x.emit(d, ep)
			x.close(d)
		}
	}
	d.Start, d.CustomStatus, d.Suspended, d.Reason = x.start, x.customStatus, x.suspended, x.reason
	if d.CustomStatus == nil {
		d.CustomStatus = d.carried
	}
	return d, x
}

// invalid reports whether a history is what is left of one that was deleted or overwritten: one without a start. Nothing can be done with it, and
// no message is for it (DTFx: OrchestrationRuntimeState.IsValid).
func invalid(past []history.Event) bool {
	if len(past) == 0 || len(past) == 1 && past[0].Type() == history.TypeOrchestratorStarted {
		return false
	}
	return !slices.ContainsFunc(past, func(e history.Event) bool { return e.Type() == history.TypeExecutionStarted })
}

// overrule lets a termination win over an end that the code came to in the same batch: whoever asked for it was told that it was accepted
// (recorded: control-operations).
func (x *Execution) overrule(d *Decisions, rest []history.Message) {
	if x.outcome == nil || x.outcome.Status == history.Terminated {
		return
	}
	for _, m := range rest {
		e, ok := m.Event.(*history.ExecutionTerminated)
		if ok && (m.Target.ExecutionID == "" || m.Target.ExecutionID == x.start.Instance.ExecutionID) && !x.applied[e.ActivityID] {
			d.Events = append(d.Events, e)
			x.apply(e)
			return
		}
	}
}

func (x *Execution) configure(ep Episode) {
	x.maxCalls, x.defaultVersion, x.host, x.reorderWindow = ep.MaxCalls, ep.DefaultVersion, ep.Host, ep.ReorderWindow
	if x.maxCalls == 0 {
		x.maxCalls = MaxCalls
	}
}

// Fail is Run for an orchestrator that can't be run at all: the execution ends with the failure, whatever its history says.
func Fail(ep Episode, f *history.FailureDetails) *Decisions {
	ep.Execution = nil
	d, x := Run(func(*Execution, *string) (*string, *history.FailureDetails) { return nil, f }, ep)
	x.End()
	if d.Outcome == nil || d.Outcome.Status != history.Failed { // not if it was terminated in the same episode
		return d
	}
	d.Outcome.Result, d.Outcome.Failure = &f.ErrorMessage, f
	for _, m := range d.Messages { // the parent's answer: the history doesn't suit code that does nothing
		if e, ok := m.Event.(*history.SubOrchestrationInstanceFailed); ok {
			e.Reason, e.Failure = f.ErrorMessage, f
		}
	}
	return d
}

// replay applies the committed history.
func (x *Execution) replay(past []history.Event) {
	x.markers.scan(past)
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

// advance delivers messages and adds the events they became to the decisions, the begin of the episode first. It returns the
// messages that the execution ended before.
func (x *Execution) advance(d *Decisions, messages []history.Message, now time.Time) []history.Message {
	messages = startFirst(messages)
	started := &history.OrchestratorStarted{Header: history.Header{ID: history.NoID, Time: x.episodeTime(messages, now)}, Engine: Engine}
	if x.outcome != nil { // the code returned, or proved to be another one, while it was replayed
		x.now, x.engine = started.Time, Engine
		d.Events = append(d.Events, started)
		for _, m := range messages {
			if wake, ok := m.Event.(*history.GenericEvent); ok { // the reason of a rewind after which the code has failed again
				d.Events = append(d.Events, wake)
			}
		}
		return messages
	}
	begun := false
	if len(x.pending) > 0 && !slices.ContainsFunc(messages, x.accepts) {
		// A commit that was torn, or ended before an inline activity did, has left decisions behind: an empty episode makes up for it.
		x.now, x.engine = started.Time, Engine
		d.Events = append(d.Events, started)
		return nil
	}
	var frame []history.Event // what comes before the message itself
	x.process(func() history.Event {
		for len(messages) > 0 || len(frame) > 0 {
			if len(frame) > 0 {
				e := frame[0]
				frame = frame[1:]
				d.Events = append(d.Events, e)
				return e
			}
			m := messages[0]
			switch {
			case !x.accepts(m):
				messages = messages[1:]
			case !begun:
				begun = true
				frame = x.inlineScheduled(m)
				frame = append(frame, started)
			default:
				messages = messages[1:]
				d.Events = append(d.Events, m.Event)
				return m.Event
			}
		}
		return nil
	})
	return messages
}

// episodeTime is the clock of the episode: never behind an earlier event, nor before a timer that it delivers.
func (x *Execution) episodeTime(messages []history.Message, now time.Time) time.Time {
	now = now.UTC().Truncate(history.Resolution)
	if x.last.After(now) {
		now = x.last
	}
	for _, m := range messages {
		if t, ok := m.Event.(*history.TimerFired); ok && x.accepts(m) && t.FireAt.After(now) {
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
	case *history.SubOrchestrationInstanceCompleted:
		return x.open[e.TaskID] != nil
	case *history.SubOrchestrationInstanceFailed:
		return x.open[e.TaskID] != nil
	case *history.TimerFired:
		return x.open[e.TimerID] != nil
	case *history.EventRaised, *history.ExecutionTerminated, *history.ExecutionSuspended, *history.ExecutionResumed:
		return !x.applied[e.Head().ActivityID]
	case *history.GenericEvent:
		return true // the wake-up of a rewind
	default:
		return false
	}
}

// Unknown returns the first event of a kind that this engine has no rules for, or nil. An execution with such an event can't be replayed: what it
// would have changed is not known.
func Unknown(events []history.Event) history.Event {
	for _, e := range events {
		switch e.(type) {
		case *history.ExecutionStarted, *history.ExecutionCompleted, *history.ContinueAsNew, *history.ExecutionTerminated,
			*history.ExecutionSuspended, *history.ExecutionResumed, *history.ExecutionRewound,
			*history.TaskScheduled, *history.TaskCompleted, *history.TaskFailed,
			*history.SubOrchestrationInstanceCreated, *history.SubOrchestrationInstanceCompleted, *history.SubOrchestrationInstanceFailed,
			*history.TimerCreated, *history.TimerFired, *history.EventSent, *history.EventRaised,
			*history.OrchestratorStarted, *history.OrchestratorCompleted, *history.GenericEvent, *history.HistoryState:
		default:
			return e
		}
	}
	return nil
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
		start, ok := m.Event.(*history.ExecutionStarted)
		if !ok {
			continue
		}
		if i == target || start.Parent != nil {
			return messages
		}
		moved := slices.Clone(messages)
		copy(moved[target+1:i+1], messages[target:i])
		moved[target] = m
		return moved
	}
	return messages
}
