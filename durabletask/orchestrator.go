package durabletask

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// Orchestrator is the definition of an orchestration: a name and a function.
type Orchestrator[I, O any] struct {
	definition
	fn func(Context, I) (O, error)
}

// NewOrchestrator defines an orchestrator. It panics if the function has no name that lasts (a closure, a method value) and none
// is given by Named.
//
// The function must be deterministic: see the package documentation.
func NewOrchestrator[I, O any](fn func(Context, I) (O, error), options ...Option) *Orchestrator[I, O] {
	return &Orchestrator[I, O]{definition: define("orchestrator", fn, options), fn: fn}
}

// DeclareOrchestrator declares an orchestrator that another program implements, or that Implement does: for one that calls itself, as a variable
// that refers to itself is an initialization cycle.
func DeclareOrchestrator[I, O any](name string) *Orchestrator[I, O] {
	return &Orchestrator[I, O]{definition: define("orchestrator", nil, []Option{Named(name)})}
}

// Implement gives a declared orchestrator its function.
func (o *Orchestrator[I, O]) Implement(fn func(Context, I) (O, error)) Registration {
	return &Orchestrator[I, O]{definition: o.definition, fn: fn}
}

// Call runs a child orchestration and waits for its result. The error is a *TaskError.
func (o *Orchestrator[I, O]) Call(ctx Context, input I, options ...ChildOption) (O, error) {
	return o.Start(ctx, input, options...).Await(ctx)
}

// Start starts a child orchestration and returns a task for its result. If another instance with the child's id is still going on, the task
// fails with kind "InstanceExists"; without an InstanceID that can't happen.
func (o *Orchestrator[I, O]) Start(ctx Context, input I, options ...ChildOption) *Task[O] {
	x, app := ctx.execution(), ctx.app()
	c := call{Call: replay.Call{Name: o.name}}
	for _, option := range options {
		option.child(&c)
	}
	text, err := encode(input)
	if err != nil {
		return failedTask[O](app, o.name, err)
	}
	c.Input = text
	return newTask[O](app, c.schedule(x, app, x.StartChild))
}

// Name returns the name under which instances are started and recorded.
func (o *Orchestrator[I, O]) Name() string { return o.name }

// Schedule starts an instance and returns it without waiting for it. Errors are those of Client.Schedule.
func (o *Orchestrator[I, O]) Schedule(ctx context.Context, c *Client, input I, options ...StartOption) (*Instance[O], error) {
	id, err := c.Schedule(ctx, o.name, input, options...)
	if err != nil {
		return nil, err
	}
	return &Instance[O]{ID: id, client: c}, nil
}

func (o *Orchestrator[I, O]) register(a *App) {
	if o.fn == nil {
		panic(fmt.Sprintf("durabletask: orchestrator %q is declared but not implemented; register what its Implement returns", o.name))
	}
	f := &OrchestratorFunc{name: o.name, place: o.place}
	f.code = func(x *replay.Execution, input *string) (result *string, failure *history.FailureDetails) {
		defer func() {
			if p := recover(); p != nil {
				result, failure = nil, panicFailure(p)
			}
		}()
		in, err := decode[I](input)
		if err != nil {
			return nil, a.errors.failure(err)
		}
		out, err := o.fn(newContext(a, x), in)
		if next, ok := errors.AsType[*continuation](err); ok {
			x.ContinueAsNew(next.Continuation)
			return nil, nil
		}
		if err == nil {
			result, err = encode(out)
		}
		if err != nil {
			return nil, a.errors.failure(err)
		}
		return result, nil
	}
	taken, ok := a.Orchestrator(o.name)
	take("orchestrator", o.name, o.place, taken.at(), ok)
	a.orchestrators[strings.ToLower(o.name)] = f
}

// OrchestratorFunc is a registered orchestrator with its types taken off.
type OrchestratorFunc struct {
	name, place string
	code        replay.Code
}

// Name returns the name of the orchestrator.
func (f *OrchestratorFunc) Name() string { return f.name }

// Place returns the file and line of the definition.
func (f *OrchestratorFunc) Place() string { return f.place }

func (f *OrchestratorFunc) at() string {
	if f == nil {
		return ""
	}
	return f.place
}
