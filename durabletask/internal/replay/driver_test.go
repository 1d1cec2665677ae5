package replay

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// driver plays the store for one instance: it keeps the history and runs each episode twice, on the parked execution and on a
// fresh one, which must decide the same.
type driver struct {
	t       *testing.T
	code    Code
	past    []history.Event
	live    *Execution
	now     time.Time
	lastRun *Decisions
	// execution is the present generation's id.
	execution string
}

var begin = time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)

func drive(t *testing.T, code Code) *driver {
	t.Helper()
	d := &driver{t: t, code: code, live: New(), now: begin, execution: "x"}
	t.Cleanup(func() { d.live.End() })
	return d
}

// start delivers the start message, and what else comes with it.
func (d *driver) start(more ...history.Event) string {
	d.t.Helper()
	e := &history.ExecutionStarted{Header: history.Header{ID: history.NoID, Time: d.now}, Instance: history.Instance{ID: "i", ExecutionID: "x"}, Name: "Test"}
	return d.deliver(append([]history.Event{e}, more...)...)
}

// deliver runs an episode and returns what it added to the history, one word an event.
func (d *driver) deliver(events ...history.Event) string {
	d.t.Helper()
	d.now = d.now.Add(time.Second)
	ep := Episode{Past: d.past, Now: d.now, Execution: d.live}
	for _, e := range events {
		target := history.Instance{ID: "i"}
		switch e.(type) {
		case *history.EventRaised, *history.ExecutionTerminated, *history.ExecutionSuspended, *history.ExecutionResumed: // from outside
		default:
			target.ExecutionID = d.execution
		}
		ep.New = append(ep.New, history.Message{Target: target, Event: e})
	}
	live, _ := Run(d.code, ep)
	ep.Execution = nil
	cold, x := Run(d.code, ep)
	x.End()
	cold.Replayed, live.Replayed = 0, 0
	if diff := cmp.Diff(live, cold, cmpopts.IgnoreUnexported(Decisions{})); diff != "" {
		d.t.Errorf("a replayed execution decides differently from a live one (-live +replayed):\n%s", diff)
	}
	if live.Continued {
		d.past, d.execution = nil, live.Start.Instance.ExecutionID
	}
	d.past = append(slices.Clip(d.past), live.Events...)
	d.lastRun = live
	return words(live.Events)
}

// words writes events briefly, leaving out the frame of the episode.
func words(events []history.Event) string {
	var out []string
	for _, e := range events {
		switch e := e.(type) {
		case *history.OrchestratorStarted, *history.OrchestratorCompleted, *history.ExecutionStarted:
		case *history.TaskScheduled:
			out = append(out, fmt.Sprintf("call%d:%s", e.ID, e.Name))
		case *history.TimerCreated:
			out = append(out, fmt.Sprintf("timer%d+%v", e.ID, e.FireAt.Sub(begin)))
		case *history.TaskCompleted:
			out = append(out, fmt.Sprintf("done%d", e.TaskID))
		case *history.TaskFailed:
			out = append(out, fmt.Sprintf("failed%d", e.TaskID))
		case *history.TimerFired:
			out = append(out, fmt.Sprintf("fired%d", e.TimerID))
		case *history.EventRaised:
			out = append(out, "event:"+e.Name)
		case *history.ExecutionCompleted:
			result := "null"
			if e.Result != nil {
				result = *e.Result
			}
			out = append(out, fmt.Sprintf("%v%d:%s", e.Status, e.ID, result))
		default:
			out = append(out, e.Type().String())
		}
	}
	return strings.Join(out, " ")
}

func done(id int, result string) history.Event {
	return &history.TaskCompleted{Header: history.Header{ID: history.NoID}, TaskID: id, Result: &result}
}

func failure(id int, message string) history.Event {
	return &history.TaskFailed{
		Header: history.Header{ID: history.NoID}, TaskID: id, Reason: message,
		Failure: &history.FailureDetails{ErrorType: "E", ErrorMessage: message},
	}
}

func fired(id int, at time.Duration) history.Event {
	return &history.TimerFired{Header: history.Header{ID: history.NoID}, TimerID: id, FireAt: begin.Add(at)}
}

func raised(name, input string) history.Event {
	return &history.EventRaised{Header: history.Header{ID: history.NoID}, Name: name, Input: &input}
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// outcome waits for a task and returns its value or its failure, as text.
func outcome(x *Execution, task *Task) string {
	x.Await(1, task)
	value, failure := task.Outcome()
	switch {
	case failure != nil:
		return "!" + failure.ErrorMessage
	case value == nil:
		return "null"
	default:
		return *value
	}
}
