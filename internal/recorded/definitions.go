package recorded

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// text is a payload that a function passes on without looking at it.
type text = json.RawMessage

type none = durabletask.None

// orchestrator defines an orchestrator that is written where it is defined.
func orchestrator[I, O any](name string, fn func(durabletask.Context, I) (O, error)) *durabletask.Orchestrator[I, O] {
	return durabletask.NewOrchestrator(fn, durabletask.Named(name))
}

// next waits for an event and returns what it carries.
func next[T any](ctx durabletask.Context, name string) (T, error) {
	return durabletask.NewEvent[T](name).Next(ctx).Await(ctx)
}

// sum starts a call for each number below n, from the first one on, and adds the results up.
func sum(ctx durabletask.Context, a *durabletask.Activity[int, int], first, n int) (int, error) {
	tasks := make([]*durabletask.Task[int], n)
	for i := range tasks {
		tasks[i] = a.Start(ctx, first+i)
	}
	results, err := durabletask.WhenAll(ctx, tasks...)
	total := 0
	for _, r := range results {
		total += r
	}
	return total, err
}

// jsonOf is a result whose members have the order in which they are written.
func jsonOf(v any) (text, error) { return json.Marshal(v) }

// seconds are a duration as inputs have it.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// pause lets an activity take its time.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// message is what DTFx makes of a failure by default: the exception's own message, without the name of what failed.
func message(err error) error {
	if t, ok := errors.AsType[*durabletask.TaskError](err); ok {
		return errors.New(t.Message)
	}
	return err
}

// Calls counts the calls of activities that fail at first, by what the function counts them for: an instance, an id. The count is no part of
// what is stored; who goes on with a recorded hub says how often they had been called before.
type Calls struct {
	mu    sync.Mutex
	count map[string]int
}

// Set says how many calls there have been.
func (c *Calls) Set(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = make(map[string]int)
	}
	c.count[key] = n
}

// next counts one more call and returns its number, from 1 on.
func (c *Calls) next(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = make(map[string]int)
	}
	c.count[key]++
	return c.count[key]
}

func number(n int) string { return strconv.Itoa(n) }
