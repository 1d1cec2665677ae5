package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// retrying is an orchestrator that calls A with retries.
func retrying(r Retry) Code {
	return func(x *Execution, _ *string) (*string, *history.FailureDetails) {
		return text(outcome(x, x.WithRetry("A", r, func() *Task { return x.Schedule(Call{Name: "A"}) })))
	}
}

// A last attempt that failed is followed by a timer that is due at once, also if it is the first; the outcome is there when it has fired.
func TestSpec_6_OneAttemptIsACallAndATimer(t *testing.T) {
	t.Parallel()
	d := drive(t, retrying(Retry{MaxAttempts: 1, First: time.Second}))
	equal(t, d.start(), "call0:A")
	equal(t, d.deliver(failure(0, "f")), "failed0 timer1+2s")
	equal(t, d.deliver(fired(1, 2*time.Second)), "fired1 Completed2:!f")
}

func TestSpec_6_SuccessEndsTheRetries(t *testing.T) {
	t.Parallel()
	d := drive(t, retrying(Retry{MaxAttempts: 3, First: time.Second}))
	d.start()
	d.deliver(failure(0, "f"))
	equal(t, d.deliver(fired(1, 3*time.Second)), "fired1 call2:A")
	equal(t, d.deliver(done(2, "fine")), "done2 Completed3:fine")
}

// The failure that counts is the last one.
func TestSpec_6_TheLastFailureIsTheOutcome(t *testing.T) {
	t.Parallel()
	d := drive(t, retrying(Retry{MaxAttempts: 2, First: time.Second}))
	d.start()
	d.deliver(failure(0, "first"))
	d.deliver(fired(1, 3*time.Second))
	d.deliver(failure(2, "last"))
	equal(t, d.deliver(fired(3, 4*time.Second)), "fired3 Completed4:!last")
}

// A failure that says that a retry is pointless is the outcome at once: no timer, and nobody is asked.
func TestSpec_6_NonRetriableFailures(t *testing.T) {
	t.Parallel()
	d := drive(t, retrying(Retry{MaxAttempts: 3, First: time.Second, Handle: func(*history.FailureDetails) bool {
		t.Error("Handle was asked")
		return true
	}}))
	d.start()
	f := failure(0, "never").(*history.TaskFailed)
	f.Failure.NonRetriable = true
	equal(t, d.deliver(f), "failed0 Completed1:!never")
}

func TestSpec_6_HandleIsNotAskedAboutTheLastAttempt(t *testing.T) {
	t.Parallel()
	var asked []string
	d := drive(t, retrying(Retry{MaxAttempts: 2, First: time.Second, Handle: func(f *history.FailureDetails) bool {
		asked = append(asked, f.ErrorMessage)
		return true
	}}))
	d.start()
	d.deliver(failure(0, "first"))
	asked = nil
	d.deliver(fired(1, 3*time.Second))
	asked = nil
	equal(t, d.deliver(failure(2, "second")), "failed2 timer3+4s")
	if strings.Contains(strings.Join(asked, " "), "second") {
		t.Errorf("asked about %q", asked)
	}
}

// The time limit is looked at before the wait: a retry may start later than it says.
func TestSpec_6_TheTimeLimitIsForTheDecision(t *testing.T) {
	t.Parallel()
	d := drive(t, retrying(Retry{MaxAttempts: 9, First: time.Hour, Total: 10 * time.Second}))
	d.start()
	equal(t, d.deliver(failure(0, "f")), "failed0 timer1+1h0m2s")
	equal(t, d.deliver(fired(1, time.Hour+2*time.Second)), "fired1 call2:A")
	equal(t, d.deliver(failure(2, "late")), "failed2 Completed3:!late")
}

// Each attempt of a child has a default id of its own; an explicit id is that of all.
func TestSpec_6_ChildrenThatAreRetried(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"": "x:0 x:2", "mine": "mine mine"} {
		d := drive(t, func(x *Execution, _ *string) (*string, *history.FailureDetails) {
			r := Retry{MaxAttempts: 2, First: time.Second}
			return text(outcome(x, x.WithRetry("C", r, func() *Task { return x.StartChild(Call{Name: "C", InstanceID: id}) })))
		})
		d.start()
		started := []string{d.lastRun.Messages[0].Target.ID}
		first := d.lastRun.Messages[0].Target.ExecutionID
		d.deliver(&history.SubOrchestrationInstanceFailed{Header: history.Header{ID: history.NoID}, TaskID: 0, Reason: "f"})
		d.deliver(fired(1, 3*time.Second))
		equal(t, strings.Join(append(started, d.lastRun.Messages[0].Target.ID), " "), want)
		if d.lastRun.Messages[0].Target.ExecutionID == first {
			t.Error("both attempts have one execution id: the second start would be taken for a repeat of the first")
		}
	}
}

// The delays of one retry are single timers, however long.
func TestSpec_6_DelaysAreNotSplit(t *testing.T) {
	t.Parallel()
	d := drive(t, retrying(Retry{MaxAttempts: 2, First: 10 * 24 * time.Hour}))
	d.start()
	equal(t, d.deliver(failure(0, "f")), "failed0 timer1+240h0m2s")
}

// first=5 s, coefficient 2, at most a minute, 6 attempts: 5, 10, 20, 40, 60 s, then the timer at once.
func TestSpec_6_TheTableOfDelays(t *testing.T) {
	t.Parallel()
	d := drive(t, retrying(Retry{MaxAttempts: 6, First: 5 * time.Second, Backoff: 2, Max: time.Minute}))
	d.start()
	var delays []string
	for attempt := range 6 {
		d.deliver(failure(2*attempt, "f"))
		timer := d.lastRun.Timers[0].Event.(*history.TimerFired)
		delays = append(delays, timer.FireAt.Sub(d.now).String())
		d.now = timer.FireAt
		d.deliver(timer)
	}
	equal(t, strings.Join(delays, " "), "5s 10s 20s 40s 1m0s 0s")
}

// Without a coefficient all delays are alike; without a limit they grow.
func TestSpec_6_Defaults(t *testing.T) {
	t.Parallel()
	same, growing := Retry{First: time.Second}, Retry{First: time.Second, Backoff: 10}
	equal(t, fmt.Sprint(same.delay(0), same.delay(5), growing.delay(0), growing.delay(5)), "1s 1s 1s 27h46m40s")
}
