package recorded

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/azdurable/azdurable/durabletask"
)

func functionsEntityUsers() []durabletask.Registration {
	return []durabletask.Registration{
		function("CallCounter", func(ctx durabletask.Context, key string) (text, error) {
			e := Counters.ID(key)
			a, err := durabletask.CallEntity(ctx, e, (*Counter).Add, 5)
			if err != nil {
				return nil, err
			}
			if _, err = durabletask.CallEntity(ctx, e, (*Counter).Add, 3); err != nil {
				return nil, err
			}
			if err = durabletask.SignalEntity(ctx, e, (*Counter).Add, 10); err != nil {
				return nil, err
			}
			g, err := get(ctx, e)
			if err != nil {
				return nil, err
			}
			return jsonOf(struct {
				A text `json:"a"`
				G text `json:"g"`
			}{a, g})
		}),
		function("SignalDelayed", func(ctx durabletask.Context, key string) (text, error) {
			e := Counters.ID(key)
			at := durabletask.SignalAt(ctx.Now().Add(3 * time.Second))
			if err := durabletask.SignalEntity(ctx, e, (*Counter).Add, 100, at); err != nil {
				return nil, err
			}
			if err := durabletask.SignalEntity(ctx, e, (*Counter).Add, 1); err != nil {
				return nil, err
			}
			g, err := get(ctx, e)
			if err != nil {
				return nil, err
			}
			if err = durabletask.Sleep(ctx, 6*time.Second); err != nil {
				return nil, err
			}
			h, err := get(ctx, e)
			if err != nil {
				return nil, err
			}
			return jsonOf(struct {
				G text `json:"g"`
				H text `json:"h"`
			}{g, h})
		}),
		function("LongSignal", func(ctx durabletask.Context, _ text) (int, error) {
			at := durabletask.SignalAt(ctx.Now().Add(10 * day))
			if err := durabletask.SignalEntity(ctx, Counters.ID("far"), (*Counter).Add, 1, at); err != nil {
				return 0, err
			}
			return 1, durabletask.Sleep(ctx, 2*time.Second)
		}),
		function("EntityThrowCaller", func(ctx durabletask.Context, name string) ([]string, error) {
			var caught []string
			for _, operation := range []string{"throw", "throwcustom", "nosuchop"} {
				_, err := durabletask.CallEntityByName[text](ctx, durabletask.EntityID{Name: name, Key: "thrower"}, operation, 1)
				if err == nil {
					caught = append(caught, "ok")
					continue
				}
				caught = append(caught, message(err).Error())
			}
			return caught, nil
		}),
		function("UnknownEntityOrch", func(ctx durabletask.Context, _ text) (text, error) {
			return durabletask.CallEntityByName[text](ctx, durabletask.EntityID{Name: "nosuchentity", Key: "a"}, "get", nil)
		}),
	}
}

// get asks a counter for its state.
func get(ctx durabletask.Context, e durabletask.EntityOf[Counter]) (text, error) {
	return durabletask.CallEntityByName[text](ctx, e.EntityID, "get", nil)
}

// entityKey is how .NET writes an entity's id.
type entityKey struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

func functionsLocks() []durabletask.Registration {
	return []durabletask.Registration{
		function("LockTwo", lockTwo),
		function("LockViolations", lockViolations),
		function("LockOrder", func(ctx durabletask.Context, in []entityKey) (text, error) {
			if len(in) == 0 {
				return nil, errors.New("The list of entities to lock must not be null or empty. (Parameter 'entities')")
			}
			ids := make([]durabletask.AnyEntity, len(in))
			for i, e := range in {
				in[i].Name = strings.ToLower(e.Name)
				ids[i] = durabletask.EntityID(e)
			}
			unlock, err := durabletask.Lock(ctx, ids...)
			if err != nil {
				return nil, err
			}
			defer unlock()
			return jsonOf(struct {
				Own []entityKey `json:"own"`
			}{lockOrder(in)})
		}),
	}
}

