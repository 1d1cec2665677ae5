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
		if trigger, ok := e.timers.functions.Orchestration(w.Name); ok {
			return trigger.Invoke(ctx, w)
		}
		return e.unknown(w)
	}
}

// invokeActivity is the same for activities. The one behind durable HTTP calls is no function of the app: the worker has it.
func (e *Extension) invokeActivity(next durabletask.Handler[*durabletask.ActivityWork]) durabletask.Handler[*durabletask.ActivityWork] {
	return func(ctx context.Context, w *durabletask.ActivityWork) error {
		if trigger, ok := e.table.Activity(w.Name); ok {
			return trigger.Invoke(ctx, w)
		}
		if trigger, ok := e.timers.functions.Activity(w.Name); ok {
			return trigger.Invoke(ctx, w)
		}
		if strings.EqualFold(w.Name, durabletask.HTTPActivity.Name()) {
			return next(ctx, w)
		}
		w.Fail(&history.FailureDetails{
			ErrorType: kindNoFunction, NonRetriable: true,
			ErrorMessage: fmt.Sprintf("Activity function '%s' failed: Activity function '%[1]s' does not exist. %s",
				w.Name, known("activity", e.table.Names(bindings.TypeActivity))),
		})
		return nil
	}
}

// invokeEntity is the same for entities.
func (e *Extension) invokeEntity(durabletask.Handler[*durabletask.EntityWork]) durabletask.Handler[*durabletask.EntityWork] {
	return func(ctx context.Context, w *durabletask.EntityWork) error {
		if trigger, ok := e.table.Entity(w.ID.Name); ok {
			return trigger.Invoke(ctx, w)
		}
		return e.unknownEntity(w)
	}
}

// unknownEntity deals with an entity that the app does not have: what is asked of a new one fails, and one that is there waits for a deployment
// that has it, like an orchestration.
func (e *Extension) unknownEntity(w *durabletask.EntityWork) error {
	if w.Instance.ExecutionID != "" {
		return fmt.Errorf("entity %q: %w in this app; deploy a version that has it", w.ID.Name, durabletask.ErrNotRegistered)
	}
	w.Fail(&history.FailureDetails{ErrorType: kindNoFunction, NonRetriable: true, ErrorMessage: noEntity(e.table, w.ID.Name)})
	return nil
}

// noEntity says in the words of the reference that the app does not have an entity (ext: FunctionsController.ThrowIfFunctionDoesNotExist).
func noEntity(table *bindings.Table, name string) string {
	return fmt.Sprintf("The function '%s' doesn't exist, is disabled, or is not an entity function. Additional info: %s",
		strings.ToLower(name), known("entity", table.Names(bindings.TypeEntity)))
}

// kindNoFunction is the kind of the failure of a call to a function that the app does not have.
const kindNoFunction = "FunctionNotFound"

// unknown deals with an instance whose orchestrator the app does not have. One that has not begun fails, in the words of the reference (ext:
// OrchestrationMiddleware).
//
// Differs from ext, which fails one in the middle of its work, too: that is more likely a deployment that went wrong than the wish to lose it, so
// it waits until the orchestrator is back, or somebody terminates it.
func (e *Extension) unknown(w *durabletask.OrchestrationWork) error {
	if len(w.Episode.Past) > 0 {
		return fmt.Errorf("orchestrator %q: %w in this app; deploy a version that has it, or terminate the instance", w.Name, durabletask.ErrNotRegistered)
	}
	w.Fail(&history.FailureDetails{
		ErrorType: kindNoFunction, NonRetriable: true,
		ErrorMessage: fmt.Sprintf("Orchestrator function '%s' failed: The function '%[1]s' doesn't exist, is disabled, or is not an orchestrator function. "+
			"Additional info: %s", w.Name, known("orchestrator", e.table.Names(bindings.TypeOrchestration))),
	})
	return nil
}

func known(kind string, names []string) string {
	if len(names) == 0 {
		return "No " + kind + " functions are currently registered!"
	}
	return "The following are the known " + kind + " functions: '" + strings.Join(names, "', '") + "'"
}
