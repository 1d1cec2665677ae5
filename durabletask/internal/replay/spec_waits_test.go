package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// A timer that is made and cancelled in one episode is stored and comes back all the same; nobody listens then.
func TestSpec_5_4_CancelledTimersAreStored(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, in *string) (*string, *history.FailureDetails) {
		timer := x.Timer(x.Now().Add(time.Hour))
		x.Cancel(timer)
		x.Cancel(timer)
		return waiting(x, in)
	})
	equal(t, d.start(), "timer0+1h0m1s")
	if len(d.lastRun.Timers) != 1 {
		t.Errorf("%d timers are to be set", len(d.lastRun.Timers))
	}
	equal(t, d.deliver(fired(0, time.Hour)), "")
}

// A timer that is due, or was due long ago, is still a timer, done in the next episode.
func TestSpec_5_4_TimersOfThePast(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.Timer(x.Now())) + outcome(x, x.Timer(x.Now().Add(-24*365*time.Hour))))
	})
	equal(t, d.start(), "timer0+1s")
	equal(t, d.deliver(fired(0, time.Second)), "fired0 timer1+-8759h59m58s")
	equal(t, d.deliver(fired(1, 0)), "fired1 Completed2:nullnull")
}

// Histories of .NET have timers that fired up to a second early: they are replayed as they were.
func TestSpec_5_4_EarlyTimersAreReplayed(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		due := x.Now().Add(2 * time.Second)
		outcome(x, x.Timer(due))
		return text(due.Sub(x.Now()).String())
	}
	past := []history.Event{
		&history.OrchestratorStarted{Header: history.Header{Time: begin}}, startEvent("x"),
		&history.TimerCreated{Header: history.Header{ID: 0}, FireAt: begin.Add(2 * time.Second)}, &history.OrchestratorCompleted{},
		&history.OrchestratorStarted{Header: history.Header{Time: begin.Add(time.Second)}}, fired(0, 2*time.Second),
	}
	equal(t, words(once(code, Episode{Past: past}).Events), "Completed1:1s")
}

func TestSpec_5_4_TimersOfOldExecutionsAreDropped(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.Timer(x.Now().Add(time.Hour))))
	})
	d.start()
	d.execution = "before"
	equal(t, d.deliver(fired(0, time.Hour)), "")
}

// A long timer is cancelled with the piece that is running, and makes no more of them.
func TestSpec_5_4_LongTimersCanBeCancelled(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	d := drive(t, func(x *Execution, in *string) (*string, *history.FailureDetails) {
		timer := x.Timer(x.Now().Add(10 * day))
		outcome(x, x.NextEvent("stop"))
		x.Cancel(timer)
		return waiting(x, in)
	})
	d.start()
	equal(t, d.deliver(fired(0, 3*day)), "fired0 timer1+144h0m0s")
	d.deliver(raised("stop", ""))
	equal(t, d.deliver(fired(1, 6*day)), "")
}

// A short timer beside a long one is one timer. Differs from the extension, where it goes through the long one's loop and may not be made at all.
func TestSpec_5_4_ShortTimersBesideLongOnes(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.Timer(x.Now().Add(7 * 24 * time.Hour))
		return text(outcome(x, x.Timer(x.Now())))
	})
	equal(t, d.start(), "timer0+72h0m1s timer1+1s")
	equal(t, d.deliver(fired(1, time.Second)), "fired1 Completed2:null")
}

// A wait is no decision: an orchestrator that waits has the end of its episode as its last event.
func TestSpec_5_5_WaitsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	d.start()
	equal(t, d.shape(), "OrchestratorStarted ExecutionStarted OrchestratorCompleted")
}

func TestSpec_5_5_NamesHaveNoCase(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		a := outcome(x, x.NextEvent("straße-É"))
		outcome(x, x.Schedule(Call{Name: "A"}))
		return text(a + outcome(x, x.NextEvent("STRASSE")))
	})
	equal(t, d.start(raised("StraßE-é", "1"), raised("strasse", "2")), "event:StraßE-é event:strasse call0:A")
	equal(t, d.deliver(done(0, "")), "done0 Completed1:12")
}

// What is buffered comes out in the order in which it came, name by name, and a wait for it does not wait.
func TestSpec_5_5_BufferedEventsAreServedAtOnce(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		outcome(x, x.Schedule(Call{Name: "A"}))
		a := x.NextEvent("A")
		got := []string{fmt.Sprint(a.Done()), outcome(x, x.NextEvent("B")), outcome(x, x.NextEvent("A")), outcome(x, a)}
		return text(strings.Join(got, " "))
	})
	d.start(raised("A", "1"))
	d.deliver(raised("B", "2"), raised("A", "3"))
	equal(t, d.deliver(done(0, "")), "done0 Completed1:true 2 3 1")
}

