package bindings

import (
	"bytes"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// HistoryRecord is one event of a history as status queries show it: its members in order.
type HistoryRecord []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in order.
func (r HistoryRecord) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encodeJSON(m.name))
		b.WriteByte(':')
		b.Write(encodeJSON(m.value))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// HistoryView says what of a history is shown.
type HistoryView struct {
	// Outputs shows the results of activities and of the orchestration, Inputs what they and events were given.
	Outputs, Inputs bool
}

// Show turns a history into what status queries show: the bounds of episodes are left out, and what was known when a call was made
// stands in the event that completes it (ext: DurableClient.GetDurableOrchestrationStatusAsync).
func (v HistoryView) Show(events []history.Event) []HistoryRecord {
	scheduled, completed := calls(events)
	records := []HistoryRecord{}
	for _, e := range events {
		switch e.(type) {
		case *history.OrchestratorStarted, *history.OrchestratorCompleted:
			continue
		case *history.TaskScheduled, *history.SubOrchestrationInstanceCreated:
			if completed[e.Head().ID] {
				continue
			}
		}
		r := HistoryRecord{{"EventType", e.Type().String()}}
		r = append(v.members(r, e), member{"Timestamp", precise(e.Head().Time)})
		if id, ok := completes(e); ok {
			r = v.call(r, scheduled[id])
		}
		if start, ok := e.(*history.ExecutionStarted); ok {
			r = append(r, member{"FunctionName", start.Name})
		}
		records = append(records, r)
	}
	return records
}

// calls finds the events that made calls, by their ids, and the ids of the calls that are over.
func calls(events []history.Event) (scheduled map[int]history.Event, completed map[int]bool) {
	scheduled, completed = make(map[int]history.Event), make(map[int]bool)
	for _, e := range events {
		switch e.(type) {
		case *history.TaskScheduled, *history.SubOrchestrationInstanceCreated:
			scheduled[e.Head().ID] = e
		}
		if id, ok := completes(e); ok {
			completed[id] = true
		}
	}
	return scheduled, completed
}

// completes returns the id of the call that an event completes.
func completes(e history.Event) (id int, ok bool) {
	switch e := e.(type) {
	case *history.TaskCompleted:
		return e.TaskID, true
	case *history.TaskFailed:
		return e.TaskID, true
	case *history.SubOrchestrationInstanceCompleted:
		return e.TaskID, true
	case *history.SubOrchestrationInstanceFailed:
		return e.TaskID, true
	}
	return 0, false
}

// call adds what the scheduling event says about a call that is over.
func (v HistoryView) call(r HistoryRecord, e history.Event) HistoryRecord {
	switch e := e.(type) {
	case *history.TaskScheduled:
		r = append(r, member{"ScheduledTime", precise(e.Time)}, member{"FunctionName", e.Name})
		return v.input(r, e.Input)
	case *history.SubOrchestrationInstanceCreated:
		r = append(r, member{"ScheduledTime", precise(e.Time)}, member{"FunctionName", e.Name}, member{"InstanceId", e.InstanceID})
		return v.input(r, e.Input)
	}
	return r
}

