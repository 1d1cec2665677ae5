package bindings

import (
	"bytes"
	"encoding/json"
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

// Show turns a history into what status queries show: the bounds of episodes are left out, and what a completion says of the
// call it completes stands in it (ext: DurableClient.GetDurableOrchestrationStatusAsync).
func (v HistoryView) Show(events []history.Event) []HistoryRecord {
	scheduled := make(map[int]*history.TaskScheduled)
	completed := make(map[int]bool)
	for _, e := range events {
		switch e := e.(type) {
		case *history.TaskScheduled:
			scheduled[e.ID] = e
		case *history.TaskCompleted:
			completed[e.TaskID] = true
		case *history.TaskFailed:
			completed[e.TaskID] = true
		}
	}
	records := []HistoryRecord{}
	for _, e := range events {
		switch e := e.(type) {
		case *history.OrchestratorStarted, *history.OrchestratorCompleted:
		case *history.TaskScheduled:
			if !completed[e.ID] {
				records = append(records, v.taskScheduled(e))
			}
		case *history.TaskCompleted:
			r := v.begin(e)
			if v.Outputs {
				r = append(r, member{"Result", payload(e.Result)})
			}
			records = append(records, v.call(v.at(r, e), scheduled[e.TaskID]))
		case *history.TaskFailed:
			r := append(v.begin(e), member{"Reason", e.Reason}, member{"Details", e.Details}, member{"FailureDetails", failureOf(e.Failure)})
			records = append(records, v.call(v.at(r, e), scheduled[e.TaskID]))
		default:
			records = append(records, v.other(e))
		}
	}
	return records
}

func (v HistoryView) begin(e history.Event) HistoryRecord {
	return HistoryRecord{{"EventType", e.Type().String()}}
}

func (v HistoryView) at(r HistoryRecord, e history.Event) HistoryRecord {
	return append(r, member{"Timestamp", precise(e.Head().Time)})
}

func (v HistoryView) input(r HistoryRecord, text *string) HistoryRecord {
	if !v.Inputs {
		return r
	}
	return append(r, member{"Input", text})
}

func (v HistoryView) taskScheduled(e *history.TaskScheduled) HistoryRecord {
	r := append(v.begin(e), member{"Name", e.Name})
	r = append(v.input(r, e.Input), member{"ParentTraceContext", nil}, member{"Tags", e.Tags})
	return v.at(r, e)
}

// call adds what the scheduling event says about the call.
func (v HistoryView) call(r HistoryRecord, e *history.TaskScheduled) HistoryRecord {
	if e == nil {
		return r
	}
	return v.input(append(r, member{"ScheduledTime", precise(e.Time)}, member{"FunctionName", e.Name}), e.Input)
}

// other shows the events that stand for themselves.
func (v HistoryView) other(e history.Event) HistoryRecord {
	r := v.begin(e)
	switch e := e.(type) {
	case *history.ExecutionStarted:
		r = append(v.input(r, e.Input),
			member{"Correlation", nil}, member{"ParentTraceContext", nil}, member{"ScheduledStartTime", orNull(e.ScheduledStart)},
			member{"Generation", e.Generation}, member{"GenerateNewTrace", false})
		return append(v.at(r, e), member{"FunctionName", e.Name})
	case *history.ExecutionCompleted:
		r = append(r, member{"OrchestrationStatus", e.Status.String()})
		if v.Outputs {
			r = append(r, member{"Result", payload(e.Result)})
		}
		r = append(r, member{"FailureDetails", failureOf(e.Failure)})
	case *history.ExecutionTerminated:
		r = v.input(r, e.Reason)
	case *history.TimerCreated:
		r = append(r, member{"FireAt", precise(e.FireAt)})
	case *history.TimerFired:
		r = append(r, member{"FireAt", precise(e.FireAt)})
	case *history.EventRaised:
		r = append(v.input(append(r, member{"Name", e.Name}), e.Input), member{"ParentTraceContext", nil})
	}
	return v.at(r, e)
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

// precise spells a time with up to seven fractional digits, trailing zeros trimmed.
func precise(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }

func orNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := precise(t)
	return &s
}

var _ json.Marshaler = HistoryRecord(nil)
