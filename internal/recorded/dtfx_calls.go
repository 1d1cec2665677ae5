package recorded

import (
	"encoding/json"
	"fmt"

	"github.com/azdurable/azdurable/durabletask"
)

func dtfxCalls() []durabletask.Registration {
	return []durabletask.Registration{
		orchestrator("Hello5", func(ctx durabletask.Context, _ none) ([]string, error) {
			return hellos(ctx, dtfxSayHello, "Tokyo", "Seattle", "London", "Paris", "Cairo")
		}),
		orchestrator("Hello1", func(ctx durabletask.Context, name string) (string, error) { return dtfxSayHello.Call(ctx, name) }),
		dtfxEchoed.Implement(func(_ durabletask.Context, in text) (text, error) { return in, nil }),
		orchestrator("EchoAct", func(ctx durabletask.Context, in text) (text, error) { return dtfxEcho.Call(ctx, in) }),
		orchestrator("FanOut", func(ctx durabletask.Context, n int) (int, error) { return sum(ctx, dtfxDouble, 0, n) }),
		orchestrator("WhoFan", func(ctx durabletask.Context, n int) (map[string]int, error) {
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
		orchestrator("SlowAct", func(ctx durabletask.Context, ms int) (string, error) { return dtfxSlow.Call(ctx, ms) }),
		orchestrator("SlowTwo", func(ctx durabletask.Context, ms int) (string, error) {
			if _, err := dtfxSayHello.Call(ctx, "1"); err != nil {
				return "", err
			}
			return dtfxSlow.Call(ctx, ms)
		}),
		orchestrator("ActWithTags", func(ctx durabletask.Context, _ none) (string, error) {
			return dtfxSayHello.Call(ctx, "tags", durabletask.Tags{"ak": "av"})
		}),
		orchestrator("StatusSteps", func(ctx durabletask.Context, _ none) (string, error) {
			ctx.SetStatus("step 1")
			if _, err := dtfxSayHello.Call(ctx, "a"); err != nil {
				return "", err
			}
			ctx.SetStatus(struct {
				Step int    `json:"step"`
				Text string `json:"text"`
			}{2, "züge"})
			if _, err := dtfxSayHello.Call(ctx, "b"); err != nil {
				return "", err
			}
			return "done", nil
		}),
		orchestrator("Versioned", func(ctx durabletask.Context, in any) (string, error) {
			return fmt.Sprintf("v%s %v", ctx.Version(), in), nil
		}),
		orchestrator("Unregistered", func(ctx durabletask.Context, _ none) (none, error) {
			return durabletask.DeclareActivity[string, none]("NoSuchActivity").Call(ctx, "x")
		}),
	}
}

var dtfxEchoed = durabletask.DeclareOrchestrator[text, text]("Echo")

// hellos says hello to one city after the other.
func hellos(ctx durabletask.Context, sayHello *durabletask.Activity[string, string], cities ...string) ([]string, error) {
	var all []string
	for _, city := range cities {
		hello, err := sayHello.Call(ctx, city)
		if err != nil {
			return nil, err
		}
		all = append(all, hello)
	}
	return all, nil
}

var dtfxBigEcho = durabletask.DeclareOrchestrator[text, text]("BigEcho")

// dtfxLarge are orchestrators with inputs, results and failures too large for a message or a row.
func dtfxLarge() []durabletask.Registration {
	return []durabletask.Registration{
		orchestrator("Big", func(ctx durabletask.Context, in struct{ Chars int }) (string, error) {
			s, err := dtfxMakeBig.Call(ctx, in.Chars)
			if err != nil {
				return "", err
			}
			ctx.SetStatus(in.Chars)
			n, err := dtfxLen.Call(ctx, s)
			return fmt.Sprintf("%s|%d", s, n), err
		}),
		orchestrator("BigInput", func(ctx durabletask.Context, in string) (int, error) {
			_, err := dtfxSayHello.Call(ctx, "x")
			return length(in), err
		}),
		dtfxBigEcho.Implement(func(ctx durabletask.Context, in text) (text, error) { return dtfxEcho.Call(ctx, in) }),
		orchestrator("BigSub", func(ctx durabletask.Context, in text) (int, error) {
			echoed, err := dtfxBigEcho.Call(ctx, in, durabletask.InstanceID(ctx.InstanceID()+"-s"))
			if err != nil {
				return 0, err
			}
			var s string
			err = json.Unmarshal(echoed, &s)
			return length(s), err
		}),
		orchestrator("BigEvent", func(ctx durabletask.Context, _ none) (int, error) {
			data, err := next[string](ctx, "big")
			return length(data), err
		}),
	}
}
