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

// The spec_ files have a test for each rule of the reference's semantics that concerns the core, named by the section and what it says. Where ours
// differs on purpose the test says so. Rules that other files test, because a story tells them better:
//
//	3.1   TestStartFirst                             5.6  TestFailureAfterContinueAsNew
//	3.3   TestReconcile                              5.7  TestTerminate, TestTerminateBesideContinueAsNew, TestTerminateChildren
//	3.6   TestMessageIDs                             5.8  TestSuspend, TestSuspendWithTheStart, TestEventsHeldGoThroughGenerations
//	3.7   TestContinueAsNew…, TestAnswerToParent     5.9  TestChildren
//	5.1   TestReturnWithOpenTasks, TestRulesOfDTFx   5.10 TestNewUUID
//	5.3   TestFanOut, TestNondeterminism             5.11 TestMaxCalls
//	5.4   TestLongTimers, TestEpisodeTime            6    TestRetrySequence, TestRetryGivesUp, TestRetryDelays
//	5.5   TestEvents, TestEventAgainstTimer          10.6 TestCallFromAnotherGoroutine, TestGoexit
//
// Sections that are about storage, workers, clients or entities have their tests there.

// to makes a message for one execution of the instance; an empty id stands for any.
func to(execution string, e history.Event) history.Message {
	return history.Message{Target: history.Instance{ID: "i", ExecutionID: execution}, Event: e}
}

func startEvent(execution string) *history.ExecutionStarted {
	return &history.ExecutionStarted{Header: history.Header{ID: history.NoID}, Instance: history.Instance{ID: "i", ExecutionID: execution}, Name: "Test"}
}

// waiting is an orchestrator that waits for events named E, and returns the third.
func waiting(x *Execution, _ *string) (*string, *history.FailureDetails) {
	outcome(x, x.NextEvent("E"))
	outcome(x, x.NextEvent("E"))
	return text(outcome(x, x.NextEvent("E")))
}

// calling is an orchestrator that calls A and returns its result.
func calling(x *Execution, _ *string) (*string, *history.FailureDetails) {
	return text(outcome(x, x.Schedule(Call{Name: "A"})))
}

// once runs one episode on a fresh execution.
func once(code Code, ep Episode) *Decisions {
	d, x := Run(code, ep)
	x.End()
	return d
}

func TestSpec_3_1_StartOfAChildIsNotMoved(t *testing.T) {
	t.Parallel()
	child := startEvent("A")
	child.Parent = &history.ParentInstance{}
	event, second := raised("E", ""), startEvent("B")
	in := []history.Message{to("", event), to("A", child), to("B", second)}
	if got := startFirst(in); !slices.Equal(got, in) {
		t.Errorf("moved to %v; only the first start counts, and it is a child's", got)
	}
}

func TestSpec_3_1_MessagesOfAnotherExecutionAreAWall(t *testing.T) {
	t.Parallel()
	a1, a2, free, start := to("A", done(0, "")), to("A", done(1, "")), to("", raised("E", "")), to("B", startEvent("B"))
	got := startFirst([]history.Message{free, a1, a2, free, start})
	if want := []history.Message{free, a1, a2, start, free}; !slices.Equal(got, want) {
		t.Errorf("the start stands at %d, want behind the messages of execution A", slices.Index(got, start))
	}
}

// What the messages before the start do is decided after it: they belong to the same batch.
func TestSpec_3_1_EventBeforeTheStartIsDelivered(t *testing.T) {
	t.Parallel()
	d := once(waiting, Episode{New: []history.Message{to("", raised("E", "1")), to("x", startEvent("x"))}})
	equal(t, words(d.Events), "event:E")
}

func TestSpec_3_2_AnEpisodeBeginsWithItsTime(t *testing.T) {
	t.Parallel()
	now := begin.Add(123456789 * time.Nanosecond)
	d := once(waiting, Episode{Now: now, New: []history.Message{to("x", startEvent("x"))}})
	first := d.Events[0].(*history.OrchestratorStarted)
	if first.ID != history.NoID || !first.Time.Equal(now.Truncate(100*time.Nanosecond)) {
		t.Errorf("begins with %+v", first)
	}
}

