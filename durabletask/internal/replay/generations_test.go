package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

func control(id string, e history.Event) history.Event {
	e.Head().ID, e.Head().ActivityID = history.NoID, id
	return e
}

func suspend(reason string) history.Event {
	return control("", &history.ExecutionSuspended{Reason: &reason})
}

func resume(reason string) history.Event {
	return control("", &history.ExecutionResumed{Reason: &reason})
}

func terminate(reason string, recurse bool) history.Event {
	return control("", &history.ExecutionTerminated{Reason: &reason, Recurse: recurse})
}

// shape names the events of the last run with their frames.
func (d *driver) shape() string {
	var kinds []string
	for _, e := range d.lastRun.Events {
		kinds = append(kinds, e.Type().String())
	}
	return strings.Join(kinds, " ")
}

// A new generation begins with a frame of its own, and what it decides at once stands behind that (§3.7).
func TestContinueAsNew(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		x.SetStatus(input)
		got := outcome(x, x.NextEvent("go"))
		if got == "stop" {
			return text("stopped")
		}
		x.ContinueAsNew(Continuation{Input: &got})
		return nil, nil
	})
	equal(t, d.start(), "")
	first := d.lastRun.Start.Instance.ExecutionID
	equal(t, d.deliver(raised("go", "second")), "")
	equal(t, d.shape(), "OrchestratorStarted ExecutionStarted OrchestratorCompleted")
	start := d.lastRun.Start
	if !d.lastRun.Continued || d.lastRun.Outcome != nil || start.Instance.ExecutionID == first || *start.Input != "second" || start.Generation != nil {
		t.Errorf("the new generation: %+v", start)
	}
	if *d.lastRun.CustomStatus != "second" {
		t.Errorf("custom status %q", *d.lastRun.CustomStatus)
	}
	equal(t, d.deliver(raised("go", "stop")), "event:go Completed0:stopped")
}

// Events that the old generation has not consumed go with the new one: those it had received first, then those of the batch.
func TestContinueAsNewCarriesEvents(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input == nil {
			outcome(x, x.NextEvent("go"))
			x.ContinueAsNew(Continuation{Input: new("again")})
			return nil, nil
		}
		var got []string
		for _, name := range []string{"b", "a", "a", "c"} {
			got = append(got, outcome(x, x.NextEvent(name)))
		}
		return text(strings.Join(got, ""))
	})
	d.start(raised("b", "1"), raised("a", "2"))
	equal(t, d.deliver(raised("a", "3"), raised("go", ""), raised("c", "4")), "event:b event:a event:a event:c Completed0:1234")
	equal(t, d.shape(), "OrchestratorStarted ExecutionStarted EventRaised EventRaised EventRaised EventRaised OrchestratorCompleted ExecutionCompleted OrchestratorCompleted")
}

// Generations that end in the episode in which they began leave only their messages; ids of executions never repeat.
func TestGenerationsWithinOneEpisode(t *testing.T) {
	t.Parallel()
	var ids []string
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		n := 0
		if input != nil {
			n = len(*input)
		}
		x.Schedule(Call{Name: fmt.Sprint("A", n)})
		ids = append(ids, x.Start().Instance.ExecutionID)
		if n == 3 {
			return text(outcome(x, x.NextEvent("E")))
		}
		x.ContinueAsNew(Continuation{Input: new(strings.Repeat("x", n+1)), Version: new(fmt.Sprint(n))})
		return nil, nil
	})
	equal(t, d.start(), "call0:A3")
	equal(t, d.shape(), "OrchestratorStarted ExecutionStarted OrchestratorCompleted TaskScheduled OrchestratorCompleted")
	if len(d.lastRun.Activities) != 4 || *d.lastRun.Start.Version != "2" {
		t.Errorf("%d activities, version %v", len(d.lastRun.Activities), d.lastRun.Start.Version)
	}
	for i, id := range ids[:4] {
		if ids[i+4] != id { // the second run, on a fresh execution
			t.Errorf("generation %d has id %s, and %s when it is run again", i, id, ids[i+4])
		}
		for _, other := range ids[:i] {
			if other == id {
				t.Errorf("two generations have the id %s", id)
			}
		}
	}
}

