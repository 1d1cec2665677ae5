package replay

import (
	"testing"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/google/go-cmp/cmp"
)

// What status queries show of a failure.
func TestSpec_7_1_AFailureAsText(t *testing.T) {
	t.Parallel()
	f := &history.FailureDetails{ErrorType: "System.InvalidOperationException", ErrorMessage: "Kaboom"}
	equal(t, f.String(), "System.InvalidOperationException: Kaboom")
}

// The forms in which failures are recorded, and what the orchestrator sees: FailureDetails as they are; else the exception that Details has as JSON,
// with its causes; else the reason.
func TestSpec_7_2_FormsOfAFailure(t *testing.T) {
	t.Parallel()
	full := &history.FailureDetails{ErrorType: "T", ErrorMessage: "m", Inner: &history.FailureDetails{ErrorType: "U", ErrorMessage: "n"}, NonRetriable: true}
	for name, row := range map[string]struct {
		recorded history.TaskFailed
		want     history.FailureDetails
	}{
		"failure details": {history.TaskFailed{Reason: "r", Failure: full}, *full},
		"reason alone":    {history.TaskFailed{Reason: "r"}, history.FailureDetails{ErrorType: "(unknown)", ErrorMessage: "r"}},
		"blank details":   {history.TaskFailed{Reason: "r", Details: new("")}, history.FailureDetails{ErrorType: "(unknown)", ErrorMessage: "r"}},
		"text as details": {
			history.TaskFailed{Reason: "r", Details: new("Unhandled exception while executing task: System.Exception: x")},
			history.FailureDetails{ErrorType: "(unknown)", ErrorMessage: "r", StackTrace: "Unhandled exception while executing task: System.Exception: x"},
		},
		"exception of the framework": {
			history.TaskFailed{Reason: "m", Details: new(`{"ClassName":"System.InvalidOperationException","Message":"m","Data":null,` +
				`"InnerException":{"ClassName":"System.ArgumentException","Message":"n","InnerException":null},"StackTraceString":"at App"}`)},
			history.FailureDetails{
				ErrorType: "System.InvalidOperationException", ErrorMessage: "m", StackTrace: "at App",
				Inner: &history.FailureDetails{ErrorType: "System.ArgumentException", ErrorMessage: "n"},
			},
		},
		"exception of the extension": {
			history.TaskFailed{Reason: "Activity function 'F' failed: m", Details: new(`{"$type":"CustomEx, ExtApp","Extra":7,"Message":"m"}`)},
			history.FailureDetails{ErrorType: "CustomEx", ErrorMessage: "m"},
		},
		"exception without a type": {
			history.TaskFailed{Reason: "r", Details: new(`{"Message":"m","Data":{},"InnerException":null}`)},
			history.FailureDetails{ErrorType: "(unknown)", ErrorMessage: "r", StackTrace: `{"Message":"m","Data":{},"InnerException":null}`},
		},
		"JSON that is no exception": {
			history.TaskFailed{Reason: "r", Details: new(`[1]`)},
			history.FailureDetails{ErrorType: "(unknown)", ErrorMessage: "r", StackTrace: "[1]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, c := row.recorded, history.SubOrchestrationInstanceFailed{Reason: row.recorded.Reason, Details: row.recorded.Details, Failure: row.recorded.Failure}
			for start, result := range map[string]history.Event{"activity": &e, "child": &c} {
				var got *history.FailureDetails
				d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
					task := map[string]func(Call) *Task{"activity": x.Schedule, "child": x.StartChild}[start](Call{Name: "F"})
					x.Await(1, task)
					_, got = task.Outcome()
					return nil, nil
				})
				d.start()
				d.deliver(result)
				if got == nil {
					t.Fatalf("%s: no failure", start)
				}
				if diff := cmp.Diff(row.want, *got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", start, diff)
				}
			}
		})
	}
}