// Go: a clock that is behind that of the worker before does not turn time back.
func TestSpec_3_2_TimeNeverGoesBack(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	d.start()
	d.now = begin.Add(-time.Hour)
	d.deliver(raised("E", "1"))
	if got := d.lastRun.Events[0].Head().Time; !got.Equal(begin.Add(time.Second)) {
		t.Errorf("the second episode is at %v, the first was a second after %v", got, begin)
	}
}

// Go: the clock is never before a timer that is delivered; one that is not delivered doesn't move it.
func TestSpec_3_2_OnlyDeliveredTimersMoveTheClock(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, in *string) (*string, *history.FailureDetails) {
		x.Timer(x.Now().Add(time.Hour))
		return waiting(x, in)
	})
	d.start()
	d.deliver(raised("E", "1"), fired(7, 1000*time.Hour))
	if got := d.lastRun.Events[0].Head().Time; !got.Equal(begin.Add(2 * time.Second)) {
		t.Errorf("a timer that nobody made puts the clock at %v", got)
	}
	d.deliver(raised("E", "2"), fired(0, time.Hour))
	if got := d.lastRun.Events[0].Head().Time; !got.Equal(begin.Add(time.Hour)) {
		t.Errorf("a timer that is due at %v is delivered at %v", begin.Add(time.Hour), got)
	}
}

// A history that has no start is what is left of one that was deleted or overwritten (4.2): nothing is done with it.
func TestSpec_3_3_HistoryWithoutStartIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, past := range map[string][]history.Event{
		"a result":   {&history.OrchestratorStarted{}, done(0, "a"), &history.OrchestratorCompleted{}},
		"a decision": {&history.OrchestratorStarted{}, &history.TaskScheduled{Name: "A"}, &history.OrchestratorCompleted{}},
		"an end":     {&history.ExecutionCompleted{}},
	} {
		for _, m := range []history.Message{to("", raised("E", "1")), to("x", startEvent("x")), to("", terminate("t", false))} {
			d := once(waiting, Episode{Past: past, New: []history.Message{m}})
			if d.Start != nil || len(d.Events) > 0 || d.Outcome != nil {
				t.Errorf("%s, then %v: %s", name, m.Event.Type(), words(d.Events))
			}
		}
	}
}

// Messages for an instance that is not there are dropped. Differs from DTFx, which drops a start that comes behind them, too, if it is
// a child's.
func TestSpec_3_3_MessagesWithoutAnInstanceAreDropped(t *testing.T) {
	t.Parallel()
	d := once(waiting, Episode{New: []history.Message{to("", raised("E", "1")), to("x", done(0, "a")), to("", terminate("t", false))}})
	if d.Start != nil || len(d.Events) > 0 {
		t.Errorf("decided %s", words(d.Events))
	}
	child := startEvent("x")
	child.Parent = &history.ParentInstance{}
	d = once(waiting, Episode{New: []history.Message{to("", raised("E", "1")), to("x", child)}})
	if len(d.Events) != 3 || d.Events[1] != history.Event(child) {
		t.Errorf("decided %s", words(d.Events))
	}
}

func TestSpec_3_3_DuplicateStartIsDropped(t *testing.T) {
	t.Parallel()
	d := once(waiting, Episode{New: []history.Message{to("x", startEvent("x")), to("x", startEvent("x")), to("y", startEvent("y")), to("", raised("E", "1"))}})
	equal(t, words(d.Events), "event:E")
	if len(d.Events) != 4 || d.Start.Instance.ExecutionID != "x" {
		t.Errorf("%d events, execution %s", len(d.Events), d.Start.Instance.ExecutionID)
	}
}

