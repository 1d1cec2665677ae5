package durabletask

import "time"

// Sleep waits. The orchestration takes no memory and no thread while it does, and goes on after a restart. It never returns early.
func Sleep(ctx Context, d time.Duration) error {
	_, err := After(ctx, d).Await(ctx)
	return err
}

// After returns a task that is done when the time has passed. A duration that is not positive is over at once, but only in the
// next episode.
func After(ctx Context, d time.Duration) *Task[None] {
	x := ctx.execution()
	return newTask[None](ctx.app(), x.Timer(x.Now().Add(d)))
}
