package replay

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func text(s string) (*string, *history.FailureDetails) { return &s, nil }

// Three calls one after the other: each result makes the next decision.
func TestSequence(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		var all []string
		for range 3 {
			all = append(all, outcome(x, x.Schedule(Call{Name: "Hello"})))
		}
		return text(strings.Join(all, "+"))
	})
	equal(t, d.start(), "call0:Hello")
	equal(t, d.deliver(done(0, "a")), "done0 call1:Hello")
	equal(t, d.deliver(done(1, "b")), "done1 call2:Hello")
	equal(t, d.deliver(done(2, "c")), "done2 Completed3:a+b+c")
}

// Results that come in another order than the calls, several in one episode, and again: the first one counts (§5.3).
func TestFanOut(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		var tasks []*Task
		for range 3 {
			tasks = append(tasks, x.Schedule(Call{Name: "Square"}))
		}
		x.Await(3, tasks...)
		var all []string
		for _, task := range tasks {
			all = append(all, outcome(x, task))
		}
		return text(strings.Join(all, "+"))
	})
	equal(t, d.start(), "call0:Square call1:Square call2:Square")
	equal(t, d.deliver(done(2, "c")), "done2")
	equal(t, d.deliver(done(2, "again")), "")
	equal(t, d.deliver(failure(1, "b"), done(0, "a"), done(0, "again")), "failed1 done0 Completed3:a+!b+c")
}

// A start that comes twice, or with messages before it, or none at all (§3.1, §3.3).
func TestReconcile(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.NextEvent("go")))
	})
	equal(t, d.deliver(done(0, "before the start")), "")
	equal(t, d.start(), "")
	again := &history.ExecutionStarted{Instance: history.Instance{ID: "i", ExecutionID: "y"}}
	equal(t, d.deliver(again), "")
	equal(t, d.deliver(done(7, "unknown task")), "")
	equal(t, d.deliver(raised("GO", "1")), "event:GO Completed0:1")
	equal(t, d.deliver(raised("go", "2")), "")
}

func TestStartFirst(t *testing.T) {
	t.Parallel()
	m := func(execution string, e history.Event) history.Message {
		return history.Message{Target: history.Instance{ID: "i", ExecutionID: execution}, Event: e}
	}
	show := func(messages []history.Message) string {
		var out []string
		for _, m := range messages {
			out = append(out, m.Event.Type().String()+"("+m.Target.ExecutionID+")")
		}
		return strings.Join(out, " ")
	}
	start, event, result := &history.ExecutionStarted{}, &history.EventRaised{}, &history.TaskCompleted{}
	for _, row := range []struct {
		in   []history.Message
		want string
	}{
		{[]history.Message{m("", event), m("A", start)}, "ExecutionStarted(A) EventRaised()"},
		{[]history.Message{m("A", result), m("", event), m("B", start)}, "TaskCompleted(A) ExecutionStarted(B) EventRaised()"},
		{[]history.Message{m("A", start), m("", event)}, "ExecutionStarted(A) EventRaised()"},
		{[]history.Message{m("", event)}, "EventRaised()"},
	} {
		equal(t, show(startFirst(row.in)), row.want)
	}
}

// Events are kept until somebody asks, in order; several waits are served in the order of the waits; names have no case (§5.5).
func TestEvents(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		got := outcome(x, x.Schedule(Call{Name: "First"}))
		got += outcome(x, x.NextEvent("E"))
		one, two := x.NextEvent("E"), x.NextEvent("e")
		x.Await(2, one, two)
		return text(got + outcome(x, one) + outcome(x, two))
	})
	equal(t, d.start(raised("e", "1")), "event:e call0:First")
	equal(t, d.deliver(raised("E", "2")), "event:E")
	equal(t, d.deliver(done(0, "0")), "done0")
	equal(t, d.deliver(raised("E", "3")), "event:E Completed1:0123")
}

// A wait that loses to its timer is withdrawn: the event that comes later is for the next wait. A timer that loses is cancelled.
func TestEventAgainstTimer(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		wait := func() string {
			timer, event := x.Timer(x.Now().Add(10*time.Second)), x.NextEvent("E")
			x.Await(1, event, timer)
			if event.Done() {
				x.Cancel(timer)
				return outcome(x, event)
			}
			x.Withdraw(event)
			return "late"
		}
		return text(wait() + wait() + wait())
	})
	equal(t, d.start(), "timer0+11s")
	equal(t, d.deliver(fired(0, 11*time.Second)), "fired0 timer1+21s")
	equal(t, d.deliver(raised("E", "A")), "event:E timer2+21s")
	equal(t, d.deliver(fired(1, 21*time.Second)), "")
	equal(t, d.deliver(fired(2, 21*time.Second)), "fired2 Completed3:lateAlate")
}

