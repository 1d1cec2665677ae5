package entity

import (
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/history"
)

func TestBatchStopsAtItsLimit(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.options.MaxOperations = 3
	var events []history.Event
	for range 10 {
		events = append(events, operation("add", "1"))
	}
	e.receive(events...)
	for _, left := range []int{7, 4, 1, 0} {
		if want := (history.EntityStatus{Exists: true, QueueSize: left}); statusOf(e.last) != want || e.state.Suspended != (left > 0) {
			t.Fatalf("after a batch: %+v, suspended %v, want %+v", statusOf(e.last), e.state.Suspended, want)
		}
		if left == 0 {
			break
		}
		e.sends("@counter@a continue")
		if e.last.Messages[0].Event.(*history.EventRaised).Input != nil {
			t.Error("the message to itself has content")
		}
		e.receive(e.last.Messages[0].Event)
	}
	e.is("10")
}

func TestRecordOfABatch(t *testing.T) {
	t.Parallel()
	e := setup(t)
	c := e.receive(operation("add", "1"))
	var types []string
	for _, event := range c.Events {
		types = append(types, event.Type().String())
	}
	if diff := gocmp.Diff([]string{"OrchestratorStarted", "ExecutionStarted", "OrchestratorCompleted"}, types); diff != "" {
		t.Error(diff)
	}
	start := c.Events[1].(*history.ExecutionStarted)
	if start.Instance != c.Instance || start.Name != "@counter@a" || *start.Version != "" || len(start.Instance.ExecutionID) != 32 ||
		*start.Input != `{"exists":true,"state":"1","sorter":{}}` || start.Parent != nil || start.Tags != nil || start.Generation != nil {
		t.Errorf("the new execution is %+v", start)
	}
	if next := e.receive(operation("add", "1")); next.Instance.ExecutionID == c.Instance.ExecutionID {
		t.Error("two batches have the same execution id")
	}
}

func TestFailedOperationLeavesNoTrace(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.run = func(op Operation) Result {
		result := counter(op, false)
		result.Actions = []Action{Signal{Target: history.EntityID{Name: "log", Key: op.Operation}, Operation: "x"}}
		return result
	}
	e.receive(operation("add", "1", from("o"), called(1)), operation("fail", "0", from("o"), called(2)), operation("add", "2", from("o"), called(3)))
	e.ran("add 1", "fail 0", "add 2")
	e.is("3")
	e.sends("o "+guid(1), "o "+guid(2), "o "+guid(3), "@log@add op", "@log@add op") // answers first
	want := `{"result":"\"entity says no\"","exceptionType":"InvalidOperationException","failureDetails":{"ErrorType":"InvalidOperationException",` +
		`"ErrorMessage":"entity says no","StackTrace":null,"InnerFailure":null,"IsNonRetriable":false,"Properties":null}}`
	if got := *e.last.Messages[1].Event.(*history.EventRaised).Input; got != want {
		t.Errorf("the caller gets %s", got)
	}
}

func TestOnlyCallersAreAnswered(t *testing.T) {
	t.Parallel()
	e := setup(t)
	nobody := func(r *history.EntityRequest) { r.Signal = false }
	e.receive(operation("add", "1", from("o")), operation("add", "2", nobody), operation("fail", "0"), operation("add", "3", from("o"), called(3)))
	e.sends("o " + guid(3))
	m := e.last.Messages[0]
	if m.Target.ExecutionID != "o's" || *m.Event.(*history.EventRaised).Input != `{"result":"6"}` {
		t.Errorf("the answer is %+v", m)
	}
}

func TestBatchStoppedEarlyQueuesTheRest(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.begin(operation("add", "1"), operation("add", "2"), operation("add", "3"), lockRequest("o", 1, "a"), operation("add", "4"))
	op, _ := e.batch.Next()
	e.batch.Done(counter(op, false))
	e.commit()
	e.is("1")
	e.sends("@counter@a continue")
	if e.state.LockedBy != "" || len(e.state.Queue) != 4 {
		t.Fatalf("locked by %q, %d queued", e.state.LockedBy, len(e.state.Queue))
	}
	e.receive(e.last.Messages[0].Event)
	e.ran("add 2", "add 3")
	e.sends("o " + guid(1))
}

