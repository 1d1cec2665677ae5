package durabletask_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/azdurable/azdurable/durabletask"
)

// jsonText is a payload that a recorded function passes on without looking at it.
type jsonText = json.RawMessage

// recordedFunc makes the definition of an orchestrator that is written where it is defined.
func recordedFunc[I, O any](name string, fn func(durabletask.Context, I) (O, error)) *durabletask.Orchestrator[I, O] {
	return durabletask.NewOrchestrator(fn, durabletask.Named(name))
}

// recordedCall is an orchestrator that makes one call and returns its result.
func recordedCall[I, O any](name string, call func(durabletask.Context, I) (O, error)) durabletask.Registration {
	return recordedFunc(name, func(ctx durabletask.Context, in I) (O, error) {
		out, err := call(ctx, in)
		return out, innerMessage(err)
	})
}

// innerMessage is what DTFx makes of a failure by default: the exception's own message, without the name of what failed.
func innerMessage(err error) error {
	if t, ok := errors.AsType[*durabletask.TaskError](err); ok {
		return errors.New(t.Message)
	}
	return err
}

func recordedSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// The activities that the orchestrations recorded from DTFx call. Nobody runs them: their results are in the histories.
var (
	dtfxSayHello = durabletask.DeclareActivity[string, string]("SayHello")
	dtfxEcho     = durabletask.DeclareActivity[jsonText, jsonText]("Echo")
	dtfxDouble   = durabletask.DeclareActivity[int, int]("Double")
	dtfxThrow    = durabletask.DeclareActivity[string, string]("Throw")
	dtfxFlaky    = durabletask.DeclareActivity[int, string]("Flaky")
	dtfxSlow     = durabletask.DeclareActivity[int, string]("Slow")
	dtfxWho      = durabletask.DeclareActivity[durabletask.None, string]("Who")
	dtfxMakeBig  = durabletask.DeclareActivity[int, string]("MakeBig")
	dtfxLen      = durabletask.DeclareActivity[string, int]("Len")

	dtfxChild     = durabletask.DeclareOrchestrator[string, string]("Child")
	dtfxMid       = durabletask.DeclareOrchestrator[string, string]("Mid")
	dtfxChildFail = durabletask.DeclareOrchestrator[durabletask.None, string]("ChildFail")
	dtfxWaitEvent = durabletask.DeclareOrchestrator[*string, jsonText]("WaitEvent")
	dtfxFlakyOnce = durabletask.DeclareOrchestrator[durabletask.None, string]("FlakyOnce")
	dtfxBigEcho   = durabletask.DeclareOrchestrator[jsonText, jsonText]("BigEcho")

	dtfxGo = durabletask.NewEvent[jsonText]("go")
)

// dtfxApp has the orchestrations that were recorded from DTFx alone.
func dtfxApp() *durabletask.App {
	app := durabletask.New(dtfxCalls()...)
	app.Register(dtfxChildrenAndFailures()...)
	app.Register(dtfxWaits()...)
	return app
}