// The clock of an episode is never behind an earlier event nor before a timer it delivers.
func TestEpisodeTime(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		first := x.Now()
		outcome(x, x.Timer(first.Add(time.Hour)))
		return text(x.Now().Sub(first).String())
	})
	equal(t, d.start(), "timer0+1h0m1s")
	equal(t, d.deliver(fired(0, time.Hour+time.Second)), "fired0 Completed1:1h0m0s")
}

// The ids of DTFx: 0 call, 1 timer, 2 call, 3 timer, 4 call, 5 timer at once, 6 the end (§6).
func TestRetrySequence(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		r := Retry{MaxAttempts: 3, First: 5 * time.Second, Backoff: 2}
		return text(outcome(x, x.WithRetry("A", r, func() *Task { return x.Schedule(Call{Name: "A"}) })))
	})
	equal(t, d.start(), "call0:A")
	equal(t, d.deliver(failure(0, "1")), "failed0 timer1+7s")
	equal(t, d.deliver(fired(1, 7*time.Second)), "fired1 call2:A")
	equal(t, d.deliver(failure(2, "2")), "failed2 timer3+17s")
	equal(t, d.deliver(fired(3, 17*time.Second)), "fired3 call4:A")
	equal(t, d.deliver(failure(4, "3")), "failed4 timer5+17s")
	equal(t, d.deliver(fired(5, 12*time.Second)), "fired5 Completed6:!3")
}

func TestRetryGivesUp(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Retry{
		"handle says no":  {MaxAttempts: 3, First: time.Second, Handle: func(*history.FailureDetails) bool { return false }},
		"handle panics":   {MaxAttempts: 3, First: time.Second, Handle: func(*history.FailureDetails) bool { panic("no") }},
		"time is over":    {MaxAttempts: 3, First: time.Second, Total: time.Second},
		"success at once": {MaxAttempts: 3, First: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
				return text(outcome(x, x.WithRetry("A", r, func() *Task { return x.Schedule(Call{Name: "A"}) })))
			})
			d.start()
			if name == "success at once" {
				equal(t, d.deliver(done(0, "ok")), "done0 Completed1:ok")
				return
			}
			equal(t, d.deliver(failure(0, "x")), "failed0 Completed1:!x")
		})
	}
}

func TestRetryDelays(t *testing.T) {
	t.Parallel()
	r := Retry{First: 5 * time.Second, Backoff: 2, Max: time.Minute}
	for n, want := range []float64{5, 10, 20, 40, 60, 60} {
		if got := r.delay(n).Seconds(); got != want {
			t.Errorf("delay %d: %v s, want %v s", n, got, want)
		}
	}
	if got := (&Retry{First: time.Hour, Backoff: 10}).delay(1000); got <= 0 {
		t.Errorf("a delay that overflows: %v", got)
	}
}

// Retries run while the code waits for something else.
func TestRetriesRunByThemselves(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		r := Retry{MaxAttempts: 2, First: time.Second}
		a := x.WithRetry("A", r, func() *Task { return x.Schedule(Call{Name: "A"}) })
		got := outcome(x, x.Schedule(Call{Name: "B"}))
		return text(got + outcome(x, a))
	})
	equal(t, d.start(), "call0:A call1:B")
	equal(t, d.deliver(failure(0, "x")), "failed0 timer2+3s")
	equal(t, d.deliver(fired(2, 3*time.Second)), "fired2 call3:A")
	equal(t, d.deliver(done(3, "a")), "done3")
	equal(t, d.deliver(done(1, "b")), "done1 Completed4:ba")
}

// Termination ends the execution wherever it is; what was decided in the same episode is still recorded (§5.7).
func TestTerminate(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.Schedule(Call{Name: "A"})))
	})
	reason := "enough"
	stop := &history.ExecutionTerminated{Header: history.Header{ID: history.NoID, ActivityID: "m1"}, Reason: &reason}
	equal(t, d.start(stop), "ExecutionTerminated call0:A Terminated1:enough")
	if len(d.lastRun.Activities) != 1 {
		t.Errorf("%d activities are to be run, want the one that was decided", len(d.lastRun.Activities))
	}
}

// An event that is delivered twice is one event, live and after a replay.
func TestRedeliveredEvent(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.NextEvent("E")) + outcome(x, x.NextEvent("E")))
	})
	d.start()
	e := func(id, input string) history.Event {
		r := raised("E", input)
		r.Head().ActivityID = id
		return r
	}
	equal(t, d.deliver(e("m1", "1"), e("m1", "1")), "event:E")
	equal(t, d.deliver(e("m1", "1")), "")
	equal(t, d.deliver(e("m2", "2")), "event:E Completed0:12")
}

// What the code started and did not wait for is still sent; its result is dropped.
func TestReturnWithOpenTasks(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.Schedule(Call{Name: "A"})
		x.Timer(x.Now().Add(time.Hour))
		return nil, nil
	})
	equal(t, d.start(), "call0:A timer1+1h0m1s Completed2:null")
	equal(t, d.deliver(done(0, "late")), "")
}

