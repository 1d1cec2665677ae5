package bindings

import (
	"context"

	"github.com/azdurable/azdurable/durabletask"
)

// OrchestrationTrigger calls an orchestrator for one episode.
type OrchestrationTrigger struct{ function *durabletask.OrchestratorFunc }

// Orchestration makes the trigger of an orchestrator.
func Orchestration(f *durabletask.OrchestratorFunc) *OrchestrationTrigger {
	return &OrchestrationTrigger{f}
}

// Name returns the name of the orchestrator.
func (t *OrchestrationTrigger) Name() string { return t.function.Name() }

// Type returns TypeOrchestration.
func (t *OrchestrationTrigger) Type() string { return TypeOrchestration }

// Place returns where the orchestrator is defined.
func (t *OrchestrationTrigger) Place() string { return t.function.Place() }

// Invoke runs the episode and makes what the orchestrator decided the outcome of the work.
func (t *OrchestrationTrigger) Invoke(_ context.Context, w *durabletask.OrchestrationWork) error {
	w.Decisions = durabletask.Execute(t.function, w.Episode)
	return nil
}
