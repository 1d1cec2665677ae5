package durabletask_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// run plays an orchestrator of the app to its end without a store: activities run at once, one after the other, and timers are
// due at once. It returns how it ended and every event.
func run(t *testing.T, app *durabletask.App, name string, input string, events ...history.Event) (*history.ExecutionCompleted, []history.Event) {
	t.Helper()
	f, ok := app.Orchestrator(name)
	if !ok {
		t.Fatalf("no orchestrator %q", name)
	}
	me := history.Instance{ID: "i", ExecutionID: "x"}
	start := &history.ExecutionStarted{Header: history.Header{ID: history.NoID}, Instance: me, Name: name}
	if input != "" {
		start.Input = &input
	}
	var past []history.Event
	arrived := []history.Message{{Target: me, Event: start}}
	for _, e := range events {
		arrived = append(arrived, history.Message{Target: history.Instance{ID: "i"}, Event: e})
	}
	now := time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)
	for len(arrived) > 0 {
		d := durabletask.Execute(f, durabletask.Episode{Past: past, New: arrived, Now: now})
		past = append(past, d.Events...)
		if d.Outcome != nil {
			return d.Outcome, past
		}
		arrived = d.Timers
		for _, m := range d.Activities {
			arrived = append(arrived, perform(t, app, m))
		}
	}
	t.Fatalf("%s waits for ever; history: %v", name, past)
	return nil, nil
}

func perform(t *testing.T, app *durabletask.App, m history.Message) history.Message {
	t.Helper()
	e, ok := m.Event.(*history.TaskScheduled)
	if !ok {
		t.Fatalf("%T is no activity", m.Event)
	}
	f, ok := app.Activity(e.Name)
	if !ok {
		t.Fatalf("no activity %q", e.Name)
	}
	w := &durabletask.ActivityWork{Instance: m.Target, TaskID: e.ID, Name: e.Name, Input: e.Input, Attempt: 1, Key: e.ActivityID}
	durabletask.Perform(t.Context(), f, w)
	return history.Message{Target: m.Target, Event: w.Outcome()}
}

const errDeclined = durabletask.ErrorKind("CardDeclined")

type cardError struct{ Card int }

func (e *cardError) Error() string { return fmt.Sprintf("card %d is stolen", e.Card) }

// What the caller of a failing activity sees (DESIGN of errors: kind, message, cause, errors.Is).
func TestActivityErrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		fail    func() error
		kind    string
		message string
		is      error
	}{
		{"plain", func() error { return errors.New("boom") }, "error", "boom", durabletask.ErrorKind("error")},
		{"wrapped", func() error { return fmt.Errorf("charge: %w", errors.New("boom")) }, "error", "charge: boom", durabletask.ErrorKind("error")},
		{"kind", func() error { return fmt.Errorf("charge: %w", errDeclined) }, "CardDeclined", "charge: CardDeclined", errDeclined},
		{"kind with a message", func() error { return errDeclined.New("card %d", 7) }, "CardDeclined", "card 7", errDeclined},
		{"go type", func() error { return fmt.Errorf("x: %w", &cardError{3}) }, "durabletask_test.cardError", "x: card 3 is stolen", durabletask.ErrorKind("durabletask_test.cardError")},
		{"registered", func() error { return fmt.Errorf("read: %w", io.ErrUnexpectedEOF) }, "ShortRead", "read: unexpected EOF", io.ErrUnexpectedEOF},
		{"panic", func() error { panic("oh no") }, "panic", "oh no", durabletask.ErrPanic},
		{"permanent", func() error { return durabletask.Permanent(errDeclined) }, "CardDeclined", "CardDeclined", errDeclined},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			activity := durabletask.NewActivity(func(context.Context, durabletask.None) (durabletask.None, error) {
				return durabletask.None{}, row.fail()
			}, durabletask.Named("Charge"))
			checked := false
			orchestrator := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
				_, err := activity.Call(ctx, durabletask.None{}, durabletask.RetryPolicy{MaxAttempts: 2, First: time.Second})
				task, ok := errors.AsType[*durabletask.TaskError](err)
				if !ok || task.Kind != row.kind || task.Message != row.message || task.Task != "Charge" || !errors.Is(err, row.is) {
					t.Errorf("the caller sees %#v", err)
				}
				if task.Permanent != (row.name == "permanent") {
					t.Errorf("permanent: %v", task.Permanent)
				}
				if (task.Stack != "") != (row.name == "panic") {
					t.Errorf("stack: %q", task.Stack)
				}
				checked = true
				return "", fmt.Errorf("order 5: %w", err)
			}, durabletask.Named("Order"))
			app := durabletask.New(activity, orchestrator)
			app.RegisterError(io.ErrUnexpectedEOF, "ShortRead")
			end, events := run(t, app, "Order", "")
			if !checked || end.Status != history.Failed || end.Failure.ErrorType != row.kind {
				t.Errorf("checked: %v, ended as %v %+v", checked, end.Status, end.Failure)
			}
			if inner := end.Failure.Inner; inner == nil || inner.ErrorType != row.kind {
				t.Errorf("the cause is lost: %+v", inner)
			}
			calls := strings.Count(kindsOf(events), "TaskScheduled")
			if want := map[bool]int{true: 1, false: 2}[row.name == "permanent"]; calls != want {
				t.Errorf("%d attempts, want %d", calls, want)
			}
		})
	}
}

