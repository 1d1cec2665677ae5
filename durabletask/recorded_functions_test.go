package durabletask_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// functionsOrchestrator is an orchestrator whose failures are worded as the Durable Functions extension words them.
func functionsOrchestrator[I, O any](name string, fn func(durabletask.Context, I) (O, error)) *durabletask.Orchestrator[I, O] {
	return recordedFunc(name, wordedByFunctions(name, fn))
}

func wordedByFunctions[I, O any](name string, fn func(durabletask.Context, I) (O, error)) func(durabletask.Context, I) (O, error) {
	return func(ctx durabletask.Context, in I) (O, error) {
		out, err := fn(ctx, in)
		if err == nil {
			return out, nil
		}
		if task, ok := errors.AsType[*durabletask.TaskError](err); ok {
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
	functionsHello  = durabletask.DeclareActivity[string, string]("E1_SayHello")
	functionsSquare = durabletask.DeclareActivity[int, int]("Square")
	functionsFail   = durabletask.DeclareActivity[string, string]("Fail")
	functionsFlaky  = durabletask.DeclareActivity[map[string]any, string]("Flaky")
	functionsEcho   = durabletask.DeclareActivity[jsonText, jsonText]("EchoActivity")
	functionsHTTP   = durabletask.DeclareActivity[jsonText, httpResponse]("BuiltIn::HttpActivity")

	functionsSequence  = durabletask.DeclareOrchestrator[durabletask.None, []string]("E1_HelloSequence")
	functionsNested    = durabletask.DeclareOrchestrator[depth, jsonText]("Nested")
	functionsEchoOrch  = durabletask.DeclareOrchestrator[jsonText, jsonText]("Echo")
	functionsFailOrch  = durabletask.DeclareOrchestrator[jsonText, durabletask.None]("FailOrch")
	functionsWaitEvent = durabletask.DeclareOrchestrator[jsonText, jsonText]("WaitEvent")
)

type depth struct {
	Depth int `json:"depth"`
}

// functionsApp has the orchestrations that were recorded from the Durable Functions extension.
func functionsApp() *durabletask.App {
	app := durabletask.New(functionsCalls()...)
	app.Register(functionsChildren()...)
	app.Register(functionsWaits()...)
	app.Register(functionsDurableHTTP()...)
	return app
}

func functionsCalls() []durabletask.Registration {
	type none = durabletask.None
	return []durabletask.Registration{
		functionsSequence.Implement(func(ctx durabletask.Context, _ none) ([]string, error) {
			var all []string
			for _, city := range []string{"Tokyo", "Seattle", "London"} {
				hello, err := functionsHello.Call(ctx, city)
				if err != nil {
					return nil, err
				}
				all = append(all, hello)
			}
			return all, nil
		}),
		functionsOrchestrator("FanOut", func(ctx durabletask.Context, n int) (int, error) {
			tasks := make([]*durabletask.Task[int], n)
			for i := range tasks {
				tasks[i] = functionsSquare.Start(ctx, i+1)
			}
			squares, err := durabletask.WhenAll(ctx, tasks...)
			sum := 0
			for _, s := range squares {
				sum += s
			}
			return sum, err
		}),
		functionsOrchestrator("BareOrch", func(durabletask.Context, jsonText) (none, error) { return none{}, nil }),
		functionsOrchestrator("VoidActivityOrch", func(ctx durabletask.Context, in string) (none, error) {
			return durabletask.DeclareActivity[string, none]("VoidActivity").Call(ctx, in)
		}),
		functionsOrchestrator("PocoReturn", func(ctx durabletask.Context, in jsonText) (jsonText, error) {
			return durabletask.DeclareActivity[jsonText, jsonText]("PocoActivity").Call(ctx, in)
		}),
		// The inputs are not in the history; what they were in .NET does not matter here.
		functionsOrchestrator("TypedInputs", func(ctx durabletask.Context, _ none) ([]jsonText, error) {
			const calls = 35
			all := make([]jsonText, 0, calls+1)
			for range calls {
				got, err := functionsEcho.Call(ctx, nil)
				if err != nil {
					return nil, err
				}
				all = append(all, got)
			}
			got, err := durabletask.DeclareActivity[none, jsonText]("NoInput").Call(ctx, none{})
			return append(all, got), err
		}),
		functionsOrchestrator("Large", func(ctx durabletask.Context, n int) (map[string]any, error) {
			r, err := durabletask.DeclareActivity[int, string]("MakeLarge").Call(ctx, n)
			if err != nil {
				return nil, err
			}
			l, err := durabletask.DeclareActivity[string, int]("Len").Call(ctx, r)
			return map[string]any{"l": l, "r": r}, err
		}),
		functionsOrchestrator("FailActivityOrch", func(ctx durabletask.Context, in string) (string, error) { return functionsFail.Call(ctx, in) }),
		functionsOrchestrator("CatchActivityOrch", func(ctx durabletask.Context, in string) (map[string]string, error) {
			_, err := functionsFail.Call(ctx, in)
			task, _ := errors.AsType[*durabletask.TaskError](err)
			return map[string]string{
				"type":    "Microsoft.Azure.WebJobs.Extensions.DurableTask.FunctionFailedException",
				"Message": functionFailed("activity", task),
				"inner":   task.Kind, "innerMsg": task.Message,
			}, nil
		}),
		// The extension looks the activity up before it schedules it and throws into the orchestrator.
		functionsOrchestrator("UnknownActivityOrch", func(durabletask.Context, none) (none, error) {
			return none{}, errors.New("The function 'NoSuchActivity' doesn't exist, is disabled, or is not an activity function. " +
				"Additional info: The following are the known activity functions: 'VoidActivity', 'E1_SayHello', 'EchoActivity', 'Fail', " +
				"'Challenge', 'Flaky', 'PocoActivity', 'NoInput', 'Len', 'Square', 'Sleep', 'MakeLarge'.")
		}),
		functionsOrchestrator("RewindMe", func(ctx durabletask.Context, _ none) (map[string]any, error) {
			a, err := functionsSquare.Call(ctx, 3)
			if err != nil {
				return nil, err
			}
			b, err := functionsFlaky.Call(ctx, map[string]any{"id": "rw" + ctx.InstanceID(), "until": 2})
			return map[string]any{"a": a, "b": b}, err
		}),
	}
}

func functionsChildren() []durabletask.Registration {
	type none = durabletask.None
	parent := func(ctx durabletask.Context) *string {
		if id := ctx.ParentInstanceID(); id != "" {
			return &id
		}
		return nil
	}
	return []durabletask.Registration{
		functionsEchoOrch.Implement(func(_ durabletask.Context, in jsonText) (jsonText, error) { return in, nil }),
		functionsFailOrch.Implement(wordedByFunctions("FailOrch", func(durabletask.Context, jsonText) (none, error) {
			return none{}, errors.New(`orch boom "q" é`)
		})),
		functionsNested.Implement(func(ctx durabletask.Context, in depth) (jsonText, error) {
			var x jsonText
			if in.Depth > 0 {
				var err error
				if x, err = functionsNested.Call(ctx, depth{in.Depth - 1}); err != nil {
					return nil, err
				}
			}
			return jsonOf(map[string]any{"d": in.Depth, "x": x, "parent": parent(ctx), "id": ctx.InstanceID()})
		}),
		functionsOrchestrator("SubOrch", func(ctx durabletask.Context, _ none) (jsonText, error) {
			a, err := functionsSequence.Call(ctx, none{})
			if err != nil {
				return nil, err
			}
			b, err := functionsNested.Call(ctx, depth{2}, durabletask.InstanceID(ctx.InstanceID()+":child"))
			if err != nil {
				return nil, err
			}
			// What is detached has an id of NewGuid in the extension, and the next sequence number here.
			n, n2 := ctx.NewUUID().String(), ctx.InstanceID()+"-ff"
			functionsEchoOrch.Start(ctx, jsonText(`{"fire":"forget"}`), durabletask.InstanceID(n), durabletask.Detached)
			functionsEchoOrch.Start(ctx, jsonText("5"), durabletask.InstanceID(n2), durabletask.Detached)
			return jsonOf(map[string]any{"a": a, "b": b, "n": n, "n2": n2, "parent": parent(ctx), "id": ctx.InstanceID()})
		}),
		functionsOrchestrator("SubFail", func(ctx durabletask.Context, _ none) (int, error) {
			_, err := functionsFailOrch.Call(ctx, jsonText(`"x"`))
			if task, ok := errors.AsType[*durabletask.TaskError](err); ok {
				return 0, errors.New(functionFailed("orchestrator", task))
			}
			return 1, err
		}),
		functionsOrchestrator("SubWait", func(ctx durabletask.Context, in jsonText) (jsonText, error) {
			child, err := functionsWaitEvent.Call(ctx, jsonText(`{"from":"parent"}`), durabletask.InstanceID("child-1"))
			if err != nil {
				return nil, err
			}
			return jsonOf(map[string]any{"parent": in, "child": child})
		}),
	}
}

func functionsWaits() []durabletask.Registration {
	type none = durabletask.None
	type step struct {
		K   int `json:"k"`
		Max int `json:"max"`
	}
	return []durabletask.Registration{
		functionsWaitEvent.Implement(func(ctx durabletask.Context, in jsonText) (jsonText, error) {
			e, err := durabletask.NewEvent[jsonText]("go").Next(ctx).Await(ctx)
			if err != nil {
				return nil, err
			}
			return jsonOf(map[string]any{"input": in, "ev": e})
		}),
		functionsOrchestrator("Timer", func(ctx durabletask.Context, s float64) (string, error) {
			return "fired", durabletask.Sleep(ctx, recordedSeconds(s))
		}),
		functionsOrchestrator("LongTimerCancel", func(ctx durabletask.Context, days int) (string, error) {
			timer := durabletask.After(ctx, time.Duration(days)*24*time.Hour)
			if _, err := durabletask.NewEvent[jsonText]("stop").Next(ctx).Await(ctx); err != nil {
				return "", err
			}
			timer.Cancel(ctx)
			return "cancelled", nil
		}),
		functionsOrchestrator("E3_Monitor", func(ctx durabletask.Context, n int) (string, error) {
			for i := 1; i <= n; i++ {
				ctx.SetStatus(map[string]any{"checkedTimes": i, "at": ctx.Now()})
				if _, err := functionsSquare.Call(ctx, i); err != nil {
					return "", err
				}
				if i == n {
					break
				}
				if err := durabletask.Sleep(ctx, time.Second); err != nil {
					return "", err
				}
			}
			return "seen " + strconv.Itoa(n), nil
		}),
		recordedFunc("Eternal", func(ctx durabletask.Context, s step) (jsonText, error) {
			ctx.SetStatus(fmt.Sprintf("gen %d", s.K))
			if _, err := functionsSquare.Call(ctx, s.K); err != nil {
				return nil, err
			}
			if s.K >= s.Max {
				return jsonOf(map[string]any{"k": s.K, "id": ctx.InstanceID()})
			}
			if s.K == 0 {
				if err := durabletask.Sleep(ctx, time.Second); err != nil {
					return nil, err
				}
			}
			s.K++
			return durabletask.ContinueAsNew[jsonText](ctx, s)
		}),
		recordedFunc("EternalEvents", func(ctx durabletask.Context, all []string) ([]string, error) {
			added, err := durabletask.NewEvent[string]("add").Next(ctx).Await(ctx)
			if err != nil {
				return nil, err
			}
			if all = append(all, added); len(all) < 3 {
				return durabletask.ContinueAsNew[[]string](ctx, all)
			}
			return all, nil
		}),
		functionsOrchestrator("Guids", func(ctx durabletask.Context, _ none) (jsonText, error) {
			var all []map[string]string
			note := func(n int) {
				for range n {
					all = append(all, map[string]string{"g": ctx.NewUUID().String(), "t": ctx.Now().Format("2006-01-02T15:04:05.0000000Z")})
				}
			}
			note(3)
			if _, err := functionsSquare.Call(ctx, 2); err != nil {
				return nil, err
			}
			note(1)
			if err := durabletask.Sleep(ctx, time.Second); err != nil {
				return nil, err
			}
			note(2)
			return jsonOf(map[string]any{"id": ctx.InstanceID(), "guids": all})
		}),
		// The time is that of the start: it is taken before the timer.
		functionsOrchestrator("Dates", func(ctx durabletask.Context, _ none) (jsonText, error) {
			at := ctx.Now().Format("2006-01-02T15:04:05.0000000")
			if err := durabletask.Sleep(ctx, 1500*time.Millisecond); err != nil {
				return nil, err
			}
			return jsonOf(map[string]any{
				"u": at + "Z", "kind": "Utc", "local": at + "+00:00", "unspecified": at, "off": at + "+00:00",
				"whole": "2024-01-01T00:00:00Z", "min": "0001-01-01T00:00:00", "ts": "00:00:01.5000000", "d": 1.50, "dbl": 2.0, "f": 0.1,
			})
		}),
	}
}

type httpResponse struct {
	StatusCode int                 `json:"statusCode"`
	Headers    map[string]jsonText `json:"headers"`
	Content    string              `json:"content"`
}

// functionsDurableHTTP are orchestrators that call HTTP. Here the calls are made by hand, for what they leave in the history.
func functionsDurableHTTP() []durabletask.Registration {
	type request struct {
		Async *bool `json:"async"`
		Retry int   `json:"retry"`
	}
	const (
		poll     = 3 * time.Second // as the recorded app was configured
		accepted = 202
	)
	call := func(ctx durabletask.Context, r request) (httpResponse, error) {
		var options []durabletask.CallOption
		if r.Retry > 0 {
			options = append(options, durabletask.RetryPolicy{First: time.Second, MaxAttempts: r.Retry})
		}
		for {
			response, err := functionsHTTP.Call(ctx, nil, options...)
			if err != nil || response.StatusCode != accepted || r.Async != nil && !*r.Async {
				return response, innerMessage(err)
			}
			wait := poll
			var after string
			if h, ok := response.Headers["Retry-After"]; ok {
				if err := json.Unmarshal(h, &after); err != nil {
					return response, err
				}
				s, err := strconv.Atoi(after)
				if err != nil {
					return response, err
				}
				wait = time.Duration(s) * time.Second
			}
			if err := durabletask.Sleep(ctx, wait); err != nil {
				return response, err
			}
			if response.Headers["Location"] == nil {
				return response, errors.New("The given key 'Location' was not present in the dictionary.") //nolint:revive // .NET's words
			}
		}
	}
	return []durabletask.Registration{
		functionsOrchestrator("Http", func(ctx durabletask.Context, r request) (jsonText, error) {
			response, err := call(ctx, r)
			if err != nil {
				return nil, err
			}
			headers := make(map[string][]jsonText)
			for name, value := range response.Headers {
				all := []jsonText{value}
				if value[0] == '[' {
					if err := json.Unmarshal(value, &all); err != nil {
						return nil, err
					}
				}
				headers[name] = all
			}
			return jsonOf(map[string]any{"status": response.StatusCode, "headers": headers, "Content": response.Content})
		}),
		functionsOrchestrator("HttpRaw", func(ctx durabletask.Context, _ string) (httpResponse, error) { return call(ctx, request{}) }),
	}
}

// jsonOf is a result whose members have no fixed order.
func jsonOf(v any) (jsonText, error) { return json.Marshal(v) }
