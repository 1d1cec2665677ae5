package extension

import (
	"errors"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// An orchestrator that never was fails its instances; one that a deployment has lost keeps them waiting.
func TestUnknownOrchestrator(t *testing.T) {
	t.Parallel()
	e := &Extension{table: bindings.NewTable()}
	start := &history.ExecutionStarted{Name: "Nope"}
	fresh := &durabletask.OrchestrationWork{Name: "Nope", Episode: durabletask.Episode{New: []history.Message{{Event: start}}}}
	if err := e.unknown(fresh); err != nil || fresh.Decisions.Outcome.Status != durabletask.Failed ||
		!strings.Contains(*fresh.Decisions.Outcome.Result, "No orchestrator functions are currently registered!") {
		t.Errorf("a start: %+v, %v", fresh.Decisions, err)
	}
	running := &durabletask.OrchestrationWork{Name: "Nope", Episode: durabletask.Episode{Past: []history.Event{start}}}
	if err := e.unknown(running); !errors.Is(err, durabletask.ErrNotRegistered) || running.Decisions != nil {
		t.Errorf("in the middle: %+v, %v", running.Decisions, err)
	}
}

// An entity that never was fails what is asked of it; one that a deployment has lost keeps its messages waiting.
func TestUnknownEntities(t *testing.T) {
	t.Parallel()
	e := &Extension{table: bindings.NewTable()}
	known := &durabletask.EntityWork{ID: history.EntityID{Name: "nope"}, Instance: history.Instance{ID: "@nope@a", ExecutionID: "e"}}
	if err := e.unknownEntity(known); !errors.Is(err, durabletask.ErrNotRegistered) {
		t.Errorf("an entity with a record: %v", err)
	}
}
