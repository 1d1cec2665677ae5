package recorded

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/azdurable/azdurable/durabletask"
)

// DTFxOptions are what was not the same in all recordings. Zero values are the usual ones.
type DTFxOptions struct {
	// Buffer is how long BufferThenWait lets events come before it asks for them; default 9 s.
	Buffer time.Duration
	// Worker is what Who answers.
	Worker string
	// Flaky counts the calls of Flaky, by instance.
	Flaky *Calls
}

const defaultBuffer = 9 * time.Second

// DTFx returns the functions of the program that used DTFx alone.
func DTFx(o DTFxOptions) *durabletask.App {
	if o.Buffer == 0 {
		o.Buffer = defaultBuffer
	}
	if o.Flaky == nil {
		o.Flaky = &Calls{}
	}
	app := durabletask.New(dtfxActivities(o)...)
	app.Register(dtfxCalls()...)
	app.Register(dtfxLarge()...)
	app.Register(dtfxChildren()...)
	app.Register(dtfxFailures()...)
	app.Register(dtfxTimers()...)
	app.Register(dtfxEvents(o)...)
	app.Register(dtfxGenerations()...)
	app.Register(dtfxCounters)
	app.Register(dtfxEntityUsers()...)
	return app
}

var (
	dtfxSayHello = durabletask.DeclareActivity[string, string]("SayHello")
	dtfxEcho     = durabletask.DeclareActivity[text, text]("Echo")
	dtfxDouble   = durabletask.DeclareActivity[int, int]("Double")
	dtfxThrow    = durabletask.DeclareActivity[string, string]("Throw")
	dtfxFlaky    = durabletask.DeclareActivity[int, string]("Flaky")
	dtfxSlow     = durabletask.DeclareActivity[int, string]("Slow")
	dtfxWho      = durabletask.DeclareActivity[none, string]("Who")
	dtfxMakeBig  = durabletask.DeclareActivity[int, string]("MakeBig")
	dtfxLen      = durabletask.DeclareActivity[string, int]("Len")
)

// whoTakes is how long Who takes, so that several workers get some of its calls.
const whoTakes = 400 * time.Millisecond

func dtfxActivities(o DTFxOptions) []durabletask.Registration {
	return []durabletask.Registration{
		dtfxSayHello.Implement(func(_ context.Context, name string) (string, error) { return "Hello " + name + "!", nil }),
		dtfxEcho.Implement(func(_ context.Context, in text) (text, error) { return in, nil }),
		dtfxDouble.Implement(func(_ context.Context, n int) (int, error) { return 2 * n, nil }),
		dtfxMakeBig.Implement(func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil }),
		dtfxLen.Implement(func(_ context.Context, s string) (int, error) { return length(s), nil }),
		dtfxSlow.Implement(func(ctx context.Context, ms int) (string, error) {
			return "slept", pause(ctx, time.Duration(ms)*time.Millisecond)
		}),
		dtfxThrow.Implement(func(_ context.Context, x string) (string, error) { return "", dtfxError("outer: " + x) }),
		dtfxFlaky.Implement(func(ctx context.Context, n int) (string, error) {
			k := o.Flaky.next(durabletask.ActivityInfo(ctx).InstanceID)
			if k <= n {
				return "", errRec.New("attempt %d failed", k)
			}
			return "ok after " + number(k), nil
		}),
		dtfxWho.Implement(func(ctx context.Context, _ none) (string, error) { return o.Worker, pause(ctx, whoTakes) }),
	}
}

// errRec is the kind of the recorded program's own exceptions.
const errRec = durabletask.ErrorKind("Rec.MyError")

// dtfxError is an exception of the recorded program, with two others behind it.
func dtfxError(message string) error {
	failure, ok := errors.AsType[*durabletask.TaskError](errRec.New("%s", message))
	if !ok {
		return errRec
	}
	failure.Cause = &durabletask.TaskError{
		Kind: "System.InvalidOperationException", Message: "middle",
		Cause: &durabletask.TaskError{Kind: "System.ArgumentException", Message: `inner bad é 'q' "dq"`},
	}
	return failure
}

// length is the length of a text in .NET.
func length(s string) int { return len(utf16.Encode([]rune(s))) }