func lockTwo(ctx durabletask.Context, in struct {
	X    string `json:"x"`
	Y    string `json:"y"`
	Hold bool   `json:"hold"`
},
) (text, error) {
	x, y := Counters.ID(in.X), Counters.ID(in.Y)
	unlock, err := durabletask.Lock(ctx, y, x, y)
	if err != nil {
		return nil, err
	}
	defer unlock()
	ctx.SetStatus(struct {
		Locked bool        `json:"locked"`
		Own    []entityKey `json:"own"`
	}{true, lockOrder([]entityKey{entityKey(x.EntityID), entityKey(y.EntityID)})})
	gx, err := get(ctx, x)
	if err != nil {
		return nil, err
	}
	from := durabletask.StartEntityCall(ctx, x, (*Counter).Add, -10)
	to := durabletask.StartEntityCall(ctx, y, (*Counter).Add, 10)
	if _, err = durabletask.WhenAll(ctx, from, to); err != nil {
		return nil, err
	}
	var ev text
	if in.Hold {
		if ev, err = next[text](ctx, "release"); err != nil {
			return nil, err
		}
	}
	gy, err := get(ctx, y)
	if err != nil {
		return nil, err
	}
	return jsonOf(struct {
		GX text `json:"gx"`
		GY text `json:"gy"`
		EV text `json:"ev"`
	}{gx, gy, ev})
}

// lockViolations breaks the rules of critical sections. What .NET says to that is what the result says.
func lockViolations(ctx durabletask.Context, _ text) (text, error) {
	v1, v2 := Counters.ID("v1"), Counters.ID("v2")
	unlock, err := durabletask.Lock(ctx, v1)
	if err != nil {
		return nil, err
	}
	defer unlock()
	said := func(err error, rule string) string {
		switch {
		case err == nil:
			return "ok"
		case errors.Is(err, durabletask.ErrCriticalSection):
			return "LockingRulesViolationException: " + rule
		default:
			return err.Error()
		}
	}
	var r struct {
		Relock       string `json:"relock"`
		Sub          string `json:"sub"`
		SignalLocked string `json:"signalLocked"`
		CallUnlocked string `json:"callUnlocked"`
		Activity     string `json:"activity"`
		SignalOther  string `json:"signalOther"`
	}
	_, err = durabletask.Lock(ctx, v2)
	r.Relock = said(err, "Cannot acquire more locks when already holding some locks.")
	_, err = echo.Call(ctx, text("1"))
	r.Sub = said(err, "While holding locks, cannot call suborchestrators.")
	r.SignalLocked = said(durabletask.SignalEntity(ctx, v1, (*Counter).Add, 1), "While holding locks, cannot signal entities whose lock is held.")
	_, err = durabletask.CallEntity(ctx, v2, (*Counter).Add, 1)
	r.CallUnlocked = said(err, "While holding locks, cannot call entities whose lock is not held.")
	_, err = square.Call(ctx, 2)
	r.Activity = said(err, "")
	r.SignalOther = said(durabletask.SignalEntity(ctx, v2, (*Counter).Add, 1), "")
	return jsonOf(r)
}

// lockOrder sorts the ids of entities as .NET does, without repetitions: by letters, then by accents, then lower case first; signs before digits
// before letters.
func lockOrder(ids []entityKey) []entityKey {
	const signs = " _-,;:!?./@"
	primary := func(s string) []int {
		var weights []int
		for _, r := range strings.ReplaceAll(strings.ToLower(s), "é", "e") {
			if i := strings.IndexRune(signs, r); i >= 0 {
				weights = append(weights, i)
				continue
			}
			weights = append(weights, len(signs)+int(r))
		}
		return weights
	}
	upperFirst := func(s string) []int {
		var weights []int
		for _, r := range s {
			if unicode.IsUpper(r) {
				weights = append(weights, 1)
				continue
			}
			weights = append(weights, 0)
		}
		return weights
	}
	sorted := slices.SortedFunc(slices.Values(ids), func(a, b entityKey) int {
		return cmp.Or(
			cmp.Compare(a.Name, b.Name), slices.Compare(primary(a.Key), primary(b.Key)),
			cmp.Compare(strings.ToLower(a.Key), strings.ToLower(b.Key)), slices.Compare(upperFirst(a.Key), upperFirst(b.Key)))
	})
	return slices.Compact(sorted)
}