func dtfxCalls() []durabletask.Registration {
	type none = durabletask.None
	return []durabletask.Registration{
		recordedFunc("Hello5", func(ctx durabletask.Context, _ none) ([]string, error) {
			var all []string
			for _, city := range []string{"Tokyo", "Seattle", "London", "Paris", "Cairo"} {
				hello, err := dtfxSayHello.Call(ctx, city)
				if err != nil {
					return nil, err
				}
				all = append(all, hello)
			}
			return all, nil
		}),
		recordedFunc("Hello1", func(ctx durabletask.Context, name string) (string, error) { return dtfxSayHello.Call(ctx, name) }),
		recordedFunc("Echo", func(_ durabletask.Context, in jsonText) (jsonText, error) { return in, nil }),
		recordedFunc("EchoAct", func(ctx durabletask.Context, in jsonText) (jsonText, error) { return dtfxEcho.Call(ctx, in) }),
		recordedFunc("FanOut", func(ctx durabletask.Context, n int) (int, error) {
			tasks := make([]*durabletask.Task[int], n)
			for i := range tasks {
				tasks[i] = dtfxDouble.Start(ctx, i)
			}
			doubles, err := durabletask.WhenAll(ctx, tasks...)
			sum := 0
			for _, d := range doubles {
				sum += d
			}
			return sum, err
		}),
		recordedFunc("WhoFan", func(ctx durabletask.Context, n int) (map[string]int, error) {
			tasks := make([]*durabletask.Task[string], n)
			for i := range tasks {
				tasks[i] = dtfxWho.Start(ctx, none{})
			}
			workers, err := durabletask.WhenAll(ctx, tasks...)
			count := map[string]int{}
			for _, w := range workers {
				count[w]++
			}
			return count, err
		}),
		recordedFunc("SlowTwo", func(ctx durabletask.Context, ms int) (string, error) {
			if _, err := dtfxSayHello.Call(ctx, "1"); err != nil {
				return "", err
			}
			return dtfxSlow.Call(ctx, ms)
		}),
		recordedFunc("ActWithTags", func(ctx durabletask.Context, _ none) (string, error) {
			return dtfxSayHello.Call(ctx, "tags", durabletask.Tags{"ak": "av"})
		}),
		recordedFunc("StatusSteps", func(ctx durabletask.Context, _ none) (string, error) {
			ctx.SetStatus("step 1")
			if _, err := dtfxSayHello.Call(ctx, "a"); err != nil {
				return "", err
			}
			ctx.SetStatus(map[string]any{"step": 2, "text": "züge"})
			if _, err := dtfxSayHello.Call(ctx, "b"); err != nil {
				return "", err
			}
			return "done", nil
		}),
		recordedFunc("Versioned", func(ctx durabletask.Context, in any) (string, error) {
			return fmt.Sprintf("v%s %v", ctx.Version(), in), nil
		}),
		recordedFunc("Unregistered", func(ctx durabletask.Context, _ none) (none, error) {
			return durabletask.DeclareActivity[none, none]("NoSuchActivity").Call(ctx, none{})
		}),
		recordedFunc("Big", func(ctx durabletask.Context, in struct{ Chars int }) (string, error) {
			s, err := dtfxMakeBig.Call(ctx, in.Chars)
			if err != nil {
				return "", err
			}
			ctx.SetStatus(in.Chars)
			n, err := dtfxLen.Call(ctx, s)
			return fmt.Sprintf("%s|%d", s, n), err
		}),
		recordedFunc("BigInput", func(ctx durabletask.Context, in string) (int, error) {
			_, err := dtfxSayHello.Call(ctx, "x")
			return utf16Length(in), err
		}),
		dtfxBigEcho.Implement(func(ctx durabletask.Context, in jsonText) (jsonText, error) { return dtfxEcho.Call(ctx, in) }),
		recordedFunc("BigSub", func(ctx durabletask.Context, in jsonText) (int, error) {
			echoed, err := dtfxBigEcho.Call(ctx, in, durabletask.InstanceID(ctx.InstanceID()+"-s"))
			if err != nil {
				return 0, err
			}
			var s string
			err = json.Unmarshal(echoed, &s)
			return utf16Length(s), err
		}),
	}
}

// utf16Length is the length of a text in .NET.
func utf16Length(s string) int { return len(utf16.Encode([]rune(s))) }