// members are what events of a kind have besides their type and time.
func (v HistoryView) members(r HistoryRecord, e history.Event) HistoryRecord {
	switch e := e.(type) {
	case *history.ExecutionStarted:
		return append(v.input(r, e.Input), member{"Correlation", e.Correlation}, member{"ParentTraceContext", traceOf(e.ParentTraceContext)},
			member{"ScheduledStartTime", orNull(e.ScheduledStart)}, member{"Generation", e.Generation}, member{"GenerateNewTrace", e.GenerateNewTrace})
	case *history.ExecutionCompleted:
		r = append(r, member{"OrchestrationStatus", e.Status.String()})
		return append(v.result(r, e.Result), member{"FailureDetails", failureOf(e.Failure)})
	case *history.ExecutionTerminated:
		return v.input(r, e.Reason)
	case *history.TaskScheduled:
		r = v.input(append(r, member{"Name", e.Name}), e.Input)
		return append(r, member{"ParentTraceContext", traceOf(e.ParentTraceContext)}, member{"Tags", e.Tags})
	case *history.TaskCompleted:
		return v.result(r, e.Result)
	case *history.TaskFailed:
		return append(r, member{"Reason", e.Reason}, member{"Details", e.Details}, member{"FailureDetails", failureOf(e.Failure)})
	case *history.SubOrchestrationInstanceCreated:
		r = append(r, member{"Name", e.Name}, member{"InstanceId", e.InstanceID})
		return append(v.input(r, e.Input), member{"ClientSpanId", e.ClientSpanID}, member{"Tags", e.Tags})
	case *history.SubOrchestrationInstanceCompleted:
		return v.result(r, e.Result)
	case *history.SubOrchestrationInstanceFailed:
		return append(r, member{"Reason", e.Reason}, member{"Details", e.Details}, member{"FailureDetails", failureOf(e.Failure)})
	case *history.TimerCreated:
		return append(r, member{"FireAt", precise(e.FireAt)})
	case *history.TimerFired:
		return append(r, member{"FireAt", precise(e.FireAt)})
	case *history.EventSent:
		return v.input(append(r, member{"InstanceId", e.InstanceID}, member{"Name", e.Name}), e.Input)
	case *history.EventRaised:
		return append(v.input(append(r, member{"Name", e.Name}), e.Input), member{"ParentTraceContext", traceOf(e.ParentTraceContext)})
	case *history.ContinueAsNew: // the one kind whose status stays a number and whose result is not parsed
		r = append(r, member{"OrchestrationStatus", int(history.ContinuedAsNew)}, member{"Result", e.Result})
		return append(r, member{"FailureDetails", failureOf(e.Failure)})
	case *history.GenericEvent:
		return append(r, member{"Data", e.Data})
	case *history.HistoryState:
		return append(r, member{"State", e.State})
	case *history.ExecutionSuspended:
		return append(r, member{"Reason", e.Reason})
	case *history.ExecutionResumed:
		return append(r, member{"Reason", e.Reason})
	case *history.ExecutionRewound:
		r = append(r, member{"Reason", e.Reason}, member{"ParentExecutionId", e.ParentExecutionID})
		return append(r, member{"InstanceId", e.InstanceID}, member{"ParentTraceContext", traceOf(e.ParentTraceContext)})
	}
	return r
}

func (v HistoryView) input(r HistoryRecord, text *string) HistoryRecord {
	if !v.Inputs {
		return r
	}
	return append(r, member{"Input", text})
}

func (v HistoryView) result(r HistoryRecord, text *string) HistoryRecord {
	if !v.Outputs {
		return r
	}
	return append(r, member{"Result", payload(text)})
}

// failure is FailureDetails as the extension spells it.
type failure struct {
	ErrorType      string
	ErrorMessage   string
	StackTrace     *string
	InnerFailure   *failure
	IsNonRetriable bool
}

func failureOf(f *history.FailureDetails) *failure {
	if f == nil {
		return nil
	}
	out := &failure{ErrorType: f.ErrorType, ErrorMessage: f.ErrorMessage, InnerFailure: failureOf(f.Inner), IsNonRetriable: f.NonRetriable}
	if f.StackTrace != "" {
		out.StackTrace = &f.StackTrace
	}
	return out
}

// trace is a trace context as the extension spells it.
type trace struct {
	TraceParent string
	TraceState  string
}

func traceOf(t *history.TraceContext) *trace {
	if t == nil {
		return nil
	}
	return &trace{t.TraceParent, t.TraceState}
}

// precise spells a time with up to seven fractional digits, trailing zeros trimmed.
func precise(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }

func orNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := precise(t)
	return &s
}
