package dispatch

import (
	"log/slog"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// Orchestration is one episode of an orchestration on its way through the pipeline.
type Orchestration struct {
	// Instance is the instance; before its first episode the execution id is that of the start message.
	Instance history.Instance
	// Name and Version say which orchestrator is to be run; Version is nil if none was asked for.
	Name    string
	Version *string
	// Attempt counts how often this process has been handed these messages; 1 is the first time.
	Attempt int

	// Episode is what the orchestrator is run on, and Decisions what came out: the outcome of the work. A handler fills it in.
	Episode   replay.Episode
	Decisions *replay.Decisions
}

// Fail makes a failure the outcome of the work, in place of running the orchestrator.
func (o *Orchestration) Fail(f *history.FailureDetails) { o.Decisions = replay.Fail(o.Episode, f) }

// Activity is one delivery of a scheduled activity on its way through the pipeline.
type Activity struct {
	// Instance is the orchestration that scheduled the activity, TaskID the number under which it did.
	Instance history.Instance
	TaskID   int
	Name     string
	Version  *string
	// Input is JSON text as the orchestration wrote it; nil for none.
	Input *string
	// Attempt counts how often this process has been handed the activity; 1 is the first time.
	Attempt int
	// Key is the same for every delivery of this scheduled activity, and for no other.
	Key string

	outcome history.Event
	took    time.Duration
}

func newActivity(w *backend.ActivityWork) *Activity {
	e, ok := w.Message.Event.(*history.TaskScheduled)
	if !ok {
		return nil
	}
	return &Activity{
		Instance: w.Message.Target, TaskID: e.ID, Name: e.Name, Version: e.Version, Input: e.Input,
		Attempt: w.Attempt, Key: e.ActivityID,
	}
}

// Complete makes a result (JSON text, nil for none) the outcome of the work.
func (a *Activity) Complete(result *string) {
	a.outcome = &history.TaskCompleted{TaskID: a.TaskID, Result: result}
}

// Fail makes a failure the outcome of the work.
func (a *Activity) Fail(f *history.FailureDetails) {
	a.outcome = &history.TaskFailed{TaskID: a.TaskID, Reason: f.ErrorMessage, Failure: f}
}

// Outcome returns the result or failure that the activity ended with, or nil.
func (a *Activity) Outcome() history.Event { return a.outcome }

// Failure returns the failure the activity ended with, or nil.
func (a *Activity) Failure() *history.FailureDetails {
	if f, ok := a.outcome.(*history.TaskFailed); ok {
		return f.Failure
	}
	return nil
}

// Entity is one batch of an entity's operations on its way through the pipeline.
type Entity struct {
	// Instance is the execution that keeps the entity; its execution id is empty if the entity is not stored yet.
	Instance history.Instance
	ID       history.EntityID
	// Attempt counts how often this process has been handed these messages; 1 is the first time.
	Attempt int
	// Batch has the operations, and takes their results: the outcome of the work.
	Batch *entity.Batch
	// Logger is the worker's.
	Logger *slog.Logger

	limit  <-chan time.Time
	enough bool
}

// Enough reports whether the batch has taken so long that its results should be stored, and what is left be done after that: those who wait for an
// answer get it only then.
func (e *Entity) Enough() bool {
	select {
	case <-e.limit:
		e.enough = true
	default:
	}
	return e.enough
}

// Fail makes a failure the outcome of all operations that have none yet.
func (e *Entity) Fail(f *history.FailureDetails) { e.Batch.Fail(f) }

// Pipelines are the handlers that work is sent through, middleware and all.
type Pipelines struct {
	Orchestration Handler[*Orchestration]
	Activity      Handler[*Activity]
	Entity        Handler[*Entity]
}
