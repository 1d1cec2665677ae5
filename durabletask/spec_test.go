package durabletask_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Rules of the reference's semantics that the API adds to those of the core, named by the section and what it says.

// ends plays an orchestrator to its end and returns how it ended, with the kinds and numbers of its decisions.
func ends(t *testing.T, fn func(durabletask.Context) (string, error), events ...history.Event) (*history.ExecutionCompleted, string) {
	t.Helper()
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) { return fn(ctx) }, durabletask.Named("Spec"))
	end, all := run(t, durabletask.New(o), "Spec", "", events...)
	var decisions []string
	for _, e := range all {
		if e.Head().ID != history.NoID {
			decisions = append(decisions, fmt.Sprintf("%d %v", e.Head().ID, e.Type()))
		}
	}
	return end, strings.Join(decisions, ", ")
}

// A wait with a time limit makes a timer even if the event is there: the numbers of what follows don't depend on when it came.
func TestSpec_5_5_AWaitWithALimitTakesANumber(t *testing.T) {
	t.Parallel()
	input := `"there"`
	_, got := ends(t, func(ctx durabletask.Context) (string, error) {
		return durabletask.NewEvent[string]("E").Wait(ctx, time.Hour)
	}, &history.EventRaised{Header: history.Header{ID: history.NoID}, Name: "E", Input: &input})
	if want := "0 TimerCreated, 1 ExecutionCompleted"; got != want {
		t.Errorf("decided %s, want %s", got, want)
	}
}

func TestSpec_5_5_AWaitThatIsOver(t *testing.T) {
	t.Parallel()
	end, _ := ends(t, func(ctx durabletask.Context) (string, error) {
		_, err := durabletask.NewEvent[string]("E").Wait(ctx, time.Minute)
		if !errors.Is(err, durabletask.ErrTimeout) {
			t.Errorf("the error is %v", err)
		}
		return "", err
	})
	if end.Status != history.Failed || *end.Result != "E failed: the event was not received within 1m0s" {
		t.Errorf("ended as %v: %s", end.Status, *end.Result)
	}
}

// The limit of the custom status is 17 406 bytes of UTF-16 in effect: bytes divided by 1024, cut off, may not exceed 16.
func TestSpec_10_5_TheLimitOfTheStatus(t *testing.T) {
	t.Parallel()
	for text, fits := range map[string]bool{
		strings.Repeat("c", 8701):            true, // with its quotes 8,703 UTF-16 units
		strings.Repeat("c", 8702):            false,
		strings.Repeat("é", 8701):            true, // units, not bytes of UTF-8
		strings.Repeat("😀", 4350) + "c":      true, // two units each
		strings.Repeat("😀", 4350) + "cc":     false,
		strings.Repeat("\"", 4350) + "c":     true, // as JSON
		strings.Repeat("\"", 4350) + "cc":    false,
		strings.Repeat("<", 8701):            true, // as it is
		strings.Repeat("\u0001", 1450) + "c": true,
	} {
		end, _ := ends(t, func(ctx durabletask.Context) (string, error) {
			ctx.SetStatus(text)
			return "", nil
		})
		if got := end.Status == history.Completed; got != fits {
			t.Errorf("%.20s… (%d bytes): fits %v, want %v", text, len(text), got, fits)
		}
		if !fits && !strings.Contains(*end.Result, "must not exceed 16 KB") {
			t.Errorf("says %s", *end.Result)
		}
	}
}

// A status without a JSON form is the code's mistake, where it makes it.
func TestSpec_10_5_AStatusWithoutJSON(t *testing.T) {
	t.Parallel()
	end, _ := ends(t, func(ctx durabletask.Context) (string, error) {
		ctx.SetStatus(func() {})
		return "", nil
	})
	if end.Status != history.Failed || end.Failure.ErrorType != string(durabletask.ErrPanic) {
		t.Errorf("ended with %+v", end)
	}
}

// The input of an activity is stored as an array with one element, also if there is none; a child's input is as it is (10.1).
func TestSpec_10_1_Inputs(t *testing.T) {
	t.Parallel()
	activity := durabletask.DeclareActivity[any, any]("A")
	bare := durabletask.DeclareActivity[any, any]("B", durabletask.BareInput())
	child := durabletask.DeclareOrchestrator[any, any]("C")
	f, _ := durabletask.New(durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (durabletask.None, error) {
		for _, in := range []any{map[string]int{"a": 1}, "<hi>", nil} {
			activity.Start(ctx, in)
			bare.Start(ctx, in)
			child.Start(ctx, in)
		}
		return durabletask.None{}, nil
	}, durabletask.Named("Spec"))).Orchestrator("Spec")
	d := durabletask.Execute(f, durabletask.Episode{New: []history.Message{{Event: &history.ExecutionStarted{Name: "Spec"}}}})
	var got []string
	note := func(input *string) {
		text, err := json.Marshal(input)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(text))
	}
	for _, m := range d.Activities {
		note(m.Event.(*history.TaskScheduled).Input)
	}
	for _, m := range d.Messages {
		if e, ok := m.Event.(*history.ExecutionStarted); ok {
			note(e.Input)
		}
	}
	want := strings.Join([]string{
		`"[{\"a\":1}]"`, `"{\"a\":1}"`, `"[\"\u003chi\u003e\"]"`, `"\"\u003chi\u003e\""`, `"[null]"`, `null`,
		`"{\"a\":1}"`, `"\"\u003chi\u003e\""`, `null`,
	}, " ")
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}
