package durabletask

import "github.com/azdurable/azdurable/durabletask/internal/replay"

// Task is the outcome of something that an orchestrator started: it is there, or it is still to come.
type Task[T any] struct {
	app  *App
	task *replay.Task
	// err is set for a call that could not even be scheduled; task is nil then.
	err error
	// local has the outcome of a function of the orchestrator's own (Go), which is not stored; else nil.
	local func() (T, error)
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
	if t.local != nil {
		return t.local()
	}
	v, err := decode[T](value)
	if err != nil {
		return zero, t.app.errors.taskError(t.task.Name, t.app.errors.failure(err))
	}
	return v, nil
}