func kindsOf(events []history.Event) string {
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.Type().String())
	}
	return strings.Join(kinds, " ")
}

func TestResultsThatCannotBeStored(t *testing.T) {
	t.Parallel()
	unserialisable := durabletask.NewActivity(func(context.Context, durabletask.None) (func(), error) { return func() {}, nil }, durabletask.Named("Unserialisable"))
	large := durabletask.NewActivity(func(context.Context, durabletask.None) (string, error) {
		return strings.Repeat("x", durabletask.MaxPayload), nil
	}, durabletask.Named("Large"))
	both := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (chan int, error) {
		for _, err := range []error{second(unserialisable.Call(ctx, durabletask.None{})), second(large.Call(ctx, durabletask.None{}))} {
			if !errors.Is(err, durabletask.ErrPayload) {
				t.Errorf("got %v, want an ErrPayload", err)
			}
		}
		return make(chan int), nil
	}, durabletask.Named("Both"))
	end, _ := run(t, durabletask.New(unserialisable, large, both), "Both", "")
	if end.Status != history.Failed || end.Failure.ErrorType != string(durabletask.ErrPayload) {
		t.Errorf("an orchestrator whose result has no JSON form ended as %v %+v", end.Status, end.Failure)
	}
}

func second[T any](_ T, err error) error { return err }

func TestWrongInput(t *testing.T) {
	t.Parallel()
	o := durabletask.NewOrchestrator(func(durabletask.Context, int) (int, error) { return 0, nil }, durabletask.Named("Int"))
	end, _ := run(t, durabletask.New(o), "Int", `"text"`)
	if end.Status != history.Failed || !strings.Contains(end.Failure.ErrorMessage, `is not a int`) {
		t.Errorf("%v %+v", end.Status, end.Failure)
	}
}

