package extension

import (
	"context"
	"fmt"
	"strings"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// invokeOrchestration is the middleware that finds the trigger of an orchestrator and lets it run the episode. It is innermost, so
// it never calls next.
func (e *Extension) invokeOrchestration(durabletask.Handler[*durabletask.OrchestrationWork]) durabletask.Handler[*durabletask.OrchestrationWork] {
	return func(ctx context.Context, w *durabletask.OrchestrationWork) error {
		if trigger, ok := e.table.Orchestration(w.Name); ok {
			return trigger.Invoke(ctx, w)
		}
		e.failUnknown(w)
		return nil
	}
}

// invokeActivity is the same for activities.
func (e *Extension) invokeActivity(durabletask.Handler[*durabletask.ActivityWork]) durabletask.Handler[*durabletask.ActivityWork] {
	return func(ctx context.Context, w *durabletask.ActivityWork) error {
		if trigger, ok := e.table.Activity(w.Name); ok {
			return trigger.Invoke(ctx, w)
		}
		w.Fail(&history.FailureDetails{
			ErrorType: kindNoFunction, NonRetriable: true,
			ErrorMessage: fmt.Sprintf("Activity function '%s' failed: Activity function '%[1]s' does not exist. %s",
				w.Name, known("activity", e.table.Names(bindings.TypeActivity))),
		})
		return nil
	}
}

// kindNoFunction is the kind of the failure of a call to a function that the app does not have.
const kindNoFunction = "FunctionNotFound"

// failUnknown ends an instance whose orchestrator the app does not have, in the words of the reference (ext:
// OrchestrationMiddleware).
func (e *Extension) failUnknown(w *durabletask.OrchestrationWork) {
	message := fmt.Sprintf("Orchestrator function '%s' failed: The function '%[1]s' doesn't exist, is disabled, or is not an orchestrator function. "+
		"Additional info: %s", w.Name, known("orchestrator", e.table.Names(bindings.TypeOrchestration)))
	app := durabletask.New(durabletask.NewOrchestrator(absent, durabletask.Named("(absent)")))
	f, _ := app.Orchestrator("(absent)")
	w.Decisions = durabletask.Execute(f, w.Episode)
	// Whatever way it failed: an instance that had an orchestrator once fails because its history doesn't fit.
	if end := w.Decisions.Outcome; end != nil && end.Status == history.Failed {
		end.Result = &message
		end.Failure = &history.FailureDetails{ErrorType: kindNoFunction, ErrorMessage: message, NonRetriable: true}
	}
}

// absent stands in for an orchestrator that the app does not have.
func absent(durabletask.Context, durabletask.None) (durabletask.None, error) {
	return durabletask.None{}, durabletask.ErrNotRegistered
}

func known(kind string, names []string) string {
	if len(names) == 0 {
		return "No " + kind + " functions are currently registered!"
	}
	return "The following are the known " + kind + " functions: '" + strings.Join(names, "', '") + "'"
}
