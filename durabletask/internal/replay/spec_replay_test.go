package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// After each event the code runs as far as it can before the next event is looked at.
func TestSpec_5_1_CodeRunsBetweenEvents(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		a, b := x.Schedule(Call{Name: "A"}), x.Schedule(Call{Name: "B"})
		x.Await(1, a, b)
		return text(fmt.Sprint(a.Done(), b.Done()))
	})
	d.start()
	equal(t, d.deliver(done(1, "b"), done(0, "a")), "done1 Completed2:false true")
}

// The code says what it sees of IsReplaying, at the first run and when it is replayed.
func TestSpec_5_1_IsReplayingWhileEventsAreThoseOfThePast(t *testing.T) {
	t.Parallel()
	var log []string
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		log = append(log, fmt.Sprint("a ", x.Replaying()))
		outcome(x, x.Schedule(Call{Name: "A"}))
		log = append(log, fmt.Sprint("b ", x.Replaying()))
		return nil, nil
	}
	first := once(code, Episode{New: []history.Message{to("x", startEvent("x"))}})
	once(code, Episode{Past: first.Events, New: []history.Message{to("x", done(0, ""))}})
	equal(t, strings.Join(log, ", "), "a false, a true, b false")

	// Parked code sees no past again.
	log = nil
	live, x := Run(code, Episode{New: []history.Message{to("x", startEvent("x"))}})
	_, _ = Run(code, Episode{Past: live.Events, Execution: x, New: []history.Message{to("x", done(0, ""))}})
	x.End()
	equal(t, strings.Join(log, ", "), "a false, b false")
}

func TestSpec_5_1_TheStartGivesInputAndVersion(t *testing.T) {
	t.Parallel()
	start := startEvent("x")
	start.Input, start.Version = new(`{"raw": 1}`), new("1.2")
	d := once(func(x *Execution, input *string) (*string, *history.FailureDetails) {
		return text(*input + *x.Start().Version)
	}, Episode{New: []history.Message{to("x", start)}})
	equal(t, *d.Outcome.Result, `{"raw": 1}1.2`)
}

// Nondeterminism is not retried: the orchestration has failed, and what the wrong code decided is not done.
func TestSpec_5_1_NondeterminismFailsTheOrchestration(t *testing.T) {
	t.Parallel()
	past := once(calling, Episode{New: []history.Message{to("x", startEvent("x"))}}).Events
	d := once(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.Schedule(Call{Name: "B"})
		return text(outcome(x, x.Schedule(Call{Name: "C"})))
	}, Episode{Past: past, New: []history.Message{to("x", done(0, "a"))}})
	if d.Outcome == nil || d.Outcome.Failure.ErrorType != KindNondeterminism || len(d.Activities) > 0 {
		t.Errorf("decided %s, activities %v", words(d.Events), d.Activities)
	}
}

// Differs from DTFx, where the new generation waits for all open tasks of the old one.
func TestSpec_5_1_ANewGenerationWaitsForNothing(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input != nil {
			return waiting(x, nil)
		}
		x.Schedule(Call{Name: "A"})
		x.ContinueAsNew(Continuation{Input: new("next")})
		return nil, nil
	})
	equal(t, d.start(), "")
	if !d.lastRun.Continued || len(d.lastRun.Activities) != 1 {
		t.Errorf("continued: %v", d.lastRun.Continued)
	}
	d.execution = "x"
	equal(t, d.deliver(done(0, "too late")), "")
}

// A cancelled timer holds nothing up, by either rule set.
func TestSpec_5_1_CancelledTimersHoldNothingUp(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		timer := x.Timer(x.Now().Add(time.Hour))
		got := outcome(x, x.NextEvent("E"))
		x.Cancel(timer)
		return text(got)
	}
	past := []history.Event{
		&history.OrchestratorStarted{}, startEvent("x"), &history.TimerCreated{Header: history.Header{ID: 0}}, &history.OrchestratorCompleted{},
		&history.OrchestratorStarted{}, raised("E", "1"),
	}
	equal(t, words(once(code, Episode{Past: past}).Events), "Completed1:1")
}

