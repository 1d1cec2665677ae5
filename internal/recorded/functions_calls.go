package recorded

import (
	"errors"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

var sequence = durabletask.DeclareOrchestrator[none, []string]("E1_HelloSequence")

func functionsCalls() []durabletask.Registration {
	return []durabletask.Registration{
		sequence.Implement(func(ctx durabletask.Context, _ none) ([]string, error) {
			return hellos(ctx, sayHello, "Tokyo", "Seattle", "London")
		}),
		function("FanOut", func(ctx durabletask.Context, n int) (int, error) { return sum(ctx, square, 1, n) }),
		function("BareOrch", func(durabletask.Context, text) (none, error) { return none{}, nil }),
		function("VoidActivityOrch", func(ctx durabletask.Context, in text) (none, error) { return voidActivity.Call(ctx, in) }),
		function("PocoReturn", func(ctx durabletask.Context, in money) (money, error) { return pocoActivity.Call(ctx, in) }),
		function("TypedInputs", typedInputs),
		function("Slow", func(ctx durabletask.Context, s int) (string, error) { return sleep.Call(ctx, s) }),
		function("Large", func(ctx durabletask.Context, n int) (text, error) {
			ctx.SetStatus(strings.Repeat("c", 1000))
			r, err := makeLarge.Call(ctx, n)
			if err != nil {
				return nil, err
			}
			l, err := lengthOf.Call(ctx, r)
			if err != nil {
				return nil, err
			}
			return jsonOf(struct {
				L int    `json:"l"`
				R string `json:"r"`
			}{l, r})
		}),
		function("Status", func(ctx durabletask.Context, in text) (string, error) {
			ctx.SetStatus(in)
			if _, err := square.Call(ctx, 1); err != nil {
				return "", err
			}
			if string(in) == `"clear"` {
				ctx.SetStatus(nil)
			}
			_, err := next[text](ctx, "done")
			return "done", err
		}),
		function("BigStatus", func(ctx durabletask.Context, n int) (string, error) {
			ctx.SetStatus(strings.Repeat("c", n))
			return "x", nil
		}),
	}
}

// typedInputs calls an activity with every kind of value. They are as .NET has written them, but for the names of .NET's types.
func typedInputs(ctx durabletask.Context, _ none) ([]text, error) {
	values := []string{
		`null`, `"text"`, `""`, `"{\"json\":\"in string\"}"`, `42`, `-1`, `3.5`, `1.0`, `1.0`, `10.50`, `true`, `[1,2,3]`, `[1,"two",null,{"three":3}]`, `[]`,
		`{"a":1,"b":{"c":"d"}}`,
		`{"Amount":12.30,"Currency":"EUR","Nested":{"Amount":1.0,"Currency":null,"Nested":null,"When":null,"Parts":null},` +
			`"When":"2024-01-02T03:04:05Z","Parts":[1]}`,
		`{"k":1,"K":"v"}`, `"2024-05-06T07:08:09.123Z"`, `"2024-05-06T07:08:09"`, `"2024-05-06T07:08:09+02:00"`, `"00:01:30.5000000"`,
		`"11111111-2222-3333-4444-555555555555"`, `1`, `{"$value":"AQL/"}`, `"http://x/y?z"`, `{"Item1":1,"Item2":"t"}`,
		`"ünï 😀 <&>'\"\\/\u0001\u2028"`, `{"z":1,"d":"2024-01-01T00:00:00Z"}`, `null`, `"NaN"`, `"Infinity"`, `1E+20`, `1E-07`, `18446744073709551615`,
		`[{"Amount":5.0,"Currency":null,"Nested":null,"When":null,"Parts":null}]`,
	}
	all := make([]text, 0, len(values)+1)
	for _, v := range values {
		got, err := echoActivity.Call(ctx, text(v))
		if err != nil {
			return nil, err
		}
		all = append(all, got)
	}
	got, err := noInput.Call(ctx, nil)
	return append(all, got), err
}

var failOrch = durabletask.DeclareOrchestrator[text, none]("FailOrch")

func functionsFailures() []durabletask.Registration {
	return []durabletask.Registration{
		failOrch.Implement(worded("FailOrch", func(durabletask.Context, text) (none, error) { return none{}, errors.New(`orch boom "q" é`) })),
		function("FailActivityOrch", func(ctx durabletask.Context, in string) (string, error) { return fail.Call(ctx, in) }),
		function("CatchActivityOrch", func(ctx durabletask.Context, in string) (text, error) {
			_, err := fail.Call(ctx, in)
			task, ok := errors.AsType[*durabletask.TaskError](err)
			if !ok {
				return nil, err
			}
			return jsonOf(struct {
				Type    string `json:"type"`
				Message string
				Inner   string `json:"inner"`
				Text    string `json:"innerMsg"`
			}{"Microsoft.Azure.WebJobs.Extensions.DurableTask.FunctionFailedException", functionFailed("activity", task), task.Kind, task.Message})
		}),
		// The extension looks the activity up before it schedules it and throws into the orchestrator.
		function("UnknownActivityOrch", func(durabletask.Context, none) (none, error) {
			return none{}, errors.New("The function 'NoSuchActivity' doesn't exist, is disabled, or is not an activity function. " +
				"Additional info: The following are the known activity functions: 'VoidActivity', 'E1_SayHello', 'EchoActivity', 'Fail', " +
				"'Challenge', 'Flaky', 'PocoActivity', 'NoInput', 'Len', 'Square', 'Sleep', 'MakeLarge'.")
		}),
		function("RewindMe", func(ctx durabletask.Context, _ none) (text, error) {
			a, err := square.Call(ctx, 3)
			if err != nil {
				return nil, err
			}
			b, err := flaky.Call(ctx, flakyInput{ID: "rw" + ctx.InstanceID(), Until: 2})
			if err != nil {
				return nil, err
			}
			return jsonOf(struct {
				A int    `json:"a"`
				B string `json:"b"`
			}{a, b})
		}),
		function("RetryOrch", func(ctx durabletask.Context, in string) (string, error) {
			const never = 99
			policy := durabletask.RetryPolicy{First: time.Second, MaxAttempts: 3, Backoff: 2, Max: 10 * time.Second}
			until := 3
			switch in {
			case "sub":
				_, err := failOrch.Call(ctx, text(`"x"`), durabletask.RetryPolicy{First: time.Second, MaxAttempts: 2})
				return "", failedChild(err)
			case "handle":
				policy.Handle = func(*durabletask.TaskError) bool { return false }
				until = never
			case "never":
				until = never
			}
			return flaky.Call(ctx, flakyInput{K: &in, ID: ctx.InstanceID(), Until: until}, policy)
		}),
		function("RetryLong", func(ctx durabletask.Context, _ text) (string, error) {
			policy := durabletask.RetryPolicy{First: 15 * time.Second, MaxAttempts: 3}
			return flaky.Call(ctx, flakyInput{ID: ctx.InstanceID(), Until: 2}, policy)
		}),
	}
}

// failedChild words the failure of a child.
func failedChild(err error) error {
	task, ok := errors.AsType[*durabletask.TaskError](err)
	if !ok {
		return err
	}
	bare := *task
	bare.Message = strings.TrimPrefix(task.Message, "Orchestrator function '"+task.Task+"' failed: ")
	return errors.New(functionFailed("orchestrator", &bare))
}
