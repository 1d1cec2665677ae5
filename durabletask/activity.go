package durabletask

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// Activity is the definition of an activity: a name and a function that may do anything.
//
// Activities run at least once: a crash between the end of one and the recording of its result runs it again. ActivityInfo has a
// key by which the work of such a repeat can be recognised.
type Activity[I, O any] struct {
	definition
	fn func(context.Context, I) (O, error)
}

// NewActivity defines an activity. It panics if the function has no name that lasts (a closure, a method value) and none is given
// by Named.
func NewActivity[I, O any](fn func(context.Context, I) (O, error), options ...Option) *Activity[I, O] {
	return &Activity[I, O]{definition: define("activity", fn, options), fn: fn}
}

// DeclareActivity declares an activity that another program implements, or that Implement does.
func DeclareActivity[I, O any](name string, options ...Option) *Activity[I, O] {
	return &Activity[I, O]{definition: define("activity", nil, append([]Option{Named(name)}, options...))}
}

// Implement gives a declared activity its function.
func (a *Activity[I, O]) Implement(fn func(context.Context, I) (O, error)) Registration {
	return &Activity[I, O]{definition: a.definition, fn: fn}
}

// AttemptTimeout limits one attempt of an activity: its context ends then, and an error it returns afterwards counts as ErrTimeout.
func AttemptTimeout(limit time.Duration) Option {
	if limit <= 0 {
		panic("durabletask: AttemptTimeout must be positive; leave it out for no limit")
	}
	return optionFunc(func(d *definition) { d.attempt = limit })
}

// BareInput makes callers store the activity's input as it is. The default is an array with the input as its only element, which
// is what .NET in-process, JavaScript and Python workers write and expect; isolated .NET and Java use bare inputs.
func BareInput() Option { return optionFunc(func(d *definition) { d.bareInput = true }) }

// Name returns the name under which the activity is scheduled and recorded.
func (a *Activity[I, O]) Name() string { return a.name }

// Call runs the activity and waits for its result. The error is a *TaskError.
func (a *Activity[I, O]) Call(ctx Context, input I, options ...CallOption) (O, error) {
	return a.Start(ctx, input, options...).Await(ctx)
}

// Start schedules the activity and returns a task for its result. Retries go on by themselves, awaited or not.
func (a *Activity[I, O]) Start(ctx Context, input I, options ...CallOption) *Task[O] {
	x, app := ctx.execution(), ctx.app()
	c := call{Call: replay.Call{Name: a.name}}
	for _, o := range options {
		o.call(&c)
	}
	text, err := encodeInput(input, a.bareInput)
	if err != nil {
		return failedTask[O](app, a.name, err)
	}
	c.Input = text
	return newTask[O](app, c.schedule(x, app, x.Schedule))
}

func (a *Activity[I, O]) register(app *App) {
	if a.fn == nil {
		panic(fmt.Sprintf("durabletask: activity %q is declared but not implemented; register what its Implement returns", a.name))
	}
	f := &ActivityFunc{name: a.name, place: a.place, attempt: a.attempt, errors: &app.errors}
	f.run = func(ctx context.Context, input *string) (*string, error) {
		in, err := decodeInput[I](input, a.bareInput)
		if err != nil {
			return nil, err
		}
		out, err := a.fn(ctx, in)
		if err != nil {
			return nil, err
		}
		return encode(out)
	}
	taken, ok := app.Activity(a.name)
	take("activity", a.name, a.place, taken.at(), ok)
	app.activities[strings.ToLower(a.name)] = f
}

// ActivityFunc is a registered activity with its types taken off.
type ActivityFunc struct {
	name, place string
	attempt     time.Duration
	errors      *errorKinds
	run         func(ctx context.Context, input *string) (*string, error)
}

// Name returns the name of the activity.
func (f *ActivityFunc) Name() string { return f.name }

// Place returns the file and line of the definition.
func (f *ActivityFunc) Place() string { return f.place }

func (f *ActivityFunc) at() string {
	if f == nil {
		return ""
	}
	return f.place
}

// Perform runs the activity and makes its result or failure the outcome of the work. A panic is a failure with a stack.
func Perform(ctx context.Context, f *ActivityFunc, w *ActivityWork) {
	ctx = context.WithValue(ctx, activityKey{}, Info{
		InstanceID: w.Instance.ID, ExecutionID: w.Instance.ExecutionID, Name: f.name, TaskID: w.TaskID, Attempt: w.Attempt, Key: w.Key,
	})
	if f.attempt > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.attempt, errAttempt)
		defer cancel()
	}
	result, err, failure := f.guarded(ctx, w.Input)
	switch {
	case failure != nil:
		w.Fail(failure)
	case err != nil && errors.Is(context.Cause(ctx), errAttempt):
		w.Fail(f.errors.failure(ErrTimeout.New("the attempt took longer than %v: %v", f.attempt, err)))
	case err != nil:
		w.Fail(f.errors.failure(err))
	default:
		w.Complete(result)
	}
}

var errAttempt = errors.New("the attempt took too long")

// guarded runs the function on a goroutine of its own, which survives that the function ends its goroutine.
//
//nolint:revive,staticcheck // the error is the function's, the failure ours: neither belongs last
func (f *ActivityFunc) guarded(ctx context.Context, input *string) (result *string, err error, failure *history.FailureDetails) {
	done := make(chan struct{})
	returned := false
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				failure = panicFailure(p)
			} else if !returned {
				failure = &history.FailureDetails{ErrorType: "Goexit", ErrorMessage: "the activity ended its goroutine instead of returning"}
			}
		}()
		result, err = f.run(ctx, input)
		returned = true
	}()
	<-done
	return result, err, failure
}

// Info says for whom an activity runs.
type Info struct {
	// InstanceID and ExecutionID name the orchestration that scheduled the activity.
	InstanceID, ExecutionID string
	Name                    string
	// TaskID is the number of the call in the orchestration; each retry has its own.
	TaskID int
	// Attempt counts the deliveries of this call to this process: more than 1 if one before did not end well.
	Attempt int
	// Key is the same for every delivery of this call and for no other call: use it to recognise work that was done before.
	Key string
}

type activityKey struct{}

// ActivityInfo returns what the running activity's context says about it. It panics outside of an activity.
func ActivityInfo(ctx context.Context) Info {
	info, ok := ctx.Value(activityKey{}).(Info)
	if !ok {
		panic(fmt.Sprintf("durabletask: ActivityInfo needs the context that an activity was called with, not %v", ctx))
	}
	return info
}