// One counter for all decisions; waits, identifiers, the status and continue-as-new don't take a number.
func TestSpec_5_2_WhatTakesANumber(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.Schedule(Call{Name: "A"})
		x.NextEvent("never")
		x.NewUUID()
		x.Rand()
		x.SetStatus(new("1"))
		x.Patched("p")
		x.Record("r", func() string { return "" })
		x.StartChild(Call{Name: "C"})
		x.StartChild(Call{Name: "C", Tags: map[string]string{history.FireAndForget: ""}})
		x.SendEvent("other", "E", nil)
		x.Timer(x.Now().Add(time.Hour))
		return nil, nil
	})
	d.start()
	var got []string
	for _, e := range d.lastRun.Events {
		if e.Head().ID != history.NoID {
			got = append(got, fmt.Sprint(e.Head().ID, " ", e.Type()))
		}
	}
	equal(t, strings.Join(got, ", "), "0 TaskScheduled, 1 SubOrchestrationInstanceCreated, 2 SubOrchestrationInstanceCreated, "+
		"3 EventSent, 4 TimerCreated, 5 ExecutionCompleted")
}

func TestSpec_5_2_EachGenerationCountsAnew(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		got := outcome(x, x.Schedule(Call{Name: "A"}))
		if input == nil {
			x.ContinueAsNew(Continuation{Input: &got})
		}
		return text(got)
	})
	equal(t, d.start(), "call0:A")
	equal(t, d.deliver(done(0, "1")), "call0:A")
	equal(t, d.deliver(done(0, "2")), "done0 Completed1:2")
}

// What the history says must be decided again, with the same number, kind and name. Nothing else is compared.
func TestSpec_5_3_Matching(t *testing.T) {
	t.Parallel()
	head := history.Header{ID: 0}
	call := func(name string) func(x *Execution) {
		return func(x *Execution) {
			x.Schedule(Call{Name: name, Input: new("1"), Version: new("2"), Tags: map[string]string{"a": "b"}})
		}
	}
	child := func(name string) func(x *Execution) {
		return func(x *Execution) { x.StartChild(Call{Name: name, InstanceID: "other", Input: new("1")}) }
	}
	timer := func(x *Execution) { x.Timer(x.Now().Add(time.Hour)) }
	send := func(name string) func(x *Execution) {
		return func(x *Execution) { x.SendEvent("other", name, new("1")) }
	}
	nothing := func(*Execution) {}
	scheduled, created := &history.TaskScheduled{Header: head, Name: "A"}, &history.SubOrchestrationInstanceCreated{Header: head, Name: "C", InstanceID: "id"}
	fires, sent := &history.TimerCreated{Header: head, FireAt: begin}, &history.EventSent{Header: head, Name: "E", InstanceID: "id"}
	for name, row := range map[string]struct {
		recorded history.Event
		code     func(*Execution)
		wrong    string // part of what is said; empty if all is well
	}{
		"activity":                  {scheduled, call("A"), ""},
		"activity in another case":  {scheduled, call("a"), ""},
		"activity of another name":  {scheduled, call("B"), `recorded as activity "A", but the code now calls activity "B"`},
		"activity not called":       {scheduled, nothing, `recorded as activity "A", but the code now makes no such call`},
		"activity, now a child":     {scheduled, child("A"), `now calls sub-orchestration "A"`},
		"activity, now a timer":     {scheduled, timer, "now calls a timer"},
		"activity, now an event":    {scheduled, send("A"), `now calls event "A" to another instance`},
		"child":                     {created, child("C"), ""},
		"child in another case":     {created, child("c"), ""},
		"child of another name":     {created, child("D"), `recorded as sub-orchestration "C", but the code now calls sub-orchestration "D"`},
		"child not started":         {created, nothing, "makes no such call"},
		"child, now an activity":    {created, call("C"), `now calls activity "C"`},
		"timer at another time":     {fires, timer, ""},
		"timer not made":            {fires, nothing, "recorded as a timer, but the code now makes no such call"},
		"timer, now an activity":    {fires, call("A"), "recorded as a timer"},
		"event to someone else":     {sent, send("E"), ""},
		"event in another case":     {sent, send("e"), ""},
		"event of another name":     {sent, send("F"), `recorded as event "E" to another instance, but the code now calls event "F"`},
		"event not sent":            {sent, nothing, "makes no such call"},
		"more than was recorded":    {&history.OrchestratorCompleted{}, call("A"), ""},
		"the mark of interruptions": {&history.TimerCreated{Header: history.Header{ID: -100}}, nothing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := func(x *Execution, in *string) (*string, *history.FailureDetails) {
				row.code(x)
				return waiting(x, in)
			}
			past := []history.Event{&history.OrchestratorStarted{}, startEvent("x"), row.recorded, &history.OrchestratorCompleted{}}
			d := once(code, Episode{Past: past, New: []history.Message{to("", raised("E", "1"))}})
			if row.wrong == "" {
				if d.Outcome != nil {
					t.Errorf("failed: %v", *d.Outcome.Result)
				}
				return
			}
			if d.Outcome == nil || d.Outcome.Status != history.Failed {
				t.Fatalf("decided %s", words(d.Events))
			}
			said := *d.Outcome.Result
			if !strings.HasPrefix(said, "Non-Deterministic workflow detected: ") || !strings.Contains(said, row.wrong) ||
				!strings.Contains(said, "Was the orchestrator changed while this instance was running?") {
				t.Errorf("says %s", said)
			}
		})
	}
}

