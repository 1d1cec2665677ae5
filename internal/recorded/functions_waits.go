package recorded

import (
	"errors"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

func functionsEvents() []durabletask.Registration {
	return []durabletask.Registration{
		waitOrch.Implement(func(ctx durabletask.Context, in text) (text, error) {
			e, err := next[text](ctx, "go")
			if err != nil {
				return nil, err
			}
			return jsonOf(struct {
				Input text `json:"input"`
				Event text `json:"ev"`
			}{in, e})
		}),
		function("WaitTwo", func(ctx durabletask.Context, _ text) (text, error) {
			ev := durabletask.NewEvent[text]("ev")
			a, b, x := ev.Next(ctx), ev.Next(ctx), durabletask.NewEvent[text]("other").Next(ctx)
			all, err := durabletask.WhenAll(ctx, a, b, x)
			if err != nil {
				return nil, err
			}
			return jsonOf(struct {
				First  text `json:"first"`
				Second text `json:"second"`
				Other  text `json:"other"`
			}{all[0], all[1], all[2]})
		}),
		function("WaitTimeout", func(ctx durabletask.Context, _ text) (text, error) {
			return waitOr(ctx, text(`"Event go not received in 00:00:02"`))
		}),
		function("WaitDefault", func(ctx durabletask.Context, _ text) (text, error) { return waitOr(ctx, text(`"dflt"`)) }),
		function("E4_Sms", func(ctx durabletask.Context, in string) (bool, error) {
			const tries = 4
			c, err := challenge.Call(ctx, text(fmt.Sprintf("%q", in)))
			if err != nil {
				return false, err
			}
			limit := 90 * time.Second
			if in == "short" {
				limit = 3 * time.Second
			}
			t := durabletask.After(ctx, limit)
			defer t.Cancel(ctx)
			for range tries {
				e := durabletask.NewEvent[int]("SmsChallengeResponse").Next(ctx)
				if durabletask.WhenAny(ctx, e, t) == 1 {
					return false, nil
				}
				if got, err := e.Await(ctx); err != nil || got == c {
					return err == nil, err
				}
			}
			return false, nil
		}),
	}
}

// waitOr waits for the event go, but not longer than two seconds.
func waitOr(ctx durabletask.Context, otherwise text) (text, error) {
	e, err := durabletask.NewEvent[text]("go").Wait(ctx, 2*time.Second)
	if errors.Is(err, durabletask.ErrTimeout) {
		return otherwise, nil
	}
	return e, err
}

func functionsTimers() []durabletask.Registration {
	return []durabletask.Registration{
		timer.Implement(func(ctx durabletask.Context, s float64) (string, error) {
			return "fired", durabletask.Sleep(ctx, seconds(s))
		}),
		function("LongTimerCancel", func(ctx durabletask.Context, days int) (string, error) {
			t := durabletask.After(ctx, time.Duration(days)*day)
			if _, err := next[text](ctx, "stop"); err != nil {
				return "", err
			}
			t.Cancel(ctx)
			return "cancelled", nil
		}),
		function("E3_Monitor", func(ctx durabletask.Context, n int) (string, error) {
			for i := 1; i <= n; i++ {
				ctx.SetStatus(struct {
					CheckedTimes int       `json:"checkedTimes"`
					At           time.Time `json:"at"`
				}{i, ctx.Now()})
				if _, err := square.Call(ctx, i); err != nil {
					return "", err
				}
				if i == n {
					break
				}
				if err := durabletask.Sleep(ctx, time.Second); err != nil {
					return "", err
				}
			}
			return "seen " + number(n), nil
		}),
	}
}

func functionsGenerations() []durabletask.Registration {
	type step struct {
		K   int `json:"k"`
		Max int `json:"max"`
	}
	return []durabletask.Registration{
		orchestrator("Eternal", func(ctx durabletask.Context, s step) (text, error) {
			ctx.SetStatus(fmt.Sprintf("gen %d", s.K))
			if _, err := square.Call(ctx, s.K); err != nil {
				return nil, err
			}
			if s.K >= s.Max {
				return jsonOf(struct {
					K  int    `json:"k"`
					ID string `json:"id"`
				}{s.K, ctx.InstanceID()})
			}
			if s.K == 0 {
				if err := durabletask.Sleep(ctx, time.Second); err != nil {
					return nil, err
				}
			}
			s.K++
			return durabletask.ContinueAsNew[text](ctx, s)
		}),
		orchestrator("EternalEvents", func(ctx durabletask.Context, all []text) ([]text, error) {
			const enough = 3
			added, err := next[text](ctx, "add")
			if err != nil {
				return nil, err
			}
			if all = append(all, added); len(all) < enough {
				return durabletask.ContinueAsNew[[]text](ctx, all)
			}
			return all, nil
		}),
	}
}

// dotNet is how .NET writes a time with all its digits.
const dotNet = "2006-01-02T15:04:05.0000000"

func functionsDeterminism() []durabletask.Registration {
	type guid struct {
		G string `json:"g"`
		T string `json:"t"`
	}
	return []durabletask.Registration{
		function("Guids", func(ctx durabletask.Context, _ none) (text, error) {
			var all []guid
			note := func(n int) {
				for range n {
					all = append(all, guid{ctx.NewUUID().String(), ctx.Now().Format(dotNet + "Z")})
				}
			}
			note(3)
			if _, err := square.Call(ctx, 2); err != nil {
				return nil, err
			}
			note(1)
			if err := durabletask.Sleep(ctx, time.Second); err != nil {
				return nil, err
			}
			note(2)
			return jsonOf(struct {
				ID    string `json:"id"`
				Guids []guid `json:"guids"`
			}{ctx.InstanceID(), all})
		}),
		// The time is that of the start: it is taken before the timer.
		function("Dates", func(ctx durabletask.Context, _ none) (text, error) {
			at := ctx.Now().Format(dotNet)
			if err := durabletask.Sleep(ctx, 1500*time.Millisecond); err != nil {
				return nil, err
			}
			return text(`{"u":"` + at + `Z","kind":"Utc","local":"` + at + `+00:00","unspecified":"` + at + `","off":"` + at + `+00:00",` +
				`"whole":"2024-01-01T00:00:00Z","min":"0001-01-01T00:00:00","ts":"00:00:01.5000000","d":1.50,"dbl":2.0,"f":0.1}`), nil
		}),
	}
}
