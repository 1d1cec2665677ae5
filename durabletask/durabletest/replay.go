package durabletest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Replay runs the app's orchestrators on histories that Save has stored, and fails the test where the code no longer does what they say: such a
// change would break instances that are running when it is deployed. The message says what is recorded, what the code does now, and where.
//
// Each glob names files (filepath.Match), and must match at least one.
func Replay(tb testing.TB, app *durabletask.App, globs ...string) {
	tb.Helper()
	for _, glob := range globs {
		files, err := filepath.Glob(glob)
		if err != nil {
			tb.Fatalf("durabletest: %s: %v", glob, err)
		}
		if len(files) == 0 {
			tb.Errorf("durabletest: no file is called %s; durabletest.Save writes histories", glob)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				tb.Fatal(err)
			}
			events, err := history.Decode(text)
			if err == nil {
				err = replay(app, events)
			}
			if err != nil {
				tb.Errorf("durabletest: replay %s: %v", file, err)
			}
		}
	}
}

// replay says in what the code differs from a history.
func replay(app *durabletask.App, events []history.Event) error {
	past, end := cut(events)
	start := startOf(past)
	if start == nil {
		return fmt.Errorf("the history does not begin with an ExecutionStarted event")
	}
	f, ok := app.Orchestrator(start.Name)
	if !ok {
		return fmt.Errorf("orchestrator %q: %w in this app", start.Name, durabletask.ErrNotRegistered)
	}
	d := durabletask.Execute(f, durabletask.Episode{Past: past, Now: past[len(past)-1].Head().Time})
	now := d.Outcome
	switch {
	case now != nil && now.Failure != nil && now.Failure.ErrorType == string(durabletask.ErrNondeterminism):
		return fmt.Errorf("%s", now.Failure.ErrorMessage)
	case end != nil && now == nil:
		return fmt.Errorf("the instance is recorded as %v, but the code now goes on:\n%s", end.Status, transcript(d.Events))
	case end == nil && now != nil:
		return fmt.Errorf("the instance is recorded as running, but the code now ends:\n%s", transcript(d.Events))
	case end != nil && end.Status != now.Status:
		return fmt.Errorf("the instance is recorded as %v, but with the code of now it ends as\n%s", end.Status, transcript([]history.Event{now}))
	case end == nil && len(d.Events) > 0:
		return fmt.Errorf("the code now does something that the history does not show:\n%s", transcript(d.Events))
	}
	return nil
}

// cut takes the outcome off a history, so that the code has to find it by itself.
func cut(events []history.Event) (past []history.Event, end *history.ExecutionCompleted) {
	for i, e := range events {
		if end, ok := e.(*history.ExecutionCompleted); ok {
			return events[:i], end
		}
	}
	return events, nil
}

func startOf(events []history.Event) *history.ExecutionStarted {
	for _, e := range events {
		if start, ok := e.(*history.ExecutionStarted); ok {
			return start
		}
	}
	return nil
}