// Code that now does less than the history has results for is not found out.
func TestSpec_5_3_ResultsWithoutACallAreIgnored(t *testing.T) {
	t.Parallel()
	past := []history.Event{
		&history.OrchestratorStarted{}, startEvent("x"), &history.OrchestratorCompleted{},
		&history.OrchestratorStarted{}, done(3, "a"), failure(4, "b"), fired(5, 0), child(6, "c"),
		&history.SubOrchestrationInstanceFailed{TaskID: 7}, &history.OrchestratorCompleted{},
	}
	equal(t, words(once(waiting, Episode{Past: past, New: []history.Message{to("", raised("E", ""))}}).Events), "event:E")
}

// The first result that was recorded wins, also where the history has several (DTFx stores them all).
func TestSpec_5_3_TheFirstRecordedResultWins(t *testing.T) {
	t.Parallel()
	past := []history.Event{
		&history.OrchestratorStarted{}, startEvent("x"), &history.TaskScheduled{Name: "A"}, &history.OrchestratorCompleted{},
		&history.OrchestratorStarted{}, done(0, "first"), failure(0, "second"), done(0, "third"),
	}
	equal(t, words(once(calling, Episode{Past: past}).Events), "Completed1:first")
}

func TestSpec_5_3_EveryResultReachesItsTask(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		start  func(*Execution) *Task
		result history.Event
		want   string
	}{
		"activity":                {func(x *Execution) *Task { return x.Schedule(Call{Name: "A"}) }, done(0, "r"), "r"},
		"activity without result": {func(x *Execution) *Task { return x.Schedule(Call{Name: "A"}) }, &history.TaskCompleted{}, "null"},
		"failed activity":         {func(x *Execution) *Task { return x.Schedule(Call{Name: "A"}) }, failure(0, "f"), "!f"},
		"child":                   {func(x *Execution) *Task { return x.StartChild(Call{Name: "C"}) }, child(0, "r"), "r"},
		"failed child":            {func(x *Execution) *Task { return x.StartChild(Call{Name: "C"}) }, &history.SubOrchestrationInstanceFailed{Reason: "f"}, "!f"},
		"timer":                   {func(x *Execution) *Task { return x.Timer(x.Now()) }, fired(0, 0), "null"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
				return text(outcome(x, row.start(x)))
			})
			d.start()
			d.deliver(row.result)
			if d.lastRun.Outcome == nil || *d.lastRun.Outcome.Result != row.want {
				t.Errorf("ended with %+v", d.lastRun.Outcome)
			}
		})
	}
}

