package recorded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// FunctionsOptions are what the functions need from outside. Zero values do.
type FunctionsOptions struct {
	// Flaky counts the calls of Flaky, by the id in its input.
	Flaky *Calls
	// Target answers the durable HTTP calls; default: the worker's own transport.
	Target http.RoundTripper
}

// Functions returns the functions of the app that was recorded on the Durable Functions extension.
func Functions(o FunctionsOptions) *durabletask.App {
	if o.Flaky == nil {
		o.Flaky = &Calls{}
	}
	app := durabletask.New(functionsActivities(o)...)
	app.Register(functionsCalls()...)
	app.Register(functionsFailures()...)
	app.Register(functionsChildren()...)
	app.Register(functionsEvents()...)
	app.Register(functionsTimers()...)
	app.Register(functionsGenerations()...)
	app.Register(functionsDeterminism()...)
	app.Register(functionsHTTP()...)
	app.UseHTTP(durabletask.HTTPOptions{Transport: o.Target, Polling: httpPolling})
	app.Register(Counters, throwers, classCounters)
	app.Register(functionsEntityUsers()...)
	app.Register(functionsLocks()...)
	return app
}

// function defines an orchestrator whose failures are worded as the Durable Functions extension words them.
func function[I, O any](name string, fn func(durabletask.Context, I) (O, error)) *durabletask.Orchestrator[I, O] {
	return orchestrator(name, worded(name, fn))
}

func worded[I, O any](name string, fn func(durabletask.Context, I) (O, error)) func(durabletask.Context, I) (O, error) {
	return func(ctx durabletask.Context, in I) (O, error) {
		out, err := fn(ctx, in)
		if err == nil {
			return out, nil
		}
		if task, ok := errors.AsType[*durabletask.TaskError](err); ok && task.Task != "" {
			err = errors.New(functionFailed("activity", task))
		}
		return out, fmt.Errorf("Orchestrator function '%s' failed: %w", name, err)
	}
}

// functionFailed is the message of what an orchestrator of the extension sees of a failure.
func functionFailed(of string, e *durabletask.TaskError) string {
	return "The " + of + " function '" + e.Task + "' failed: \"" + e.Message + "\". See the function execution logs for additional details."
}

var (
	sayHello     = durabletask.DeclareActivity[string, string]("E1_SayHello")
	square       = durabletask.DeclareActivity[int, int]("Square")
	challenge    = durabletask.DeclareActivity[text, int]("Challenge")
	sleep        = durabletask.DeclareActivity[int, string]("Sleep")
	makeLarge    = durabletask.DeclareActivity[int, string]("MakeLarge")
	lengthOf     = durabletask.DeclareActivity[string, int]("Len")
	echoActivity = durabletask.DeclareActivity[text, text]("EchoActivity")
	noInput      = durabletask.DeclareActivity[text, text]("NoInput")
	voidActivity = durabletask.DeclareActivity[text, none]("VoidActivity")
	pocoActivity = durabletask.DeclareActivity[money, money]("PocoActivity")
	fail         = durabletask.DeclareActivity[string, string]("Fail")
	flaky        = durabletask.DeclareActivity[flakyInput, string]("Flaky")
)

// money is the object that the recorded app passed around.
type money struct {
	Amount   json.Number `json:"Amount"`
	Currency *string     `json:"Currency"`
	Nested   *money      `json:"Nested"`
	When     *string     `json:"When"`
	Parts    []int       `json:"Parts"`
}

// flakyInput says when Flaky is to succeed.
type flakyInput struct {
	K     *string `json:"k,omitempty"`
	ID    string  `json:"id"`
	Until int     `json:"until"`
}

func functionsActivities(o FunctionsOptions) []durabletask.Registration {
	return []durabletask.Registration{
		sayHello.Implement(func(_ context.Context, name string) (string, error) { return "Hello " + name + "!", nil }),
		square.Implement(func(_ context.Context, n int) (int, error) { return n * n, nil }),
		challenge.Implement(func(context.Context, text) (int, error) { return 4711, nil }),
		sleep.Implement(func(ctx context.Context, s int) (string, error) {
			return "slept " + number(s), pause(ctx, time.Duration(s)*time.Second)
		}),
		makeLarge.Implement(func(_ context.Context, n int) (string, error) { return strings.Repeat("x", n), nil }),
		lengthOf.Implement(func(_ context.Context, s string) (int, error) { return length(s), nil }),
		echoActivity.Implement(func(_ context.Context, in text) (text, error) {
			return jsonOf(struct {
				Got  text    `json:"got"`
				Type *string `json:"type"`
			}{in, tokenType(in)})
		}),
		noInput.Implement(func(ctx context.Context, _ text) (text, error) {
			return jsonOf(struct {
				At   string `json:"at"`
				ID   string `json:"id"`
				Name string `json:"Name"`
			}{"noinput", durabletask.ActivityInfo(ctx).InstanceID, "NoInput"})
		}),
		voidActivity.Implement(func(context.Context, text) (none, error) { return none{}, nil }),
		pocoActivity.Implement(func(_ context.Context, in money) (money, error) {
			amount, err := in.Amount.Float64()
			if err != nil {
				return in, err
			}
			in.Amount = json.Number(fmt.Sprint(amount + 1))
			in.Nested = &money{Amount: "0.0", Currency: new("USD")}
			return in, nil
		}),
		fail.Implement(func(_ context.Context, k string) (string, error) {
			switch k {
			case "custom":
				return "", durabletask.ErrorKind("CustomEx").New("custom outer")
			case "inner":
				return "", durabletask.ErrorKind("System.ApplicationException").New("outer")
			default:
				return "", durabletask.ErrorKind("System.InvalidOperationException").New("activity boom")
			}
		}),
		flaky.Implement(func(_ context.Context, in flakyInput) (string, error) {
			n := o.Flaky.next(in.ID)
			if n < in.Until {
				return "", durabletask.ErrorKind("System.InvalidOperationException").New("flaky %d", n)
			}
			return "ok after " + number(n), nil
		}),
	}
}

// tokenType is what Newtonsoft calls the kind of a JSON value; nil for null.
func tokenType(in text) *string {
	switch {
	case len(in) == 0 || in[0] == 'n':
		return nil
	case in[0] == '"':
		return new("String")
	case in[0] == '{':
		return new("Object")
	case in[0] == '[':
		return new("Array")
	case in[0] == 't' || in[0] == 'f':
		return new("Boolean")
	case strings.ContainsAny(string(in), ".eE"):
		return new("Float")
	default:
		return new("Integer")
	}
}
