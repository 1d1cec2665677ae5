package durabletask

import (
	"context"
	"time"
)

// Event is a kind of external event: a name and the type of what it carries. Names are compared without regard to case.
type Event[T any] struct{ name string }

// NewEvent defines an event. It panics if the name is empty.
func NewEvent[T any](name string) Event[T] {
	if name == "" {
		panic(`durabletask: an event needs a name: durabletask.NewEvent[T]("…")`)
	}
	return Event[T]{name}
}

// Name returns the name of the event.
func (e Event[T]) Name() string { return e.name }

// Next returns a task for the next event of this name. Events that came before anybody asked are kept and served in the order in which
// they came; several waits are served in the order in which they were made.
//
// Differs from DTFx, which serves the last of several waits first.
func (e Event[T]) Next(ctx Context) *Task[T] {
	return newTask[T](ctx.app(), ctx.execution().NextEvent(e.name))
}

// Wait waits for the next event of this name, but not longer than the timeout; then the error is ErrTimeout, and the event, if it comes
// later, is left for the next wait. It always creates a timer, even if the event is there. To wait without a limit use
// Next(ctx).Await(ctx).
func (e Event[T]) Wait(ctx Context, timeout time.Duration) (T, error) {
	x := ctx.execution()
	timer := x.Timer(x.Now().Add(timeout))
	event := e.Next(ctx)
	x.Await(1, event.task, timer)
	if event.task.Done() {
		x.Cancel(timer)
		return event.outcome()
	}
	x.Withdraw(event.task)
	var zero T
	return zero, &TaskError{Task: e.name, Kind: string(ErrTimeout), Message: "the event was not received within " + timeout.String()}
}

// Send sends the event to another instance from within an orchestrator. Nobody says whether that instance exists.
func (e Event[T]) Send(ctx Context, instanceID string, v T) error {
	text, err := encode(v)
	if err != nil {
		return err
	}
	ctx.execution().SendEvent(instanceID, e.name, text)
	return nil
}

// Raise sends the event to an instance. Errors are those of Client.RaiseEvent.
func (e Event[T]) Raise(ctx context.Context, c *Client, instanceID string, v T) error {
	return c.RaiseEvent(ctx, instanceID, e.name, v)
}