// The time stands still within an episode, and is that of the episode when it is replayed.
func TestSpec_5_10_TimeIsThatOfTheEpisode(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		times := []time.Time{x.Now()}
		for range 2 {
			outcome(x, x.NextEvent("E"))
			times = append(times, x.Now())
		}
		outcome(x, x.NextEvent("E"))
		return text(fmt.Sprint(times[1].Sub(times[0]), times[2].Sub(times[1]), x.Now().Sub(times[2])))
	})
	d.start()
	d.deliver(raised("E", ""), raised("E", ""))
	d.now = d.now.Add(time.Hour)
	d.deliver(raised("E", ""))
	equal(t, *d.lastRun.Outcome.Result, "1s 0s 1h0m1s")
}

func TestSpec_5_10_TimeIsUTCWithSevenDigits(t *testing.T) {
	t.Parallel()
	local := begin.In(time.FixedZone("", 3600)).Add(123456789 * time.Nanosecond)
	d := once(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(x.Now().Format(time.RFC3339Nano))
	}, Episode{Now: local, New: []history.Message{to("x", startEvent("x"))}})
	equal(t, *d.Outcome.Result, "2026-11-23T17:00:00.1234567Z")
}

// Identifiers are counted through all episodes of an execution, and made with the time of the episode in which the code asks.
func TestSpec_5_10_IdentifiersAreCountedThroughEpisodes(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		ids := []string{x.NewUUID().String(), x.NewUUID().String()}
		outcome(x, x.NextEvent("E"))
		return text(strings.Join(append(ids, x.NewUUID().String()), " "))
	})
	d.start()
	d.deliver(raised("E", ""))
	var want []string
	for _, name := range []string{"i_2026-11-23T17:00:01.0000000Z_0", "i_2026-11-23T17:00:01.0000000Z_1", "i_2026-11-23T17:00:02.0000000Z_2"} {
		want = append(want, uuid5(orchestrationSpace, name).String())
	}
	equal(t, *d.lastRun.Outcome.Result, strings.Join(want, " "))
}

func TestSpec_5_10_IdentifiersAreVersion5(t *testing.T) {
	t.Parallel()
	x := New()
	x.start = startEvent("x")
	for range 20 {
		if u := x.NewUUID(); u[6]>>4 != 5 || u[8]>>6 != 2 {
			t.Errorf("%v", u)
		}
	}
}

// A call with retries counts as one, however often it is made.
func TestSpec_5_11_RetriesCountAsOneCall(t *testing.T) {
	t.Parallel()
	d, x := Run(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.WithRetry("A", Retry{MaxAttempts: 3, First: time.Second}, func() *Task { return x.Schedule(Call{Name: "A"}) })))
	}, Episode{MaxCalls: 1, New: []history.Message{to("x", startEvent("x"))}})
	for i := 0; d.Outcome == nil && i < 10; i++ {
		answer := d.Timers
		for _, m := range d.Activities {
			answer = append(answer, to("x", failure(m.Event.Head().ID, "f")))
		}
		d, _ = Run(nil, Episode{MaxCalls: 1, Execution: x, New: answer})
	}
	x.End()
	equal(t, words(d.Events), "fired5 Completed6:!f")
}

// The limit is that of one execution: to continue as new gives a new one. (That the code is told in a panic is TestMaxCalls.)
func TestSpec_5_11_EachGenerationHasItsLimit(t *testing.T) {
	t.Parallel()
	d := once(func(x *Execution, input *string) (*string, *history.FailureDetails) {
		for range 3 {
			x.SendEvent("other", "E", nil)
		}
		if input == nil {
			x.ContinueAsNew(Continuation{Input: new("next")})
		}
		return text("fine")
	}, Episode{MaxCalls: 3, New: []history.Message{to("x", startEvent("x"))}})
	equal(t, *d.Outcome.Result, "fine")
}

