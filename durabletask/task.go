package durabletask

import (
	"errors"

	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// Task is the outcome of something that an orchestrator started: it is there, or it is still to come.
type Task[T any] struct {
	app  *App
	task *replay.Task
	// err is set for a call that could not even be scheduled; task is nil then.
	err error
}

func newTask[T any](a *App, t *replay.Task) *Task[T] { return &Task[T]{app: a, task: t} }

// failedTask is a task for a call whose arguments can't be stored.
func failedTask[T any](a *App, name string, err error) *Task[T] {
	return &Task[T]{app: a, err: a.errors.taskError(name, a.errors.failure(err))}
}

// Done reports whether the outcome is there, so that Await returns at once.
func (t *Task[T]) Done() bool { return t.task == nil || t.task.Done() }

// Await waits for the outcome. The error of a call that failed is a *TaskError.
func (t *Task[T]) Await(ctx Context) (T, error) {
	if t.task != nil {
		ctx.execution().Await(1, t.task)
	}
	return t.outcome()
}

func (t *Task[T]) outcome() (T, error) {
	var zero T
	if t.task == nil {
		return zero, t.err
	}
	value, failure := t.task.Outcome()
	if failure != nil {
		return zero, t.app.errors.taskError(t.task.Name, failure)
	}
	v, err := decode[T](value)
	if err != nil {
		return zero, t.app.errors.taskError(t.task.Name, t.app.errors.failure(err))
	}
	return v, nil
}

// WhenAll waits until every one of the tasks has its outcome. It returns the results in the order of the tasks, and the errors of
// all that failed, joined.
func WhenAll[T any](ctx Context, tasks ...*Task[T]) ([]T, error) {
	waits := make([]*replay.Task, 0, len(tasks))
	seen := make(map[*replay.Task]bool, len(tasks))
	for _, t := range tasks {
		if t.task != nil && !seen[t.task] {
			seen[t.task] = true
			waits = append(waits, t.task)
		}
	}
	ctx.execution().Await(len(waits), waits...)
	results := make([]T, len(tasks))
	var errs []error
	for i, t := range tasks {
		var err error
		if results[i], err = t.outcome(); err != nil {
			errs = append(errs, err)
		}
	}
	return results, errors.Join(errs...)
}