func dtfxChildrenAndFailures() []durabletask.Registration {
	type none = durabletask.None
	return []durabletask.Registration{
		dtfxChild.Implement(func(ctx durabletask.Context, name string) (string, error) { return dtfxSayHello.Call(ctx, name) }),
		dtfxMid.Implement(func(ctx durabletask.Context, name string) (string, error) { return dtfxChild.Call(ctx, name) }),
		dtfxChildFail.Implement(func(ctx durabletask.Context, _ none) (string, error) {
			_, err := dtfxThrow.Call(ctx, "from child")
			return "", innerMessage(err)
		}),
		recordedFunc("Parent", func(ctx durabletask.Context, _ none) ([]string, error) {
			implicit, err := dtfxChild.Call(ctx, "implicit")
			if err != nil {
				return nil, err
			}
			explicit, err := dtfxChild.Call(ctx, "explicit", durabletask.InstanceID(ctx.InstanceID()+"-explicit"))
			if err != nil {
				return nil, err
			}
			nested, err := dtfxMid.Call(ctx, "nested")
			if err != nil {
				return nil, err
			}
			_, err = dtfxChildFail.Call(ctx, none{})
			return []string{implicit, explicit, nested, "caught: " + innerMessage(err).Error() + " / "}, nil
		}),
		recordedCall("ParentFailsByChild", func(ctx durabletask.Context, _ none) (string, error) {
			return dtfxChildFail.Call(ctx, none{}, durabletask.InstanceID(ctx.InstanceID()+"-c"))
		}),
		recordedFunc("FireAndForget", func(ctx durabletask.Context, _ none) (string, error) {
			dtfxChild.Start(ctx, "ff", durabletask.InstanceID(ctx.InstanceID()+"-ff"), durabletask.Detached)
			return "sent", nil
		}),
		recordedFunc("SubWithTags", func(ctx durabletask.Context, _ none) (string, error) {
			return dtfxChild.Call(ctx, "tagged", durabletask.InstanceID(ctx.InstanceID()+"-t"), durabletask.Tags{"ck": "cv", "own": "child"})
		}),
		recordedCall("FailByActivity", func(ctx durabletask.Context, _ none) (string, error) { return dtfxThrow.Call(ctx, "unhandled") }),
		recordedFunc("FailDirect", func(durabletask.Context, jsonText) (string, error) { return "", errors.New("direct failure") }),
		recordedFunc("FailAfterActivity", func(ctx durabletask.Context, _ none) (string, error) {
			if _, err := dtfxSayHello.Call(ctx, "a"); err != nil {
				return "", err
			}
			return "", errors.New("after one activity")
		}),
		recordedFunc("CatchActivity", func(ctx durabletask.Context, _ none) (map[string]any, error) {
			_, err := dtfxThrow.Call(ctx, "caught")
			return map[string]any{"message": innerMessage(err).Error(), "inner": nil, "errorType": nil}, nil
		}),
		recordedFunc("BigFail", func(_ durabletask.Context, n int) (string, error) { return "", errors.New(strings.Repeat("e", n)) }),
		recordedCall("Retry", func(ctx durabletask.Context, n int) (string, error) {
			return dtfxFlaky.Call(ctx, n, durabletask.RetryPolicy{First: time.Second, MaxAttempts: 3, Backoff: 2})
		}),
		dtfxFlakyOnce.Implement(func(ctx durabletask.Context, _ none) (string, error) {
			hello, err := dtfxSayHello.Call(ctx, "pre")
			if err != nil {
				return "", err
			}
			ok, err := dtfxFlaky.Call(ctx, 1)
			return hello + "|" + ok, innerMessage(err)
		}),
		recordedFunc("FlakyParent", func(ctx durabletask.Context, _ none) (string, error) {
			hello, err := dtfxSayHello.Call(ctx, "par")
			if err != nil {
				return "", err
			}
			child, err := dtfxFlakyOnce.Call(ctx, none{}, durabletask.InstanceID(ctx.InstanceID()+"-c"))
			return hello + "|" + child, innerMessage(err)
		}),
	}
}

