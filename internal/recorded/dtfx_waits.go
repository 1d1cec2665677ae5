package recorded

import (
	"errors"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

const day = 24 * time.Hour

// longest is the longest timer that DTFx's store takes in one piece, and piece what LongTimer cuts off while more remains.
const (
	longest = 6 * day
	piece   = 3 * day
)

func dtfxTimers() []durabletask.Registration {
	return []durabletask.Registration{
		orchestrator("Timer", func(ctx durabletask.Context, s float64) (string, error) {
			return "fired", durabletask.Sleep(ctx, seconds(s))
		}),
		orchestrator("LongTimer", func(ctx durabletask.Context, days float64) (string, error) {
			remaining := time.Duration(days * float64(day))
			for ; remaining > longest; remaining -= piece {
				if err := durabletask.Sleep(ctx, piece); err != nil {
					return "", err
				}
			}
			return "fired", durabletask.Sleep(ctx, remaining)
		}),
		orchestrator("RawTimer", func(ctx durabletask.Context, days float64) (string, error) {
			return "fired", durabletask.Sleep(ctx, time.Duration(days*float64(day)))
		}),
		orchestrator("TimerCancel", func(ctx durabletask.Context, s float64) (string, error) {
			timer := durabletask.After(ctx, seconds(s))
			race := dtfxSayHello.Start(ctx, "race")
			durabletask.WhenAny(ctx, timer, race)
			timer.Cancel(ctx)
			return race.Await(ctx)
		}),
		orchestrator("Mixed", func(ctx durabletask.Context, _ none) ([]any, error) {
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
			data, err := next[text](ctx, "go")
			return []any{m, hellos[0], hellos[1], data}, err
		}),
	}
}

func dtfxEvents(o DTFxOptions) []durabletask.Registration {
	return []durabletask.Registration{
		dtfxWaitEvent.Implement(func(ctx durabletask.Context, name *string) (text, error) {
			if name == nil {
				return next[text](ctx, "go")
			}
			return next[text](ctx, *name)
		}),
		// The program that was recorded waits twice at once and serves the waits itself, the first one first; DTFx has no waits, only
		// events. Two waits one after the other do the same under both rule sets.
		orchestrator("WaitTwo", func(ctx durabletask.Context, _ none) ([]text, error) {
			first, err := next[text](ctx, "E")
			if err != nil {
				return nil, err
			}
			second, err := next[text](ctx, "E")
			return []text{first, second}, err
		}),
		orchestrator("BufferThenWait", func(ctx durabletask.Context, _ none) ([]text, error) {
			if err := durabletask.Sleep(ctx, o.Buffer); err != nil {
				return nil, err
			}
			first, err := next[text](ctx, "E")
			if err != nil {
				return nil, err
			}
			second, err := next[text](ctx, "e")
			return []text{first, second}, err
		}),
		orchestrator("WaitEventOrTimeout", func(ctx durabletask.Context, s float64) (text, error) {
			data, err := durabletask.NewEvent[text]("go").Wait(ctx, seconds(s))
			if errors.Is(err, durabletask.ErrTimeout) {
				return text(`"timeout"`), nil
			}
			return data, err
		}),
		orchestrator("SendEventTo", func(ctx durabletask.Context, id string) (string, error) {
			return "sent", durabletask.NewEvent[string]("go").Send(ctx, id, "from orchestration")
		}),
	}
}

// progress is the input of what continues as new.
type progress struct {
	N   int `json:"n"`
	Max int `json:"max"`
}

func dtfxGenerations() []durabletask.Registration {
	return []durabletask.Registration{
		orchestrator("Counter", func(ctx durabletask.Context, p progress) (int, error) {
			op, err := next[int](ctx, "op")
			if err != nil {
				return 0, err
			}
			if p.N += op; p.N >= p.Max {
				return p.N, nil
			}
			return durabletask.ContinueAsNew[int](ctx, p)
		}),
		orchestrator("Loop", func(ctx durabletask.Context, p progress) (string, error) {
			hello, err := dtfxSayHello.Call(ctx, fmt.Sprintf("gen %d", p.N))
			if err != nil || p.N >= p.Max {
				return hello, err
			}
			ctx.SetStatus(map[string]int{"gen": p.N})
			p.N++
			return durabletask.ContinueAsNew[string](ctx, p)
		}),
		orchestrator("TightLoop", func(ctx durabletask.Context, p progress) (int, error) {
			if p.N >= p.Max {
				return p.N, nil
			}
			p.N++
			return durabletask.ContinueAsNew[int](ctx, p)
		}),
		orchestrator("LoopNewVersion", func(ctx durabletask.Context, in string) (string, error) {
			if ctx.Version() == "1.0" {
				return durabletask.ContinueAsNew[string](ctx, "v2 input", durabletask.Version("2.0"))
			}
			return "ran " + ctx.Version() + " with " + in, nil
		}),
		orchestrator("LoopSub", func(ctx durabletask.Context, n int) (string, error) {
			hello, err := dtfxChild.Call(ctx, "g"+number(n))
			if err != nil || n >= 1 {
				return hello, err
			}
			return durabletask.ContinueAsNew[string](ctx, n+1)
		}),
	}
}
