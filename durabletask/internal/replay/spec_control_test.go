package replay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask/history"
)

func TestSpec_5_7_TheReasonIsTheResult(t *testing.T) {
	t.Parallel()
	for _, reason := range []*string{new(`plain text, not "JSON"`), new(""), nil} {
		d := drive(t, waiting)
		d.start()
		d.deliver(&history.ExecutionTerminated{Header: history.Header{ID: history.NoID}, Reason: reason})
		end := d.lastRun.Outcome
		if end.Status != history.Terminated || end.Failure != nil || (end.Result == nil) != (reason == nil) || reason != nil && *end.Result != *reason {
			t.Errorf("reason %v: ended with %+v", reason, end)
		}
	}
}

// The code is not told of the termination. Differs from DTFx, where it still runs for later events of the same batch.
func TestSpec_5_7_NoCodeRunsAfterATermination(t *testing.T) {
	t.Parallel()
	ran := false
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		outcome(x, x.NextEvent("E"))
		ran = true
		return nil, nil
	})
	d.start()
	equal(t, d.deliver(terminate("t", false), raised("E", "")), "ExecutionTerminated Terminated0:t")
	if ran {
		t.Error("the code went on")
	}
}

// Activities that are running are not cancelled, and their results are dropped later; children go on, unless asked otherwise.
func TestSpec_5_7_WhatRunsGoesOn(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		a, c := x.Schedule(Call{Name: "A"}), x.StartChild(Call{Name: "C"})
		x.Await(2, a, c)
		return nil, nil
	})
	d.start()
	equal(t, d.deliver(terminate("t", false)), "ExecutionTerminated Terminated2:t")
	if len(d.lastRun.Messages) > 0 {
		t.Errorf("sends %v", d.lastRun.Messages)
	}
	equal(t, d.deliver(done(0, "a"), child(1, "c")), "")
}

// Only children that are still running are terminated with their parent, and no detached ones.
func TestSpec_5_7_RecursionReachesRunningChildren(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.StartChild(Call{Name: "C", InstanceID: "done"})
		x.StartChild(Call{Name: "C", InstanceID: "running 1"})
		x.StartChild(Call{Name: "C", InstanceID: "detached", Tags: map[string]string{history.FireAndForget: ""}})
		x.StartChild(Call{Name: "C", InstanceID: "running 2"})
		return waiting(x, nil)
	})
	d.start()
	d.deliver(child(0, ""))
	d.deliver(terminate("t", true))
	var told []string
	for _, m := range d.lastRun.Messages {
		told = append(told, m.Target.ID)
	}
	equal(t, strings.Join(told, ", "), "running 1, running 2")
}

// The example of the section: a result that came while suspended is processed at the resumption.
func TestSpec_5_8_ResultsWaitForTheResumption(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		outcome(x, x.Schedule(Call{Name: "A"}))
		return text(outcome(x, x.Schedule(Call{Name: "B"})))
	})
	d.start()
	d.deliver(suspend("s"))
	d.deliver(done(0, "a"))
	equal(t, d.shape(), "OrchestratorStarted TaskCompleted OrchestratorCompleted")
	d.deliver(resume("r"))
	equal(t, d.shape(), "OrchestratorStarted ExecutionResumed TaskScheduled OrchestratorCompleted")
}

func TestSpec_5_8_TheClockRunsWhileSuspended(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		begun := x.Now()
		outcome(x, x.NextEvent("E"))
		return text(x.Now().Sub(begun).String())
	})
	d.start()
	d.deliver(suspend("s"))
	d.deliver(raised("E", ""))
	equal(t, d.deliver(resume("r")), "ExecutionResumed Completed0:3s")
}

func TestSpec_5_8_SuspendedEventsAreProcessedInOrder(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		a := x.Schedule(Call{Name: "A"})
		got := []string{outcome(x, x.NextEvent("E")), fmt.Sprint(a.Done()), outcome(x, x.NextEvent("E"))}
		return text(strings.Join(append(got, outcome(x, a)), " "))
	})
	d.start()
	d.deliver(suspend("s"), raised("E", "1"), done(0, "a"), raised("E", "2"))
	equal(t, d.deliver(resume("r"), raised("E", "3")), "ExecutionResumed Completed1:1 false 2 a")
}

func TestSpec_5_8_AFunctionThatHasReturnedIsNotSuspended(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	d.start()
	got := d.deliver(raised("E", "1"), raised("E", "2"), raised("E", "3"), suspend("s"))
	equal(t, got, "event:E event:E event:E Completed0:3")
	if d.lastRun.Suspended {
		t.Error("suspended")
	}
}

// Suspending twice, or resuming what runs, changes nothing but the reason.
func TestSpec_5_8_RepeatsAreHarmless(t *testing.T) {
	t.Parallel()
	d := drive(t, calling)
	d.start()
	d.deliver(resume("not suspended"))
	equal(t, *d.lastRun.Reason, "not suspended")
	d.deliver(suspend("one"), suspend("two"))
	equal(t, *d.lastRun.Reason, "one")
	d.deliver(resume("r"), resume("again"))
	equal(t, *d.lastRun.Reason, "again")
	equal(t, d.deliver(done(0, "a")), "done0 Completed1:a")
}

// A child's default id is made of the execution's id, so it differs from generation to generation. A blank id is none.
func TestSpec_5_9_DefaultChildID(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		x.Schedule(Call{Name: "A"})
		x.StartChild(Call{Name: "C", InstanceID: "  "})
		if input == nil {
			x.ContinueAsNew(Continuation{Input: new("next")})
			return nil, nil
		}
		return waiting(x, nil)
	})
	d.start()
	var ids []string
	for _, m := range d.lastRun.Messages {
		ids = append(ids, m.Target.ID)
	}
	if want := []string{"x:1", d.execution + ":1"}; !slices.Equal(ids, want) {
		t.Errorf("children %q, want %q", ids, want)
	}
}

// A child must be called neither as its parent nor as its grandparent, in any case, nor like an entity; it fails without being started, and takes
// no number.
func TestSpec_5_9_RefusedChildIDs(t *testing.T) {
	t.Parallel()
	start := startEvent("x")
	start.Parent = &history.ParentInstance{Instance: history.Instance{ID: "Grand"}}
	d := once(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		var all []string
		for _, id := range []string{"i", "I", "grand", "@counter@a"} {
			all = append(all, outcome(x, x.StartChild(Call{Name: "C", InstanceID: id})))
		}
		x.StartChild(Call{Name: "C", InstanceID: "fine"})
		return text(strings.Join(all, "\n"))
	}, Episode{New: []history.Message{to("x", start)}})
	const family = "!The instance ID of a sub-orchestration must be different than the instance ID of a parent orchestration."
	equal(t, *d.Outcome.Result, strings.Join([]string{
		family, family, family,
		"!The instance ID of a sub-orchestration must not start with @, which is for entities.",
	}, "\n"))
	if created, ok := d.Events[2].(*history.SubOrchestrationInstanceCreated); !ok || created.ID != 0 || created.InstanceID != "fine" {
		t.Errorf("decided %s", words(d.Events))
	}
}
