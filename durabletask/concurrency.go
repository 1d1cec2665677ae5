package durabletask

import (
	"errors"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Go runs a function beside the orchestrator and returns a task for its result. The two run in turns, never at the same time: each goes on when
// the other waits, in an order that the history decides. What still runs when the orchestrator returns is given up.
//
// Use it in place of a go statement, which an orchestrator must not have.
func Go[T any](ctx Context, fn func(Context) (T, error)) *Task[T] {
	t := &Task[T]{app: ctx.app()}
	var value T
	var err error
	t.local = func() (T, error) { return value, err }
	t.task = ctx.execution().Go("Go", func() (_ *string, failure *history.FailureDetails) {
		defer func() {
			if p := recover(); p != nil {
				failure = panicFailure(p)
			}
		}()
		value, err = fn(ctx)
		return nil, nil
	})
	return t
}

// Map calls fn for every element of in, at most limit of them at a time (0: all), and returns the results in the order of the elements, and the
// errors of all calls that failed, joined.
func Map[I, O any](ctx Context, in []I, limit int, fn func(Context, I) (O, error)) ([]O, error) {
	if limit <= 0 || limit > len(in) {
		limit = len(in)
	}
	out, errs := make([]O, len(in)), make([]error, len(in))
	next := 0
	workers := make([]*Task[None], limit)
	for i := range workers {
		workers[i] = Go(ctx, func(ctx Context) (None, error) {
			for next < len(in) {
				i := next
				next++
				out[i], errs[i] = fn(ctx, in[i])
			}
			return None{}, nil
		})
	}
	_, err := WhenAll(ctx, workers...)
	return out, errors.Join(errors.Join(errs...), err)
}

// Await waits until cond returns true. It is asked again after each event; it must be deterministic and make no durable calls.
func Await(ctx Context, cond func() bool) { ctx.execution().AwaitCondition(cond) }