// Inputs of activities are stored as [x], of everything else as x; null and None are no text (§10.1).
func TestPayloadForms(t *testing.T) {
	t.Parallel()
	echo := durabletask.NewActivity(func(_ context.Context, s *string) (*string, error) { return s, nil }, durabletask.Named("Echo"))
	bare := durabletask.NewActivity(func(_ context.Context, s string) (string, error) { return s, nil }, durabletask.Named("Bare"), durabletask.BareInput())
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (*int, error) {
		text := "<é>"
		for _, task := range []*durabletask.Task[*string]{echo.Start(ctx, &text), echo.Start(ctx, nil)} {
			if _, err := task.Await(ctx); err != nil {
				return nil, err
			}
		}
		_, err := bare.Call(ctx, text)
		return nil, err
	}, durabletask.Named("Forms"))
	app := durabletask.New(echo, bare, o)
	f, _ := app.Orchestrator("forms")
	me := history.Instance{ID: "i", ExecutionID: "x"}
	d := durabletask.Execute(f, durabletask.Episode{StoreInputs: true, New: []history.Message{{Target: me, Event: &history.ExecutionStarted{Instance: me}}}})
	var inputs []string
	for _, m := range d.Activities {
		inputs = append(inputs, *m.Event.(*history.TaskScheduled).Input)
	}
	if got, want := strings.Join(inputs, " "), `["<é>"] [null]`; got != want {
		t.Errorf("inputs %s, want %s", got, want)
	}
	end, _ := run(t, app, "Forms", "")
	if end.Status != history.Completed || end.Result != nil {
		t.Errorf("ended as %v with %v", end.Status, end.Result)
	}
}

func TestWhenAllJoinsErrorsAndKeepsOrder(t *testing.T) {
	t.Parallel()
	half := durabletask.NewActivity(func(_ context.Context, n int) (int, error) {
		if n%2 == 1 {
			return 0, errDeclined.New("%d is odd", n)
		}
		return n / 2, nil
	}, durabletask.Named("Half"))
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) ([]int, error) {
		var tasks []*durabletask.Task[int]
		for n := range 5 {
			tasks = append(tasks, half.Start(ctx, n))
		}
		all, err := durabletask.WhenAll(ctx, append(tasks, tasks[4])...)
		if err == nil || !strings.Contains(err.Error(), "1 is odd") || !strings.Contains(err.Error(), "3 is odd") || !errors.Is(err, errDeclined) {
			t.Errorf("joined errors: %v", err)
		}
		return all, nil
	}, durabletask.Named("All"))
	end, _ := run(t, durabletask.New(half, o), "All", "")
	if end.Result == nil || *end.Result != "[0,0,1,0,2,2]" {
		t.Errorf("results: %+v", end)
	}
}

func TestEventWaitTimesOut(t *testing.T) {
	t.Parallel()
	approval := durabletask.NewEvent[bool]("Approval")
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		begun := ctx.Now()
		_, err := approval.Wait(ctx, 72*time.Hour)
		if !errors.Is(err, durabletask.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", err)
		}
		if err := durabletask.Sleep(ctx, time.Hour); err != nil {
			return "", err
		}
		return ctx.Now().Sub(begun).String(), nil
	}, durabletask.Named("Wait"))
	end, _ := run(t, durabletask.New(o), "Wait", "")
	if end.Result == nil || *end.Result != `"73h0m0s"` {
		t.Errorf("ended as %+v", end)
	}
}

func TestEventWithWrongData(t *testing.T) {
	t.Parallel()
	number := durabletask.NewEvent[int]("Number")
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		_, err := number.Next(ctx).Await(ctx)
		if !errors.Is(err, durabletask.ErrPayload) {
			t.Errorf("got %v, want ErrPayload", err)
		}
		return number.Wait(ctx, time.Hour)
	}, durabletask.Named("Sum"))
	text, seven := `"x"`, "7"
	end, _ := run(t, durabletask.New(o), "Sum", "", &history.EventRaised{Name: "number", Input: &text}, &history.EventRaised{Name: "NUMBER", Input: &seven})
	if end.Result == nil || *end.Result != "7" {
		t.Errorf("ended as %+v", end)
	}
}