func TestSpec_3_3_OtherExecutionsMessagesAreDropped(t *testing.T) {
	t.Parallel()
	d := drive(t, calling)
	d.start()
	d.execution = "X" // ids have case
	equal(t, d.deliver(done(0, "a")), "")
	d.execution = "x"
	equal(t, d.deliver(done(0, "b")), "done0 Completed1:b")
}

func TestSpec_3_3_MessagesWithoutExecutionMatchAny(t *testing.T) {
	t.Parallel()
	first := once(calling, Episode{New: []history.Message{to("x", startEvent("x"))}})
	d := once(calling, Episode{Past: first.Events, New: []history.Message{to("", done(0, "a"))}})
	equal(t, words(d.Events), "done0 Completed1:a")
}

func TestSpec_3_3_RewindOfARunningInstanceLeavesNoTrace(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	d.start()
	equal(t, d.deliver(control("r", &history.ExecutionRewound{})), "")
	equal(t, d.deliver(control("r", &history.ExecutionRewound{}), raised("E", "1")), "event:E")
}

func TestSpec_3_3_AFinishedInstanceDropsEverything(t *testing.T) {
	t.Parallel()
	d := drive(t, func(*Execution, *string) (*string, *history.FailureDetails) { return text("over") })
	equal(t, d.start(raised("E", "1")), "Completed0:over")
	equal(t, d.deliver(raised("E", "1"), terminate("t", false), suspend("s"), done(0, "a")), "")
}

// An episode to which nothing is delivered leaves no trace. Differs from DTFx, which stores its frame.
func TestSpec_3_3_NothingDeliveredNothingStored(t *testing.T) {
	t.Parallel()
	d := drive(t, calling)
	d.start()
	equal(t, d.deliver(done(5, "unknown")), "")
	if len(d.lastRun.Events) > 0 {
		t.Errorf("stores %s", d.shape())
	}
}

// everyDecision makes one decision of each kind, in another order than their kinds have.
func everyDecision(x *Execution, _ *string) (*string, *history.FailureDetails) {
	x.Timer(x.Now().Add(time.Hour))
	x.StartChild(Call{Name: "C", Input: new("1"), Version: new("2")})
	x.Schedule(Call{Name: "A", Input: new("[3]"), Version: new("4"), Tags: map[string]string{"own": "tag"}})
	x.SendEvent("other", "E", new("5"))
	return text(outcome(x, x.NextEvent("never")))
}

func TestSpec_3_6_DecisionsAreStoredInOrder(t *testing.T) {
	t.Parallel()
	d := drive(t, everyDecision)
	d.start()
	equal(t, d.shape(), "OrchestratorStarted ExecutionStarted TimerCreated SubOrchestrationInstanceCreated TaskScheduled EventSent OrchestratorCompleted")
	for i, e := range d.lastRun.Events[2:6] {
		if e.Head().ID != i {
			t.Errorf("%v has id %d, want %d", e.Type(), e.Head().ID, i)
		}
	}
}

func TestSpec_3_6_InputsAreStoredOnlyIfAskedFor(t *testing.T) {
	t.Parallel()
	for _, store := range []bool{false, true} {
		start := startEvent("x")
		d := once(everyDecision, Episode{StoreInputs: store, New: []history.Message{to("x", start)}})
		child, activity := d.Events[3].(*history.SubOrchestrationInstanceCreated), d.Events[4].(*history.TaskScheduled)
		if (child.Input != nil) != store || (activity.Input != nil) != store {
			t.Errorf("asked for: %v, stored: %v and %v", store, child.Input, activity.Input)
		}
		if sent := d.Activities[0].Event.(*history.TaskScheduled); *sent.Input != "[3]" {
			t.Errorf("the activity gets %v", sent.Input)
		}
	}
}