// The last status of an episode is what others see; nil clears it.
func TestSpec_10_5_TheLastStatusCounts(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.SetStatus(new("1"))
		x.SetStatus(new("2"))
		outcome(x, x.NextEvent("E"))
		outcome(x, x.NextEvent("E"))
		x.SetStatus(nil)
		return text(outcome(x, x.NextEvent("E")))
	})
	d.start()
	equal(t, *d.lastRun.CustomStatus, "2")
	d.deliver(raised("E", ""))
	equal(t, *d.lastRun.CustomStatus, "2")
	d.deliver(raised("E", ""))
	if d.lastRun.CustomStatus != nil {
		t.Errorf("status %s", *d.lastRun.CustomStatus)
	}
}

// A durable call where the code can't wait is told off, and says where it is.
func TestSpec_10_6_CallsOutsideOfTheOrchestrator(t *testing.T) {
	t.Parallel()
	var kept *Execution
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		kept = x
		return text(outcome(x, x.NextEvent("E")))
	})
	d.start()
	for name, call := range map[string]func(){
		"schedule": func() { kept.Schedule(Call{Name: "A"}) },
		"timer":    func() { kept.Timer(begin) },
		"wait":     func() { kept.NextEvent("E") },
		"child":    func() { kept.StartChild(Call{Name: "C"}) },
		"send":     func() { kept.SendEvent("other", "E", nil) },
	} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, "outside of its orchestrator") {
					t.Errorf("%s: %s", name, said)
				}
			}()
			call()
		}()
	}
}

// So is one from elsewhere while the orchestrator is being unloaded; only its own goroutine ends then.
func TestSpec_10_6_CallsFromElsewhereWhileUnloading(t *testing.T) {
	t.Parallel()
	var said any
	_, x := Run(func(x *Execution, in *string) (*string, *history.FailureDetails) {
		defer func() {
			told := make(chan any)
			go func() {
				defer func() { told <- recover() }()
				x.Schedule(Call{Name: "A"})
			}()
			said = <-told
		}()
		return waiting(x, in)
	}, Episode{New: []history.Message{to("x", startEvent("x"))}})
	x.End()
	if !strings.Contains(fmt.Sprint(said), "outside of its orchestrator") {
		t.Errorf("said %v", said)
	}
}

// Tags of a child: its own and its parent's, its own first; the mark of a detached orchestration is not inherited.
func TestSpec_13_4_TagsOfChildren(t *testing.T) {
	t.Parallel()
	parents := map[string]string{"p": "parent", "both": "parent", history.FireAndForget: ""}
	for name, row := range map[string]struct{ own, want map[string]string }{
		"none":     {nil, map[string]string{"p": "parent", "both": "parent"}},
		"own":      {map[string]string{"c": "child", "both": "child"}, map[string]string{"p": "parent", "c": "child", "both": "child"}},
		"detached": {map[string]string{history.FireAndForget: ""}, map[string]string{"p": "parent", "both": "parent", history.FireAndForget: ""}},
	} {
		start := startEvent("x")
		start.Tags = parents
		d := once(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
			x.StartChild(Call{Name: "C", Tags: row.own})
			return nil, nil
		}, Episode{New: []history.Message{to("x", start)}})
		got := d.Events[2].(*history.SubOrchestrationInstanceCreated).Tags
		if fmt.Sprint(got) != fmt.Sprint(row.want) {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

// A child without a version gets the worker's default; its own wins, also an empty one.
func TestSpec_13_2_VersionsOfChildren(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ own, fallback, want *string }{
		{nil, nil, nil}, {nil, new("1"), new("1")}, {new("2"), new("1"), new("2")}, {new(""), new("1"), new("")},
	} {
		d := once(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
			x.StartChild(Call{Name: "C", Version: row.own})
			return nil, nil
		}, Episode{DefaultVersion: row.fallback, New: []history.Message{to("x", startEvent("x"))}})
		got := d.Messages[0].Event.(*history.ExecutionStarted).Version
		if (got == nil) != (row.want == nil) || got != nil && *got != *row.want {
			t.Errorf("own %v, default %v: %v", row.own, row.fallback, got)
		}
	}
}