// What the orchestrator fails with is recorded whole; its message is the result. (Differs from the extension's wording, and from .NET's default mode, which
// records only the message.)
func TestSpec_7_4_TheMessageIsTheResult(t *testing.T) {
	t.Parallel()
	f := &history.FailureDetails{ErrorType: "T", ErrorMessage: `plain "text"`, Inner: &history.FailureDetails{ErrorType: "U"}}
	d := once(func(*Execution, *string) (*string, *history.FailureDetails) { return nil, f }, Episode{New: []history.Message{to("x", startEvent("x"))}})
	end := d.Outcome
	if end.Status != history.Failed || *end.Result != `plain "text"` || end.Failure != f {
		t.Errorf("ended with %+v", end)
	}
}

// A failure that the code passes on keeps its cause. Differs from DTFx, whose wrapper loses it.
func TestSpec_7_4_AFailurePassedOn(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		task := x.Schedule(Call{Name: "A"})
		x.Await(1, task)
		_, f := task.Outcome()
		return nil, &history.FailureDetails{ErrorType: "Wrapper", ErrorMessage: "A failed: " + f.ErrorMessage, Inner: f}
	})
	d.start()
	equal(t, d.deliver(failure(0, "cause")), "failed0 Failed1:A failed: cause")
	if inner := d.lastRun.Outcome.Failure.Inner; inner == nil || inner.ErrorMessage != "cause" {
		t.Errorf("the cause is %+v", inner)
	}
}

// mismatch is what a worker makes of an instance whose version it doesn't run.
var mismatch = &history.FailureDetails{
	ErrorType: "VersionMismatch", ErrorMessage: "Orchestration version did not comply with Worker Versioning", NonRetriable: true,
}

// An orchestration can be made to fail without running, whatever its history says, and its parent learns the same.
func TestSpec_13_1_FailWithoutRunning(t *testing.T) {
	t.Parallel()
	start := startEvent("x")
	start.Parent = &history.ParentInstance{Instance: history.Instance{ID: "p", ExecutionID: "px"}, TaskID: 4}
	begun := []history.Event{
		&history.OrchestratorStarted{}, start, &history.TaskScheduled{Name: "A"}, &history.TimerCreated{Header: history.Header{ID: 1}},
		&history.OrchestratorCompleted{},
	}
	for name, ep := range map[string]Episode{
		"at the start":    {New: []history.Message{to("x", start)}},
		"later":           {Past: begun, New: []history.Message{to("x", done(0, "a"))}},
		"with old events": {Past: append(begun[:4:4], raised("E", "")), New: []history.Message{to("x", fired(1, 0))}},
	} {
		d := Fail(ep, mismatch)
		if d.Outcome == nil || d.Outcome.Status != history.Failed || *d.Outcome.Result != mismatch.ErrorMessage || d.Outcome.Failure != mismatch {
			t.Errorf("%s: ended with %+v", name, d.Outcome)
		}
		if len(d.Messages) != 1 || len(d.Activities) > 0 {
			t.Fatalf("%s: sends %v and %v", name, d.Messages, d.Activities)
		}
		told := d.Messages[0].Event.(*history.SubOrchestrationInstanceFailed)
		if told.Reason != mismatch.ErrorMessage || told.Failure != mismatch || told.TaskID != 4 {
			t.Errorf("%s: the parent is told %q, %+v", name, told.Reason, told.Failure)
		}
	}
}

// A termination in the same batch wins, as one that came before does.
func TestSpec_13_1_ATerminationBesideARefusal(t *testing.T) {
	t.Parallel()
	begun := once(waiting, Episode{New: []history.Message{to("x", startEvent("x"))}}).Events
	d := Fail(Episode{Past: begun, New: []history.Message{to("", terminate("enough", false))}}, mismatch)
	equal(t, words(d.Events), "ExecutionTerminated Terminated0:enough")
	d = Fail(Episode{Past: append(begun, &history.OrchestratorStarted{Engine: Engine}, terminate("enough", false))}, mismatch)
	equal(t, words(d.Events), "Terminated0:enough")
}