func TestContinueAsNewWithoutWaitingFails(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.ContinueAsNew(Continuation{})
		return nil, nil
	})
	if got := d.start(); !strings.Contains(got, "Failed0:the orchestrator has continued as new 1000 times without waiting") {
		t.Errorf("got %s", got)
	}
}

// The failure of a body that had asked for a new generation wins (§5.6).
func TestFailureAfterContinueAsNew(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.ContinueAsNew(Continuation{})
		return nil, &history.FailureDetails{ErrorMessage: "oh no"}
	})
	equal(t, d.start(), "Failed0:oh no")
}

// A termination is never lost to a new generation (§5.7, Go), in whatever order the two come.
func TestTerminateBesideContinueAsNew(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		outcome(x, x.NextEvent("go"))
		x.ContinueAsNew(Continuation{})
		return nil, nil
	}
	d := drive(t, code)
	d.start()
	equal(t, d.deliver(terminate("enough", false), raised("go", "")), "ExecutionTerminated Terminated0:enough")
	d = drive(t, code)
	d.start()
	equal(t, d.deliver(raised("go", ""), terminate("enough", false)), "ExecutionTerminated Terminated0:enough")
	if !d.lastRun.Continued {
		t.Error("the termination ends the new generation")
	}
}

// A termination also wins over code that has returned earlier in the same batch.
func TestTerminateBesideTheReturn(t *testing.T) {
	t.Parallel()
	for _, code := range []Code{
		func(*Execution, *string) (*string, *history.FailureDetails) { return text("done") },
		func(*Execution, *string) (*string, *history.FailureDetails) {
			return nil, &history.FailureDetails{ErrorMessage: "oh no"}
		},
	} {
		d := drive(t, code)
		equal(t, d.start(terminate("enough", false)), "ExecutionTerminated Terminated0:enough")
	}
}

// The time in the name of a delayed entity operation is not compared.
func TestDelayedOperationName(t *testing.T) {
	t.Parallel()
	past := []history.Event{
		&history.OrchestratorStarted{Engine: 0}, &history.ExecutionStarted{},
		&history.EventSent{Header: history.Header{ID: 0}, InstanceID: "@c@k", Name: "op@2026-11-26T17:00:00.1Z"}, &history.OrchestratorCompleted{},
	}
	_, x := Run(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.SendEvent("@c@k", "op@2026-11-26T17:00:00Z", nil)
		return text(outcome(x, x.NextEvent("E")))
	}, Episode{Past: past})
	defer x.End()
	if x.outcome != nil {
		t.Errorf("ended as %+v", x.outcome.Failure)
	}
}

// While suspended nothing is sent and nothing processed; all of it happens at the resumption, in order (§5.8).
func TestSuspend(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		a := outcome(x, x.Schedule(Call{Name: "A"}))
		return text(a + outcome(x, x.NextEvent("E")) + outcome(x, x.Schedule(Call{Name: "B"})))
	})
	equal(t, d.start(), "call0:A")
	equal(t, d.deliver(suspend("wait")), "ExecutionSuspended")
	if !d.lastRun.Suspended || *d.lastRun.Reason != "wait" {
		t.Errorf("suspended: %v %v", d.lastRun.Suspended, d.lastRun.Reason)
	}
	equal(t, d.deliver(done(0, "a")), "done0")
	equal(t, d.deliver(suspend("again"), raised("E", "e")), "ExecutionSuspended event:E")
	equal(t, d.deliver(resume("go on")), "ExecutionResumed call1:B")
	if d.lastRun.Suspended || *d.lastRun.Reason != "go on" {
		t.Errorf("resumed: %v %v", d.lastRun.Suspended, d.lastRun.Reason)
	}
	equal(t, d.deliver(resume("not suspended")), "ExecutionResumed")
	equal(t, d.deliver(done(1, "b")), "done1 Completed2:aeb")
}

func TestSuspendWithTheStart(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.Schedule(Call{Name: "A"})))
	}
	d := drive(t, code)
	equal(t, d.start(suspend("s")), "ExecutionSuspended")
	equal(t, d.deliver(resume("r")), "ExecutionResumed call0:A")
	d = drive(t, code)
	d.start(suspend("s"))
	equal(t, d.deliver(terminate("t", false)), "ExecutionTerminated Terminated1:t")
}

