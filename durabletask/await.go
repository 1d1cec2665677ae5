package durabletask

import (
	"errors"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// Awaitable is a task of any type.
type Awaitable interface {
	Done() bool
	pending() *replay.Task
}

// pending returns the engine's task; for a call that could not be scheduled, one that is done.
func (t *Task[T]) pending() *replay.Task {
	if t.task == nil {
		return replay.Settled()
	}
	return t.task
}

// wait waits until so many of the tasks are done.
func wait(ctx Context, needed int, tasks []*replay.Task) {
	seen := make(map[*replay.Task]bool, len(tasks))
	distinct := tasks[:0:0]
	for _, t := range tasks {
		if !seen[t] {
			seen[t] = true
			distinct = append(distinct, t)
		}
	}
	ctx.execution().Await(min(needed, len(distinct)), distinct...)
}

func engineTasks[T any](tasks []*Task[T]) []*replay.Task {
	all := make([]*replay.Task, len(tasks))
	for i, t := range tasks {
		all[i] = t.pending()
	}
	return all
}

// WhenAll waits until every one of the tasks has its outcome. It returns the results in the order of the tasks, and the errors of
// all that failed, joined.
func WhenAll[T any](ctx Context, tasks ...*Task[T]) ([]T, error) {
	wait(ctx, len(tasks), engineTasks(tasks))
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

// Outcome is how a task ended.
type Outcome[T any] struct {
	Value T
	Err   error
}

// Settle waits until every one of the tasks has its outcome and returns all of them, in the order of the tasks.
func Settle[T any](ctx Context, tasks ...*Task[T]) []Outcome[T] {
	wait(ctx, len(tasks), engineTasks(tasks))
	outcomes := make([]Outcome[T], len(tasks))
	for i, t := range tasks {
		outcomes[i].Value, outcomes[i].Err = t.outcome()
	}
	return outcomes
}

// WhenAny waits until one of the tasks has its outcome and returns its index. Of several, the one whose outcome came first in the
// history wins. The others go on. It panics without tasks.
func WhenAny(ctx Context, tasks ...Awaitable) int {
	if len(tasks) == 0 {
		panic("durabletask: WhenAny needs at least one task; without any it would wait for ever")
	}
	all := make([]*replay.Task, len(tasks))
	for i, t := range tasks {
		all[i] = t.pending()
	}
	wait(ctx, 1, all)
	return replay.First(all)
}

// Race is WhenAny for tasks of one type: it returns the index and the outcome of the first.
func Race[T any](ctx Context, tasks ...*Task[T]) (int, T, error) {
	all := make([]Awaitable, len(tasks))
	for i, t := range tasks {
		all[i] = t
	}
	first := WhenAny(ctx, all...)
	value, err := tasks[first].outcome()
	return first, value, err
}

// Case is one branch of a Select.
type Case[R any] struct {
	begin func(ctx Context) *replay.Task
	lost  func(ctx Context, t *replay.Task)
	won   func() (R, error)
}

// On is the branch for a task. If another branch wins, a wait for an event is withdrawn; anything else goes on.
func On[T, R any](t *Task[T], fn func(T, error) (R, error)) Case[R] {
	return Case[R]{
		begin: func(Context) *replay.Task { return t.pending() },
		lost:  func(ctx Context, task *replay.Task) { ctx.execution().Withdraw(task) },
		won:   func() (R, error) { return fn(t.outcome()) },
	}
}

// Timeout is the branch for a timer, which begins with the Select. If another branch wins it is cancelled.
func Timeout[R any](d time.Duration, fn func() (R, error)) Case[R] {
	return Case[R]{
		begin: func(ctx Context) *replay.Task { return ctx.execution().Timer(ctx.Now().Add(d)) },
		lost:  func(ctx Context, task *replay.Task) { ctx.execution().Cancel(task) },
		won:   fn,
	}
}

// Select waits for the first of its branches and returns what that returns. Of several that are ready, the one that was ready first
// in the history wins. It panics without branches.
func Select[R any](ctx Context, cases ...Case[R]) (R, error) {
	if len(cases) == 0 {
		panic("durabletask: Select needs at least one branch; without any it would wait for ever")
	}
	tasks := make([]*replay.Task, len(cases))
	for i, c := range cases {
		tasks[i] = c.begin(ctx)
	}
	wait(ctx, 1, tasks)
	first := replay.First(tasks)
	for i, c := range cases {
		if !tasks[i].Done() {
			c.lost(ctx, tasks[i])
		}
	}
	return cases[first].won()
}

// ErrCanceled is the outcome of a task that the orchestrator has cancelled.
const ErrCanceled = ErrorKind("Canceled")

// Cancel gives the task up, if it has no outcome yet: its outcome is ErrCanceled. A timer is cancelled and a wait for an event withdrawn;
// an activity or a child goes on, but its result is ignored.
func (t *Task[T]) Cancel(ctx Context) {
	if t.task != nil {
		ctx.execution().GiveUp(t.task, &history.FailureDetails{ErrorType: string(ErrCanceled), ErrorMessage: "canceled by the orchestrator"})
	}
}