func dtfxWaits() []durabletask.Registration {
	type none = durabletask.None
	type progress struct {
		N   int `json:"n"`
		Max int `json:"max"`
	}
	e := durabletask.NewEvent[jsonText]("E")
	return []durabletask.Registration{
		recordedFunc("Timer", func(ctx durabletask.Context, s float64) (string, error) {
			return "fired", durabletask.Sleep(ctx, recordedSeconds(s))
		}),
		recordedFunc("LongTimer", func(ctx durabletask.Context, days float64) (string, error) {
			const day = 24 * time.Hour
			remaining := time.Duration(days * float64(day))
			for ; remaining > 6*day; remaining -= 3 * day {
				if err := durabletask.Sleep(ctx, 3*day); err != nil {
					return "", err
				}
			}
			return "fired", durabletask.Sleep(ctx, remaining)
		}),
		recordedFunc("TimerCancel", func(ctx durabletask.Context, s float64) (string, error) {
			timer := durabletask.After(ctx, recordedSeconds(s))
			race := dtfxSayHello.Start(ctx, "race")
			durabletask.WhenAny(ctx, timer, race)
			timer.Cancel(ctx)
			return race.Await(ctx)
		}),
		dtfxWaitEvent.Implement(func(ctx durabletask.Context, name *string) (jsonText, error) {
			if name == nil {
				return dtfxGo.Next(ctx).Await(ctx)
			}
			return durabletask.NewEvent[jsonText](*name).Next(ctx).Await(ctx)
		}),
		// The program that was recorded waits twice at once and serves the waits itself, the first one first; DTFx has no waits, only
		// events. Two waits one after the other do the same under both rule sets.
		recordedFunc("WaitTwo", func(ctx durabletask.Context, _ none) ([]jsonText, error) {
			first, err := e.Next(ctx).Await(ctx)
			if err != nil {
				return nil, err
			}
			second, err := e.Next(ctx).Await(ctx)
			return []jsonText{first, second}, err
		}),
		recordedFunc("BufferThenWait", func(ctx durabletask.Context, _ none) ([]jsonText, error) {
			if err := durabletask.Sleep(ctx, 3*time.Second); err != nil {
				return nil, err
			}
			first, err := e.Next(ctx).Await(ctx)
			if err != nil {
				return nil, err
			}
			second, err := durabletask.NewEvent[jsonText]("e").Next(ctx).Await(ctx)
			return []jsonText{first, second}, err
		}),
		recordedFunc("WaitEventOrTimeout", func(ctx durabletask.Context, s float64) (jsonText, error) {
			data, err := dtfxGo.Wait(ctx, recordedSeconds(s))
			if errors.Is(err, durabletask.ErrTimeout) {
				return jsonText(`"timeout"`), nil
			}
			return data, err
		}),
		recordedFunc("BigEvent", func(ctx durabletask.Context, _ none) (int, error) {
			data, err := durabletask.NewEvent[string]("big").Next(ctx).Await(ctx)
			return utf16Length(data), err
		}),
		recordedFunc("SendEventTo", func(ctx durabletask.Context, id string) (string, error) {
			return "sent", dtfxGo.Send(ctx, id, jsonText(`"from orchestration"`))
		}),
		recordedFunc("WaitChild", func(ctx durabletask.Context, _ none) (jsonText, error) {
			return dtfxWaitEvent.Call(ctx, nil, durabletask.InstanceID(ctx.InstanceID()+"-c"))
		}),
		recordedFunc("Mixed", func(ctx durabletask.Context, _ none) ([]any, error) {
			m, err := dtfxSayHello.Call(ctx, "m")
			if err != nil {
				return nil, err
			}
			timer := durabletask.After(ctx, time.Second)
			child, call := dtfxChild.Start(ctx, "par"), dtfxSayHello.Start(ctx, "par")
			hellos, err := durabletask.WhenAll(ctx, child, call)
			if err != nil {
				return nil, err
			}
			if _, err = timer.Await(ctx); err != nil {
				return nil, err
			}
			data, err := dtfxGo.Next(ctx).Await(ctx)
			return []any{m, hellos[0], hellos[1], data}, err
		}),
		recordedFunc("Counter", func(ctx durabletask.Context, p progress) (int, error) {
			op, err := durabletask.NewEvent[int]("op").Next(ctx).Await(ctx)
			if err != nil {
				return 0, err
			}
			if p.N += op; p.N >= p.Max {
				return p.N, nil
			}
			return durabletask.ContinueAsNew[int](ctx, p)
		}),
		recordedFunc("Loop", func(ctx durabletask.Context, p progress) (string, error) {
			hello, err := dtfxSayHello.Call(ctx, fmt.Sprintf("gen %d", p.N))
			if err != nil || p.N >= p.Max {
				return hello, err
			}
			ctx.SetStatus(map[string]int{"gen": p.N})
			p.N++
			return durabletask.ContinueAsNew[string](ctx, p)
		}),
	}
}