func TestEventsHeldGoThroughGenerations(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		n := ""
		if input != nil {
			n = *input
		}
		n += outcome(x, x.NextEvent("E"))
		if len(n) == 3 {
			return text(n)
		}
		x.ContinueAsNew(Continuation{Input: &n})
		return nil, nil
	})
	d.start(suspend("s"))
	d.deliver(raised("E", "1"), raised("E", "2"))
	d.deliver(raised("E", "3"))
	equal(t, d.deliver(resume("r")), "event:E Completed0:123")
}

func child(id int, result string) history.Event {
	return &history.SubOrchestrationInstanceCompleted{Header: history.Header{ID: history.NoID}, TaskID: id, Result: &result}
}

// Ids, links and tags of children (§5.9, §13.4).
func TestChildren(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		a := x.StartChild(Call{Name: "C", Input: new("1")})
		b := x.StartChild(Call{Name: "C", InstanceID: "mine", Tags: map[string]string{"k": "own"}, Version: new("2")})
		c := x.StartChild(Call{Name: "C", Tags: map[string]string{history.FireAndForget: ""}})
		if !c.Done() {
			t.Error("nobody waits for a detached child")
		}
		for _, id := range []string{"I", "@e@k"} {
			if refused := x.StartChild(Call{Name: "C", InstanceID: id}); !refused.Done() || refused.failure == nil {
				t.Errorf("a child with the id %s", id)
			}
		}
		x.Await(2, a, b)
		return text(outcome(x, a) + outcome(x, b))
	})
	d.start()
	var starts []string
	for _, m := range d.lastRun.Messages {
		e := m.Event.(*history.ExecutionStarted)
		_, detached := e.Tags[history.FireAndForget]
		starts = append(starts, fmt.Sprint(m.Target.ID, " ", e.Instance == m.Target, " ", len(m.Target.ExecutionID), " ", e.Parent.TaskID, " ", e.Parent.Instance.ExecutionID, " ", detached))
	}
	equal(t, strings.Join(starts, ", "), "x:0 true 32 0 x false, mine true 32 1 x false, x:2 true 32 2 x true")
	equal(t, d.deliver(child(1, "b")), "SubOrchestrationInstanceCompleted")
	failed := &history.SubOrchestrationInstanceFailed{Header: history.Header{ID: history.NoID}, TaskID: 0, Reason: "oh no"}
	equal(t, d.deliver(failed), "SubOrchestrationInstanceFailed Completed3:!oh nob")
}

// A child answers the execution that started it, unless it is detached; a parent that is terminated may take its children along.
func TestAnswerToParent(t *testing.T) {
	t.Parallel()
	parent := &history.ParentInstance{Instance: history.Instance{ID: "p", ExecutionID: "px"}, Name: "P", TaskID: 4}
	for name, row := range map[string]struct {
		tags map[string]string
		code Code
		want string
	}{
		"completed": {nil, func(*Execution, *string) (*string, *history.FailureDetails) { return text("1") }, "*history.SubOrchestrationInstanceCompleted"},
		"failed": {nil, func(*Execution, *string) (*string, *history.FailureDetails) {
			return nil, &history.FailureDetails{ErrorMessage: "m"}
		}, "*history.SubOrchestrationInstanceFailed"},
		"detached": {map[string]string{history.FireAndForget: ""}, func(*Execution, *string) (*string, *history.FailureDetails) { return nil, nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := &history.ExecutionStarted{Instance: history.Instance{ID: "c", ExecutionID: "cx"}, Parent: parent, Tags: row.tags}
			d, x := Run(row.code, Episode{New: []history.Message{{Target: start.Instance, Event: start}}})
			x.End()
			got := ""
			for _, m := range d.Messages {
				got += fmt.Sprintf("%T", m.Event)
				if m.Target != parent.Instance {
					t.Errorf("the answer goes to %v", m.Target)
				}
			}
			equal(t, got, row.want)
		})
	}
}

