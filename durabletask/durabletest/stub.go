package durabletest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/azdurable/azdurable/durabletask"
)

// Calls are the inputs with which a stand-in was called.
type Calls[I any] struct {
	mu     sync.Mutex
	inputs []I
}

// Inputs returns the inputs, in order. Activities run at least once: after a crash one may come again.
func (c *Calls[I]) Inputs() []I {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.inputs)
}

// Stub puts fn in the place of an activity, which need not be in the app. It lasts through crashes; a later Stub takes its place.
func Stub[I, O any](h *Hub, activity *durabletask.Activity[I, O], fn func(context.Context, I) (O, error)) *Calls[I] {
	calls := &Calls[I]{}
	noted := func(ctx context.Context, input I) (O, error) {
		calls.mu.Lock()
		calls.inputs = append(calls.inputs, input)
		calls.mu.Unlock()
		return fn(ctx, input)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	// With keeps the kinds of errors that the app has registered.
	f, _ := h.app.With(activity.Implement(noted)).Activity(activity.Name())
	h.stubs[strings.ToLower(activity.Name())] = f
	return calls
}

// FailFirst makes a function for Stub that fails with err for the first n calls and then does what fn does. What is run again because a crash
// lost its result ends as it did before, so that a crash doesn't use up a failure.
func FailFirst[I, O any](n int, err error, fn func(context.Context, I) (O, error)) func(context.Context, I) (O, error) {
	var mu sync.Mutex
	seen := make(map[string]int)
	return func(ctx context.Context, input I) (O, error) {
		key := durabletask.ActivityInfo(ctx).Key
		mu.Lock()
		order, again := seen[key]
		if !again {
			order = len(seen)
			seen[key] = order
		}
		mu.Unlock()
		if order < n {
			var zero O
			return zero, err
		}
		return fn(ctx, input)
	}
}