func TestBatchThatCannotBeRunAnswersAll(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(operation("add", "1"))
	e.begin(operation("add", "2", from("o"), called(1)), operation("add", "3", from("o"), called(2)), lockRequest("o", 3, "a"))
	e.batch.Fail(&history.FailureDetails{ErrorType: "EntityFunctionNotFound", ErrorMessage: "no such entity"})
	e.commit()
	e.is("1")
	e.sends("o "+guid(1), "o "+guid(2), "o "+guid(3))
	_, failure, err := Outcome(e.last.Messages[1].Event.(*history.EventRaised).Input)
	if err != nil || failure.ErrorType != "EntityFunctionNotFound" {
		t.Errorf("the caller gets %+v, %v", failure, err)
	}
}

func TestDeletedEntity(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(operation("add", "1"), operation("delete", ""), operation("add", "2"))
	e.is("2")
	for _, state := range []*string{nil, new("null"), new(" null\n")} {
		e.run = func(Operation) Result { return Result{State: state} }
		e.receive(operation("delete", ""))
		if text := encode(e.state) + Status(&e.last.State); text != `{"sorter":{}}{}` {
			t.Errorf("a deleted entity is %s", text)
		}
	}
}

func TestStateOverTheLimit(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.options.MaxStateBytes = 4
	next := ""
	e.run = func(Operation) Result { return Result{State: &next} }
	for _, c := range []struct{ next, kept string }{{"1234", "1234"}, {"12345", "1234"}, {"1", "1"}} {
		next = c.next
		e.receive(operation("set", "", from("o"), called(1)))
		e.is(c.kept)
		_, failure, _ := Outcome(e.last.Messages[0].Event.(*history.EventRaised).Input)
		if (failure != nil) != (c.next != c.kept) || failure != nil && failure.ErrorType != KindStateTooLarge {
			t.Errorf("the caller gets %v", failure)
		}
	}
	e.state.State = new("123456") // from before the limit was lowered
	next = "12345"
	e.receive(operation("set", ""))
	e.is(next)
}

func TestSignalsOfEntities(t *testing.T) {
	t.Parallel()
	e := setup(t)
	to := history.EntityID{Name: "counter", Key: "b"}
	e.run = func(op Operation) Result {
		return Result{State: op.State, Actions: []Action{Signal{Target: to, Operation: "add", Input: new("1")}, Signal{Target: to, Operation: "add"}}}
	}
	e.receive(operation("x", ""))
	e.sends("@counter@b op", "@counter@b op")
	var ids []string
	var last time.Time
	for _, m := range e.last.Messages {
		var r history.EntityRequest
		_ = decode(m.Event.(*history.EventRaised), &r)
		if !r.Signal || r.Parent != "@counter@a" || r.ParentExecution != "" || !r.RequestTime.IsZero() || !r.Predecessor.Equal(last) || m.Target.ExecutionID != "" {
			t.Errorf("the signal is %+v", r)
		}
		ids, last = append(ids, r.ID, m.Event.Head().ActivityID), r.Timestamp
	}
	if ids[0] == ids[2] || ids[1] == ids[3] {
		t.Errorf("ids are used twice: %q", ids)
	}
	b := setup(t) // the other side takes them in order
	b.receive(e.last.Messages[1].Event)
	b.ran()
	b.run = func(op Operation) Result { op.Input = new(""); return Result{State: new("x")} }
	b.begin(e.last.Messages[0].Event)
	if len(b.batch.chosen) != 2 {
		t.Errorf("%d were let through", len(b.batch.chosen))
	}
}