// Time, identifiers and random numbers are the same at every replay, although each episode replays from the start.
func TestDeterministicSources(t *testing.T) {
	t.Parallel()
	nothing := durabletask.NewActivity(func(context.Context, string) (string, error) { return "", nil }, durabletask.Named("Nothing"))
	seen := map[int]string{}
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		for i := range 4 {
			now := fmt.Sprint(ctx.Now(), ctx.NewUUID(), ctx.NewUUID(), ctx.Rand().Uint64(), ctx.InstanceID(), ctx.Version())
			if before, ok := seen[i]; ok && before != now {
				t.Errorf("pass %d: %s before, %s now", i, before, now)
			}
			seen[i] = now
			if _, err := nothing.Call(ctx, ""); err != nil {
				return 0, err
			}
		}
		return len(seen), nil
	}, durabletask.Named("Sources"))
	end, _ := run(t, durabletask.New(nothing, o), "Sources", "")
	if end.Result == nil || *end.Result != "4" {
		t.Errorf("ended as %+v", end)
	}
}

func TestCustomStatus(t *testing.T) {
	t.Parallel()
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, size int) (durabletask.None, error) {
		ctx.SetStatus(strings.Repeat("x", size))
		return durabletask.None{}, nil
	}, durabletask.Named("Status"))
	app := durabletask.New(o)
	// 8,703 UTF-16 code units fit, with the two quotes of the JSON text (§10.5).
	if end, _ := run(t, app, "Status", "8701"); end.Status != history.Completed {
		t.Errorf("the largest status: %v %+v", end.Status, end.Failure)
	}
	if end, _ := run(t, app, "Status", "8702"); end.Status != history.Failed || !strings.Contains(end.Failure.ErrorMessage, "must not exceed 16 KB") {
		t.Errorf("a status over the limit: %v %+v", end.Status, end.Failure)
	}
}

func TestOrchestratorPanics(t *testing.T) {
	t.Parallel()
	o := durabletask.NewOrchestrator(func(durabletask.Context, durabletask.None) (int, error) {
		return len(strings.Repeat("x", -len(t.Name()))), nil
	}, durabletask.Named("Panics"))
	end, _ := run(t, durabletask.New(o), "Panics", "")
	if end.Status != history.Failed || !errorHas(end.Failure, "panic", "negative Repeat count") || !strings.Contains(end.Failure.StackTrace, "TestOrchestratorPanics") {
		t.Errorf("ended as %v %+v", end.Status, end.Failure)
	}
}

func errorHas(f *history.FailureDetails, kind, message string) bool {
	return f != nil && f.ErrorType == kind && strings.Contains(f.ErrorMessage, message)
}

func TestActivityInfo(t *testing.T) {
	t.Parallel()
	info := durabletask.NewActivity(func(ctx context.Context, _ durabletask.None) (durabletask.Info, error) {
		return durabletask.ActivityInfo(ctx), nil
	}, durabletask.Named("Info"))
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (bool, error) {
		one, err := info.Call(ctx, durabletask.None{})
		if err != nil {
			return false, err
		}
		two, err := info.Call(ctx, durabletask.None{})
		ok := one.InstanceID == "i" && one.ExecutionID == "x" && one.Name == "Info" && one.TaskID == 0 && one.Attempt == 1 && one.Key != "" &&
			two.TaskID == 1 && two.Key != one.Key
		return ok, err
	}, durabletask.Named("Infos"))
	if end, _ := run(t, durabletask.New(info, o), "Infos", ""); end.Result == nil || *end.Result != "true" {
		t.Errorf("ended as %+v", end)
	}
}

func TestAttemptTimeout(t *testing.T) {
	t.Parallel()
	slow := durabletask.NewActivity(func(ctx context.Context, _ durabletask.None) (durabletask.None, error) {
		<-ctx.Done()
		return durabletask.None{}, ctx.Err()
	}, durabletask.Named("Slow"), durabletask.AttemptTimeout(time.Millisecond))
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (bool, error) {
		_, err := slow.Call(ctx, durabletask.None{})
		return errors.Is(err, durabletask.ErrTimeout), nil
	}, durabletask.Named("Waits"))
	if end, _ := run(t, durabletask.New(slow, o), "Waits", ""); end.Result == nil || *end.Result != "true" {
		t.Errorf("ended as %+v", end)
	}
}