func TestTerminateChildren(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.StartChild(Call{Name: "C", InstanceID: "child"})))
	})
	d.start()
	d.deliver(terminate("enough", true))
	if len(d.lastRun.Messages) != 1 || d.lastRun.Messages[0].Target.ID != "child" {
		t.Fatalf("messages %+v", d.lastRun.Messages)
	}
	if e := d.lastRun.Messages[0].Event.(*history.ExecutionTerminated); !e.Recurse || *e.Reason != "enough" {
		t.Errorf("the child gets %+v", e)
	}
}

// Timers of more than 6 days are made of pieces of 3 days (§5.4).
func TestLongTimers(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, row := range []struct {
		length time.Duration
		pieces int
	}{{6 * day, 1}, {6*day + 12*time.Hour, 3}, {7 * day, 3}, {10 * day, 4}} {
		d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
			begun := x.Now()
			outcome(x, x.Timer(begun.Add(row.length)))
			return text(x.Now().Sub(begun).String())
		})
		d.start()
		pieces := 0
		for d.lastRun.Outcome == nil && pieces < 10 {
			fired := d.lastRun.Timers[0].Event.(*history.TimerFired)
			d.now = fired.FireAt.Add(-time.Second) // deliver takes a second
			d.deliver(fired)
			pieces++
		}
		if pieces != row.pieces || *d.lastRun.Outcome.Result != row.length.String() {
			t.Errorf("%v: %d pieces, ended after %v", row.length, pieces, *d.lastRun.Outcome.Result)
		}
	}
}

// Functions that run beside the orchestrator go on in turns, in the order in which they became ready.
func TestGo(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		var log []string
		var tasks []*Task
		for _, name := range []string{"a", "b"} {
			tasks = append(tasks, x.Go(name, func() (*string, *history.FailureDetails) {
				log = append(log, name+outcome(x, x.Schedule(Call{Name: name})))
				return nil, nil
			}))
		}
		x.Go("never ends", func() (*string, *history.FailureDetails) {
			outcome(x, x.NextEvent("never"))
			return nil, nil
		})
		x.AwaitCondition(func() bool { return len(log) > 0 })
		log = append(log, "one")
		x.Await(2, tasks...)
		return text(strings.Join(log, " "))
	})
	equal(t, d.start(), "call0:a call1:b")
	equal(t, d.deliver(done(1, "1")), "done1")
	equal(t, d.deliver(done(0, "2")), "done0 Completed2:b1 one a2")
}

// Inline activities are offered to the worker; the history shows them as if they had been sent (DESIGN of inline activities).
func TestInline(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		a := outcome(x, x.Schedule(Call{Name: "A", Inline: true}))
		return text(a + outcome(x, x.Schedule(Call{Name: "B", Inline: true})))
	})
	d.start()
	whole := d.lastRun
	for _, result := range []string{"1", "2"} {
		if len(whole.Inline) != 1 || len(whole.Activities) != 0 {
			t.Fatalf("offered %d, sent %d", len(whole.Inline), len(whole.Activities))
		}
		id := whole.Inline[0].Event.Head().ID
		next, _ := Run(d.code, Episode{Execution: d.live, Now: d.now, New: []history.Message{{Target: d.past[1].(*history.ExecutionStarted).Instance, Event: done(id, result)}}})
		whole.Append(next)
	}
	d.lastRun = whole
	equal(t, d.shape(), "OrchestratorStarted ExecutionStarted TaskScheduled OrchestratorCompleted OrchestratorStarted TaskCompleted TaskScheduled OrchestratorCompleted "+
		"OrchestratorStarted TaskCompleted ExecutionCompleted OrchestratorCompleted")
	equal(t, words(whole.Events), "call0:A done0 call1:B done1 Completed2:12")
	again, x := Run(d.code, Episode{Past: whole.Events[:len(whole.Events)-2], Now: d.now})
	x.End()
	equal(t, words(again.Events), "Completed2:12")
}