func TestStartsOfOrchestrations(t *testing.T) {
	t.Parallel()
	e := setup(t)
	var made []string
	e.run = func(op Operation) Result {
		id := op.NewID()
		made = append(made, id)
		return Result{Actions: []Action{
			Start{InstanceID: id, Name: "Echo", Input: new("1"), Tags: map[string]string{"a": "b"}, At: noon},
			Start{InstanceID: "mine", Name: "Echo", Version: new("2")},
		}}
	}
	e.receive(operation("x", ""), operation("x", "")) // two requests with one id
	if made[0] == made[1] || len(made[0]) != 36 {
		t.Errorf("ids %q", made)
	}
	executions := map[string]bool{}
	for i, m := range e.last.Messages {
		start := m.Event.(*history.ExecutionStarted)
		executions[start.Instance.ExecutionID] = true
		parent := &history.ParentInstance{Instance: history.Instance{ID: "@counter@a", ExecutionID: "execution 0"}, Name: "@counter@a", Version: new(""), TaskID: i}
		if diff := gocmp.Diff(parent, start.Parent); diff != "" {
			t.Error(diff)
		}
		if _, ok := start.Tags["FireAndForget"]; !ok || m.Target != start.Instance || len(start.Instance.ExecutionID) != 32 {
			t.Errorf("start %+v", start)
		}
	}
	if first := e.last.Messages[0].Event.(*history.ExecutionStarted); first.Tags["a"] != "b" || !first.ScheduledStart.Equal(noon) || len(executions) != 4 {
		t.Errorf("start %+v; executions %v", first, executions)
	}
}

// TestRerunIsTheSame runs one batch twice, as after a commit that failed.
func TestRerunIsTheSame(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.options.MaxOperations = 4
	e.receive(add("3", labelled(3, 2)), operation("add", "1"))
	before := encode(e.state)
	run := func() string {
		b := e.begin(add("2", labelled(2, 0)), operation("signalother", `"b"`), operation("startorch", ""), release("p", 1), operation("add", "1"),
			operation("add", "1", due(noon.Add(time.Hour))), lockRequest("o", 9, "a"))
		for op, ok := b.Next(); ok; op, ok = b.Next() {
			b.Done(counter(op, false))
		}
		c := b.Commit(noon)
		text := encode(c.State) + c.Instance.ExecutionID
		for _, m := range c.Messages {
			text += "\n" + m.Target.ID + m.Event.Head().ActivityID
			if r, ok := m.Event.(*history.EventRaised); ok && r.Input != nil {
				text += *r.Input
			}
		}
		return text
	}
	first := run()
	if encode(e.state) != before {
		t.Errorf("the batch changed what it was given:\n%s\n%s", before, encode(e.state))
	}
	if second := run(); first != second || strings.Count(first, "\n") != 5 {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
}

func TestIDsOfTheFirstBatchComeFromItsMessage(t *testing.T) {
	t.Parallel()
	next := func(activityID string) string {
		e := operation("add", "1")
		e.ActivityID = activityID
		b := Begin(Work{Instance: history.Instance{ID: "@counter@a"}, Events: []history.Event{e}, Now: noon}, Options{})
		return b.Commit(noon).Instance.ExecutionID
	}
	first, again, other := next("x"), next("x"), next("y")
	if first != again || first == other {
		t.Error("an entity that was purged would get its old execution ids again")
	}
}

func BenchmarkBatch(b *testing.B) {
	var events []history.Event
	for i := range 50 {
		events = append(events, operation("add", strconv.Itoa(i)))
	}
	state := history.EntityState{State: new("0")}
	b.ReportAllocs()
	for b.Loop() {
		batch := Begin(Work{Instance: history.Instance{ID: "@counter@a", ExecutionID: "x"}, State: state, Events: events, Now: noon}, Options{})
		for op, ok := batch.Next(); ok; op, ok = batch.Next() {
			batch.Done(counter(op, false))
		}
		batch.Commit(noon)
	}
}