// Messages of a decision have ids that a re-run repeats, and no two decisions have the same.
func TestMessageIDs(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.Schedule(Call{Name: "A"})
		x.Schedule(Call{Name: "A"})
		return text(outcome(x, x.Timer(x.Now().Add(time.Hour))))
	})
	d.start() // the driver compares the live run with a second one, ids included
	seen := map[string]bool{}
	for _, m := range append(d.lastRun.Activities, d.lastRun.Timers...) {
		id := m.Event.Head().ActivityID
		if len(id) != 36 || seen[id] {
			t.Errorf("message id %q is malformed or not unique", id)
		}
		seen[id] = true
	}
}

// An orchestrator that ends its goroutine has failed; nothing else suffers.
func TestGoexit(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		outcome(x, x.Schedule(Call{Name: "A"}))
		runtime.Goexit()
		return nil, nil
	})
	d.start()
	got := d.deliver(done(0, "a"))
	if !strings.HasPrefix(got, "done0 Failed1:the orchestrator ended its goroutine") {
		t.Errorf("got %s", got)
	}
}

// Unloading runs deferred calls; a durable call made then ends the goroutine again instead of returning.
func TestUnload(t *testing.T) {
	t.Parallel()
	var deferred, compensated, returned bool
	x := New()
	_, _ = Run(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		defer func() { deferred = true }()
		defer func() {
			x.Await(1, x.Schedule(Call{Name: "Compensate"}))
			compensated = true
		}()
		defer func() { _ = recover() }()
		outcome(x, x.Schedule(Call{Name: "A"}))
		returned = true
		return nil, nil
	}, Episode{Execution: x, New: []history.Message{{Event: &history.ExecutionStarted{}}}})
	x.End()
	x.End()
	if !deferred || compensated || returned {
		t.Errorf("deferred call ran: %v, durable call in it came back: %v, body went on: %v", deferred, compensated, returned)
	}
}

func TestPanicWhileUnloading(t *testing.T) {
	t.Parallel()
	x := New()
	_, _ = Run(func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		defer func() { panic("ignored") }()
		outcome(x, x.Schedule(Call{Name: "A"}))
		return nil, nil
	}, Episode{Execution: x, New: []history.Message{{Event: &history.ExecutionStarted{}}}})
	x.End()
}

// A durable call from another goroutine is told off, not left to corrupt the coroutine.
func TestCallFromAnotherGoroutine(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		told := make(chan any)
		go func() {
			defer func() { told <- recover() }()
			x.Await(1, &Task{})
		}()
		s, _ := (<-told).(string)
		return &s, nil
	})
	if got := d.start(); !strings.Contains(got, "from a goroutine that the orchestrator started") {
		t.Errorf("got %s", got)
	}
}

func TestNondeterminism(t *testing.T) {
	t.Parallel()
	version := 1
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		switch version {
		case 1:
			outcome(x, x.Schedule(Call{Name: "Charge"}))
		case 2:
			outcome(x, x.Schedule(Call{Name: "Refund"}))
		case 3:
			outcome(x, x.Timer(x.Now().Add(time.Hour)))
		case 4:
			outcome(x, x.NextEvent("E"))
		case 5:
			return text("done")
		case 6:
			outcome(x, x.Schedule(Call{Name: "CHARGE"}))
		}
		return text(outcome(x, x.Schedule(Call{Name: "Ship"})))
	}
	first, x := Run(code, Episode{Now: begin, New: []history.Message{{Event: &history.ExecutionStarted{}}}})
	x.End()
	for version = 2; version <= 6; version++ {
		d, x := Run(code, Episode{Past: first.Events, Now: begin, New: []history.Message{{Event: done(0, "a")}}})
		x.End()
		got := words(d.Events)
		want := map[int][]string{
			2: {`recorded as activity "Charge"`, `now calls activity "Refund"`},
			3: {`recorded as activity "Charge"`, `now calls a timer`},
			4: {`recorded as activity "Charge"`, `now makes no such call, waiting at`},
			5: {`recorded as activity "Charge"`, `now makes no such call, for it has returned`},
			6: {`done0 call1:Ship`},
		}[version]
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("version %d: %s\nlacks %s", version, got, part)
			}
		}
		if version < 5 && !strings.Contains(got, "_test.go:") {
			t.Errorf("version %d: %s\nnames no place", version, got)
		}
	}
}

// Vectors of §5.10 for the in-process .NET algorithm.
func TestNewUUID(t *testing.T) {
	t.Parallel()
	at, err := time.Parse(time.RFC3339Nano, "2024-01-02T03:04:05.6789012Z")
	if err != nil {
		t.Fatal(err)
	}
	x := New()
	x.start = &history.ExecutionStarted{Instance: history.Instance{ID: "abc123"}}
	x.now = at
	equal(t, x.NewUUID().String(), "f0be3a1c-57e1-51c5-b53c-186d28fa001d")
	equal(t, x.NewUUID().String(), "8ce5c0ca-38f6-5119-9c05-3f5d55a0b394")
}