// message checks a message field by field; its own id is made of the decision.
func message(t *testing.T, got, want history.Message) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(history.Header{}, "ActivityID")); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestSpec_3_6_Messages(t *testing.T) {
	t.Parallel()
	start := startEvent("x")
	start.Version, start.Tags = new("v"), map[string]string{"parents": "tag"}
	d := once(everyDecision, Episode{Now: begin, New: []history.Message{to("x", start)}})
	me := history.Instance{ID: "i", ExecutionID: "x"}
	head := history.Header{ID: history.NoID, Time: begin}

	// The timer's message comes back to this execution; its time is that of its creation.
	message(t, d.Timers[0], history.Message{Target: me, Event: &history.TimerFired{Header: head, TimerID: 0, FireAt: begin.Add(time.Hour)}})

	// The activity's message is addressed to the orchestration, and has only its own tags (13.4).
	message(t, d.Activities[0], history.Message{Target: me, Event: &history.TaskScheduled{
		Header: history.Header{ID: 2, Time: begin}, Name: "A", Input: new("[3]"), Version: new("4"), Tags: map[string]string{"own": "tag"},
	}})

	// The child's start says whose child it is. Go: its execution id is made of the decision, so that a re-run starts the same child.
	child := history.Instance{ID: "x:1", ExecutionID: derivedExecution("x", 1, "x:1")}
	message(t, d.Messages[0], history.Message{Target: child, Event: &history.ExecutionStarted{
		Header: head, Instance: child, Name: "C", Version: new("2"), Input: new("1"), Tags: map[string]string{"parents": "tag"},
		Parent: &history.ParentInstance{Instance: me, Name: "Test", Version: new("v"), TaskID: 1},
	}})

	// The event is for whatever execution the other instance has.
	message(t, d.Messages[1], history.Message{Target: history.Instance{ID: "other"}, Event: &history.EventRaised{Header: head, Name: "E", Input: new("5")}})
}

// DTFx may cut an episode short, marked by a timer of its own. Replay passes over the mark, and decides the rest again.
func TestSpec_3_6_InterruptedEpisodeIsMadeUpFor(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		var tasks []*Task
		for range 3 {
			tasks = append(tasks, x.Schedule(Call{Name: "A"}))
		}
		x.Await(3, tasks...)
		return text("all")
	}
	interrupt := history.Header{ID: -100}
	past := []history.Event{
		&history.OrchestratorStarted{}, startEvent("x"), &history.TaskScheduled{Header: history.Header{ID: 0}, Name: "A"},
		&history.TimerCreated{Header: interrupt}, &history.OrchestratorCompleted{},
	}
	d := once(code, Episode{Past: past, New: []history.Message{to("x", fired(-100, 0))}})
	equal(t, words(d.Events), "call1:A call2:A")
}

func TestSpec_3_7_AnEpisodeEndsOnce(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	d.start(raised("E", "1"))
	equal(t, d.shape(), "OrchestratorStarted ExecutionStarted EventRaised OrchestratorCompleted")
}

func TestSpec_3_7_CompletionHasTheNextID(t *testing.T) {
	t.Parallel()
	d := drive(t, calling)
	d.start()
	equal(t, d.deliver(done(0, `"r"`)), `done0 Completed1:"r"`)
	end := d.lastRun.Outcome
	if end != d.lastRun.Events[2] || end.Failure != nil {
		t.Errorf("the outcome is %+v", end)
	}
	equal(t, d.shape(), "OrchestratorStarted TaskCompleted ExecutionCompleted OrchestratorCompleted")
}