// Events of the same batch go to the waits in order: what the first of them sets off is done before the second.
func TestSpec_5_5_SeveralEventsInOneBatch(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	d.start()
	equal(t, d.deliver(raised("E", "1"), raised("E", "2"), raised("E", "3"), raised("E", "4")), "event:E event:E event:E Completed0:3")
}

func TestSpec_5_5_EventsWithoutData(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.NextEvent("E")))
	})
	d.start()
	equal(t, d.deliver(&history.EventRaised{Header: history.Header{ID: history.NoID}, Name: "E"}), "event:E Completed0:null")
}

// Episodes of DTFx: the last wait is served first, and a wait that was given up still swallows an event (the reference's quirk). What comes
// after them is by our rules, first come, first served.
func TestSpec_5_5_WaitsByTheRulesOfTheirEpisode(t *testing.T) {
	t.Parallel()
	code := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		w := []*Task{x.NextEvent("E"), x.NextEvent("E"), x.NextEvent("E")}
		x.Await(3, w...)
		return text(outcome(x, w[0]) + outcome(x, w[1]) + outcome(x, w[2]))
	}
	past := []history.Event{
		&history.OrchestratorStarted{}, startEvent("x"), &history.OrchestratorCompleted{},
		&history.OrchestratorStarted{}, raised("E", "a"), &history.OrchestratorCompleted{},
	}
	d := once(code, Episode{Past: past, New: []history.Message{to("", raised("E", "b")), to("", raised("E", "c"))}})
	equal(t, words(d.Events), "event:E event:E Completed0:bca")

	withdrawn := func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		x.Withdraw(x.NextEvent("E"))
		outcome(x, x.NextEvent("go"))
		return text(outcome(x, x.NextEvent("E")))
	}
	for engine, want := range []string{"", "Completed0:a"} {
		past := []history.Event{
			&history.OrchestratorStarted{Engine: engine}, startEvent("x"), &history.OrchestratorCompleted{},
			&history.OrchestratorStarted{Engine: engine}, raised("E", "a"), raised("go", ""),
		}
		equal(t, words(once(withdrawn, Episode{Past: past}).Events), want)
	}
}

// Events for a suspended instance are delivered when it is resumed, those for one that has not started when it starts (3.1).
func TestSpec_5_5_EventsWhileSuspended(t *testing.T) {
	t.Parallel()
	d := drive(t, waiting)
	d.start(suspend("s"))
	d.deliver(raised("E", "1"), raised("E", "2"))
	equal(t, d.deliver(resume("r"), raised("E", "3")), "ExecutionResumed event:E Completed0:3")
}

// Continue-as-new is an intention: the code runs on until it returns, and the last intention counts.
func TestSpec_5_6_TheLastContinuationCounts(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input != nil {
			return text(*input + *x.Start().Version)
		}
		x.ContinueAsNew(Continuation{Input: new("first"), Version: new("1")})
		outcome(x, x.Schedule(Call{Name: "A"}))
		x.ContinueAsNew(Continuation{Input: new("last"), Version: new("2")})
		return text("ignored")
	})
	equal(t, d.start(), "call0:A")
	equal(t, d.deliver(done(0, "")), "Completed0:last2")
}

// An intention survives the episode in which it was made. (With sessions the extension forgets it: a quirk.)
func TestSpec_5_6_TheIntentionOutlivesTheEpisode(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input != nil {
			return text(*input)
		}
		x.ContinueAsNew(Continuation{Input: new("next")})
		outcome(x, x.NextEvent("E"))
		return nil, nil
	})
	d.start()
	equal(t, d.deliver(raised("E", "")), "Completed0:next")
}

// Go: events that were buffered before the code continued as new are not lost, and come before those of the same batch. (The extension
// loses them unless it is asked to keep them, and then sends them anew, behind the others.)
func TestSpec_5_6_BufferedEventsComeFirst(t *testing.T) {
	t.Parallel()
	d := drive(t, func(x *Execution, input *string) (*string, *history.FailureDetails) {
		if input == nil {
			outcome(x, x.NextEvent("go"))
			x.ContinueAsNew(Continuation{Input: new("next")})
			return nil, nil
		}
		return text(outcome(x, x.NextEvent("E")) + outcome(x, x.NextEvent("e")))
	})
	d.start(raised("E", "buffered"))
	equal(t, d.deliver(raised("go", ""), raised("e", " carried over")), "event:E event:e Completed0:buffered carried over")
}