// If a worker dies between the commit of an episode and that of its inline activity, an empty episode offers it again.
func TestInlineAfterCrash(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.Schedule(Call{Name: "A", Inline: true})))
	})
	d.start()
	again, x := Run(d.code, Episode{Past: d.past, Now: d.now, New: []history.Message{{Event: &history.ExecutionStarted{}}}})
	x.End()
	if len(again.Inline) != 1 || len(again.Events) == 0 {
		t.Errorf("after the crash %d are offered, events %v", len(again.Inline), words(again.Events))
	}
}

// Patched answers true for what came to the point with the new code, false for ever for what came before.
func TestPatched(t *testing.T) {
	t.Parallel()
	withPatch := false
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		var got []string
		for range 2 {
			outcome(x, x.NextEvent("E"))
			if withPatch {
				got = append(got, fmt.Sprint(x.Patched("p")))
			}
		}
		return text(strings.Join(got, " "))
	}
	run := func(patchFrom int) string {
		withPatch = false
		var past []history.Event
		messages := []history.Message{{Event: &history.ExecutionStarted{}}}
		for i := 1; ; i++ {
			withPatch = i >= patchFrom
			d, x := Run(code, Episode{Past: past, New: messages})
			x.End()
			past = append(past, d.Events...)
			if d.Outcome != nil {
				return *d.Outcome.Result
			}
			messages = []history.Message{{Event: raised("E", "")}}
		}
	}
	equal(t, run(0), "true true")
	equal(t, run(2), "true true")
	equal(t, run(3), "false false")
}

func TestRecord(t *testing.T) {
	t.Parallel()
	calls := 0
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		value := x.Record("random", func() string { calls++; return fmt.Sprint("v", calls) })
		outcome(x, x.NextEvent("E"))
		return text(value + x.Record("random", func() string { calls++; return fmt.Sprint("v", calls) }))
	}
	first, x := Run(code, Episode{New: []history.Message{{Event: &history.ExecutionStarted{}}}})
	x.End()
	second, x := Run(code, Episode{Past: first.Events, New: []history.Message{{Event: raised("E", "")}}})
	x.End()
	if calls != 2 || *second.Outcome.Result != "v1v2" {
		t.Errorf("%d calls, result %s", calls, *second.Outcome.Result)
	}
}

func TestMaxCalls(t *testing.T) {
	t.Parallel()
	d, x := Run(func(x *Execution, _ *string) (_ *string, f *history.FailureDetails) {
		defer func() { f = &history.FailureDetails{ErrorMessage: fmt.Sprint(recover())} }()
		for {
			x.Schedule(Call{Name: "A"})
		}
	}, Episode{MaxCalls: 10, New: []history.Message{{Event: &history.ExecutionStarted{}}}})
	x.End()
	if len(d.Activities) != 11 && len(d.Activities) != 10 || !strings.Contains(d.Outcome.Failure.ErrorMessage, "Maximum amount of orchestration actions (10)") {
		t.Errorf("%d activities, %+v", len(d.Activities), d.Outcome)
	}
}

// Episodes recorded by DTFx are replayed by its rules: the last of several waits gets the event, and an execution stays open until
// its tasks have ended (PROTOCOL of the rule sets).
func TestRulesOfDTFx(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		one, two := x.NextEvent("E"), x.NextEvent("E")
		x.Schedule(Call{Name: "A"})
		x.Await(2, one, two)
		return text(outcome(x, one) + outcome(x, two))
	}
	frame := func(engine int, events ...history.Event) []history.Event {
		return append(append([]history.Event{&history.OrchestratorStarted{Engine: engine}}, events...), &history.OrchestratorCompleted{})
	}
	past := frame(0, &history.ExecutionStarted{}, &history.TaskScheduled{Header: history.Header{ID: 0}, Name: "A"})
	past = append(past, frame(0, raised("E", "1"), raised("E", "2"))...)
	d, x := Run(code, Episode{Past: past})
	if x.outcome != nil || d.Outcome != nil {
		t.Errorf("with an open activity the execution has ended: %+v", x.outcome)
	}
	x.End()
	past = append(past, frame(0, done(0, "a"))...)
	_, x = Run(code, Episode{Past: past})
	if x.outcome == nil || *x.outcome.Result != "21" {
		t.Errorf("replayed to %+v, want the last wait served first", x.outcome)
	}
	x.End()
}