// How an execution ended is told to the parent that started it; a termination is a failure with the reason.
func TestSpec_3_7_TheParentIsTold(t *testing.T) {
	t.Parallel()
	parent := history.Instance{ID: "p", ExecutionID: "px"}
	start := startEvent("x")
	start.Parent = &history.ParentInstance{Instance: parent, TaskID: 4}
	head := history.Header{ID: history.NoID, Time: begin}
	f := &history.FailureDetails{ErrorType: "T", ErrorMessage: "m"}
	for name, row := range map[string]struct {
		code  Code
		also  history.Event
		wants history.Event
	}{
		"completed": {
			func(*Execution, *string) (*string, *history.FailureDetails) { return text("1") }, nil,
			&history.SubOrchestrationInstanceCompleted{Header: head, TaskID: 4, Result: new("1")},
		},
		"no result": {
			func(*Execution, *string) (*string, *history.FailureDetails) { return nil, nil }, nil,
			&history.SubOrchestrationInstanceCompleted{Header: head, TaskID: 4},
		},
		"failed": {
			func(*Execution, *string) (*string, *history.FailureDetails) { return nil, f }, nil,
			&history.SubOrchestrationInstanceFailed{Header: head, TaskID: 4, Reason: "m", Failure: f},
		},
		"terminated": {
			waiting, terminate("enough", false),
			&history.SubOrchestrationInstanceFailed{Header: head, TaskID: 4, Reason: "enough"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ep := Episode{Now: begin, New: []history.Message{to("x", start)}}
			if row.also != nil {
				ep.New = append(ep.New, to("", row.also))
			}
			d := once(row.code, ep)
			if len(d.Messages) != 1 {
				t.Fatalf("%d messages", len(d.Messages))
			}
			message(t, d.Messages[0], history.Message{Target: parent, Event: row.wants})
		})
	}
}

// A new generation is the same instance, with the same name, tags and parent; its input and execution id are new.
func TestSpec_3_7_WhatANewGenerationInherits(t *testing.T) {
	t.Parallel()
	parent := &history.ParentInstance{Instance: history.Instance{ID: "p", ExecutionID: "px"}, TaskID: 4}
	start := startEvent("x")
	start.Version, start.Tags, start.Parent, start.Generation = new("1"), map[string]string{"t": "1", history.FireAndForget: ""}, parent, new(3)
	start.ScheduledStart = begin
	code := func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input == nil {
			x.ContinueAsNew(Continuation{Input: new("next")})
			return nil, nil
		}
		return text(outcome(x, x.NextEvent("E")))
	}
	d := once(code, Episode{New: []history.Message{to("x", start)}})
	want := &history.ExecutionStarted{
		Instance: history.Instance{ID: "i", ExecutionID: derivedExecution("x", 0, "")}, Name: "Test", Version: new("1"), Input: new("next"),
		Tags: start.Tags, Parent: parent,
	}
	if diff := cmp.Diff(want, d.Start, cmpopts.IgnoreFields(history.ExecutionStarted{}, "Header")); diff != "" {
		t.Errorf("the next start (-want +got):\n%s", diff)
	}
	if len(d.Messages) > 0 {
		t.Errorf("to continue as new is no end, but the parent is told %v", d.Messages)
	}
}

func TestSpec_3_7_TheLastGenerationAnswersTheParent(t *testing.T) {
	t.Parallel()
	start := startEvent("x")
	start.Parent = &history.ParentInstance{Instance: history.Instance{ID: "p", ExecutionID: "px"}, TaskID: 4}
	code := func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input == nil {
			x.ContinueAsNew(Continuation{Input: new("next")})
		}
		return text("end")
	}
	d := once(code, Episode{New: []history.Message{to("x", start)}})
	if len(d.Messages) != 1 || d.Messages[0].Target != start.Parent.Instance {
		t.Errorf("the parent gets %v", d.Messages)
	}
}

// What earlier generations of one episode have sent is committed with the last one. Differs from DTFx, which also sends their timers;
// nobody waits for those.
func TestSpec_3_7_MessagesOfEarlierGenerationsAreSent(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input != nil {
			return text(outcome(x, x.NextEvent("E")))
		}
		x.Schedule(Call{Name: "A"})
		x.SendEvent("other", "E", nil)
		x.Timer(x.Now().Add(time.Hour))
		x.ContinueAsNew(Continuation{Input: new("next")})
		return nil, nil
	}
	d := once(code, Episode{New: []history.Message{to("x", startEvent("x"))}})
	if len(d.Activities) != 1 || d.Activities[0].Target.ExecutionID != "x" || len(d.Messages) != 1 || len(d.Timers) != 0 {
		t.Errorf("activities %v, messages %v, timers %v", d.Activities, d.Messages, d.Timers)
	}
	if len(d.Events) != 3 {
		t.Errorf("of the earlier generation there is %s", words(d.Events))
	}
}

// The custom status outlives the generation, until an episode of the next one doesn't set it.
func TestSpec_3_7_CustomStatusOutlivesTheGeneration(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input == nil {
			x.SetStatus(new(`"one"`))
			x.ContinueAsNew(Continuation{Input: new("next")})
			return nil, nil
		}
		return waiting(x, nil)
	})
	d.start()
	if s := d.lastRun.CustomStatus; s == nil || *s != `"one"` {
		t.Errorf("in the episode that continues as new the status is %v", s)
	}
	d.deliver(raised("E", ""))
	if s := d.lastRun.CustomStatus; s != nil {
		t.Errorf("in the next episode the status is %v", *s)
	}
}

// Events that nobody has asked for go with the new generation even if the code's return was only replayed.
func TestSpec_3_7_EventsAfterAReplayedReturnAreCarriedOver(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input != nil {
			return text(outcome(x, x.NextEvent("E")))
		}
		outcome(x, x.NextEvent("go"))
		x.ContinueAsNew(Continuation{Input: new("next")})
		return nil, nil
	}
	past := []history.Event{ // as older code left it, which went on waiting
		&history.OrchestratorStarted{Engine: Engine}, startEvent("x"), raised("go", ""), &history.OrchestratorCompleted{},
	}
	d := once(code, Episode{Past: past, New: []history.Message{to("", raised("E", "kept"))}})
	equal(t, words(d.Events), "event:E Completed0:kept")
}

// A rewound history has GenericEvents in place of what failed, which say nothing; the message that wakes the instance is one, too (3.8).
func TestSpec_3_8_WhatFailedIsDecidedAgain(t *testing.T) {
	t.Parallel()
	past := []history.Event{
		&history.OrchestratorStarted{}, startEvent("x"), &history.GenericEvent{Header: history.Header{ID: 0}, Reason: "Rewound: TaskScheduled"},
		&history.OrchestratorCompleted{},
		&history.OrchestratorStarted{}, &history.GenericEvent{Reason: "Rewound: TaskFailed"},
		&history.GenericEvent{Header: history.Header{ID: 1}, Reason: "Rewound: ExecutionCompleted"}, &history.OrchestratorCompleted{},
	}
	wake := &history.GenericEvent{Header: history.Header{ID: history.NoID}, Data: new("try again")}
	d := once(calling, Episode{Past: past, New: []history.Message{to("", wake)}})
	equal(t, words(d.Events), "GenericEvent call0:A")
}

func TestSpec_3_9_NobodyWaitsForADetachedChild(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.StartChild(Call{Name: "C", Tags: map[string]string{history.FireAndForget: "any value"}})))
	})
	equal(t, d.start(), "SubOrchestrationInstanceCreated Completed1:null")
}

// The second end of an execution is ignored; so is the end of one that was terminated.
func TestSpec_4_3_TheFirstEndCounts(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	d.start()
	got := d.deliver(terminate("first", false), terminate("second", false), raised("E", ""), raised("E", ""), raised("E", "result"))
	equal(t, got, "ExecutionTerminated Terminated0:first")
}

func TestSpec_4_3_SuspendedUntilResumedOrEnded(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	var states []string
	note := func(string) {
		states = append(states, fmt.Sprint(d.lastRun.Suspended, d.lastRun.Outcome != nil))
	}
	note(d.start())
	note(d.deliver(suspend("s")))
	note(d.deliver(resume("r")))
	note(d.deliver(suspend("s")))
	note(d.deliver(terminate("t", false)))
	equal(t, strings.Join(states, ", "), "false false, true false, false false, true false, true true")
}
