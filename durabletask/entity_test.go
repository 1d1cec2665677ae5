package durabletask_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// tally is the entity of these tests.
type tally struct {
	Value int `json:"value"`
}

const errBroke = durabletask.ErrorKind("Broke")

func (c *tally) Add(_ durabletask.EntityContext, n int) (int, error) {
	c.Value += n
	return c.Value, nil
}

func (c tally) Get(durabletask.EntityContext, durabletask.None) (int, error) { return c.Value, nil }

// Spend fails after it has changed the state and sent a signal: neither may be seen.
func (c *tally) Spend(ctx durabletask.EntityContext, n int) (int, error) {
	c.Value -= n
	if err := durabletask.SignalEntity(ctx, tallies.ID("log"), (*tally).Add, 1); err != nil {
		return 0, err
	}
	if c.Value < 0 {
		return 0, errBroke.New("%d is not enough", c.Value+n)
	}
	return c.Value, nil
}

func (c *tally) Panic(durabletask.EntityContext, durabletask.None) (durabletask.None, error) {
	c.Value = 99
	panic("tally")
}

func (c *tally) Exit(durabletask.EntityContext, durabletask.None) (durabletask.None, error) {
	runtime.Goexit()
	return durabletask.None{}, nil
}

func (c *tally) Close(ctx durabletask.EntityContext, _ durabletask.None) (durabletask.None, error) {
	ctx.Delete()
	return durabletask.None{}, nil
}

func (c *tally) Launch(ctx durabletask.EntityContext, id string) (string, error) {
	var options []durabletask.StartOption
	if id != "" {
		options = append(options, durabletask.InstanceID(id))
	}
	return launched.StartFrom(ctx, c.Value, options...)
}

func (c *tally) Who(ctx durabletask.EntityContext, _ durabletask.None) (string, error) {
	return ctx.ID().String() + " for " + ctx.Caller(), nil
}

func (c *tally) Later(ctx durabletask.EntityContext, seconds int) (durabletask.None, error) {
	at := time.Now().Add(time.Duration(seconds) * time.Second)
	return durabletask.None{}, durabletask.SignalEntity(ctx, tallies.ID(ctx.ID().Key), (*tally).Add, 1, durabletask.SignalAt(at))
}

var (
	tallies  = durabletask.NewEntity[tally](durabletask.Named("Tally"))
	launched = durabletask.NewOrchestrator(func(_ durabletask.Context, n int) (int, error) { return n * 10, nil }, durabletask.Named("Launched"))
)

// script makes an orchestrator of a function that returns what there is to check.
func script(fn func(ctx durabletask.Context) (string, error)) *durabletask.Orchestrator[durabletask.None, string] {
	return durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) { return fn(ctx) }, durabletask.Named("Script"))
}

func runScript(t *testing.T, want string, fn func(ctx durabletask.Context) (string, error)) {
	t.Helper()
	s := script(fn)
	durabletest.Test(t, durabletask.New(s, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		got, err := durabletest.Run(h, s, durabletask.None{})
		if err != nil || got != want {
			t.Errorf("got %q, %v\nwant %q", got, err, want)
		}
	})
}

func TestEntityIsCalled(t *testing.T) {
	t.Parallel()
	runScript(t, "5 8 8", func(ctx durabletask.Context) (string, error) {
		a, err := durabletask.CallEntity(ctx, tallies.ID("a"), (*tally).Add, 5)
		b, err2 := durabletask.CallEntity(ctx, tallies.ID("a"), (*tally).Add, 3)
		c, err3 := durabletask.CallEntityByName[int](ctx, durabletask.EntityID{Name: "TALLY", Key: "a"}, "GET", nil)
		return fmt.Sprint(a, b, c), errors.Join(err, err2, err3)
	})
}

func TestEntityKeysTellCaseApart(t *testing.T) {
	t.Parallel()
	runScript(t, "1 10 1 100", func(ctx durabletask.Context) (string, error) {
		var results []string
		for i, key := range []string{"a", "A", "", "x@y"} {
			n := []int{1, 10, 1, 100}[i]
			got, err := durabletask.CallEntity(ctx, tallies.ID(key), (*tally).Add, n)
			if err != nil {
				return "", err
			}
			results = append(results, fmt.Sprint(got))
		}
		return strings.Join(results, " "), nil
	})
}

func TestEntityFailureLeavesNoTrace(t *testing.T) {
	t.Parallel()
	runScript(t, "Broke: tally.spend failed: 5 is not enough; 5; 0", func(ctx durabletask.Context) (string, error) {
		if _, err := durabletask.CallEntity(ctx, tallies.ID("a"), (*tally).Add, 5); err != nil {
			return "", err
		}
		_, err := durabletask.CallEntity(ctx, tallies.ID("a"), (*tally).Spend, 7)
		if !errors.Is(err, errBroke) {
			return "", fmt.Errorf("got %w", err)
		}
		left, err2 := durabletask.CallEntity(ctx, tallies.ID("a"), (*tally).Get, durabletask.None{})
		logged, err3 := durabletask.CallEntity(ctx, tallies.ID("log"), (*tally).Get, durabletask.None{})
		return fmt.Sprintf("Broke: %v; %d; %d", err, left, logged), errors.Join(err2, err3)
	})
}

func TestEntityOperationThatPanics(t *testing.T) {
	t.Parallel()
	runScript(t, "panic tally true; Goexit; OperationNotFound; Payload; 1", func(ctx durabletask.Context) (string, error) {
		id := tallies.ID("a")
		if _, err := durabletask.CallEntity(ctx, id, (*tally).Add, 1); err != nil {
			return "", err
		}
		kind := func(err error) *durabletask.TaskError {
			e, _ := errors.AsType[*durabletask.TaskError](err)
			return e
		}
		_, err := durabletask.CallEntity(ctx, id, (*tally).Panic, durabletask.None{})
		p := kind(err)
		_, err = durabletask.CallEntity(ctx, id, (*tally).Exit, durabletask.None{})
		x := kind(err)
		_, err = durabletask.CallEntityByName[int](ctx, id.EntityID, "nope", nil)
		n := kind(err)
		_, err = durabletask.CallEntityByName[int](ctx, id.EntityID, "add", "five")
		b := kind(err)
		left, err := durabletask.CallEntity(ctx, id, (*tally).Get, durabletask.None{})
		return fmt.Sprintf("%s %s %v; %s; %s; %s; %d", p.Kind, p.Message, strings.Contains(p.Stack, "entity_test.go"), x.Kind, n.Kind, b.Kind, left), err
	})
}

func TestEntityIDsThatCannotBe(t *testing.T) {
	t.Parallel()
	runScript(t, "true true true true", func(ctx durabletask.Context) (string, error) {
		_, err := durabletask.CallEntity(ctx, tallies.ID("a/b"), (*tally).Add, 1)
		bad := err != nil && strings.Contains(err.Error(), "must not contain")
		_, err2 := durabletask.CallEntityByName[int](ctx, durabletask.EntityID{Name: "a@b"}, "add", 1)
		err3 := durabletask.SignalEntity(ctx, tallies.ID("\x01"), (*tally).Add, 1)
		_, err4 := durabletask.Lock(ctx, tallies.ID("#"))
		return fmt.Sprint(bad, err2 != nil, errors.Is(err3, durabletask.ErrInvalidID), errors.Is(err4, durabletask.ErrInvalidID)), nil
	})
}

func TestEntityIsSignalledReadAndDeleted(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		read := func(want string) {
			t.Helper()
			h.Advance(time.Second)
			v, ok, err := durabletask.ReadEntity(ctx, h.Client, tallies.ID("a"))
			if got := fmt.Sprint(v.Value, ok, err); got != want {
				t.Errorf("read %s, want %s", got, want)
			}
		}
		read("0 false <nil>")
		for range 10 {
			if err := durabletask.Signal(ctx, h.Client, tallies.ID("a"), (*tally).Add, 2); err != nil {
				t.Fatal(err)
			}
		}
		read("20 true <nil>")
		e, err := h.Entity(ctx, tallies.ID("a").EntityID)
		if err != nil || *e.State != `{"value":20}` || e.QueueSize != 0 || e.LockedBy != "" {
			t.Errorf("the entity is %+v, %v", e, err)
		}
		_ = durabletask.Signal(ctx, h.Client, tallies.ID("a"), (*tally).Close, durabletask.None{})
		read("0 false <nil>")
		_ = durabletask.Signal(ctx, h.Client, tallies.ID("a"), (*tally).Add, 1)
		read("1 true <nil>")
		_ = h.SignalEntity(ctx, durabletask.EntityID{Name: "Tally", Key: "a"}, "delete", nil)
		read("0 false <nil>")
		if err := h.SignalEntity(ctx, durabletask.EntityID{Name: "Tally", Key: "a?"}, "add", 1); !errors.Is(err, durabletask.ErrInvalidID) {
			t.Errorf("a bad key: %v", err)
		}
	})
}

// Whatever operation succeeds makes the entity.
func TestEntityThatIsOnlyRead(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		_ = durabletask.Signal(t.Context(), h.Client, tallies.ID("a"), (*tally).Get, durabletask.None{})
		h.Advance(time.Second)
		if e, err := h.Entity(t.Context(), tallies.ID("a").EntityID); err != nil || !e.Exists || *e.State != `{"value":0}` {
			t.Errorf("the entity is %+v, %v", e, err)
		}
	})
}

func TestEntityThatStartsAndSignals(t *testing.T) {
	t.Parallel()
	s := script(func(ctx durabletask.Context) (string, error) {
		id := tallies.ID("a")
		if err := durabletask.SignalEntity(ctx, id, (*tally).Add, 4); err != nil {
			return "", err
		}
		one, err := durabletask.CallEntity(ctx, id, (*tally).Launch, "")
		two, err2 := durabletask.CallEntity(ctx, id, (*tally).Launch, "mine")
		who, err3 := durabletask.CallEntity(ctx, id, (*tally).Who, durabletask.None{})
		return one + " " + two + " " + who, errors.Join(err, err2, err3)
	})
	durabletest.Test(t, durabletask.New(s, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, s, durabletask.None{}, durabletask.InstanceID("caller"))
		got, err := i.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.SplitN(got, " ", 3)
		if parts[1] != "mine" || parts[2] != "@tally@a for caller" {
			t.Errorf("got %q", got)
		}
		for _, id := range parts[:2] {
			state, err := h.Wait(t.Context(), id)
			if err != nil || state.Output == nil || *state.Output != "40" {
				t.Errorf("the orchestration %q started by the entity: %+v, %v", id, state, err)
			}
		}
	})
}

func TestSignalsAreNeverEarly(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{1500 * time.Millisecond, time.Hour, 10 * 24 * time.Hour} {
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			s := script(func(ctx durabletask.Context) (string, error) {
				at := durabletask.SignalAt(ctx.Now().Add(delay))
				return "", durabletask.SignalEntity(ctx, tallies.ID("o"), (*tally).Add, 1, at)
			})
			durabletest.Test(t, durabletask.New(s, tallies, launched), func(t *testing.T, h *durabletest.Hub) {
				ctx := t.Context()
				due := time.Now().Add(delay)
				if err := durabletask.Signal(ctx, h.Client, tallies.ID("c"), (*tally).Add, 1, durabletask.SignalAt(due)); err != nil {
					t.Fatal(err)
				}
				if _, err := durabletest.Run(h, s, durabletask.None{}); err != nil {
					t.Fatal(err)
				}
				count := func() (n int) {
					for _, key := range []string{"c", "o"} {
						v, _, err := durabletask.ReadEntity(ctx, h.Client, tallies.ID(key))
						if err != nil {
							t.Fatal(err)
						}
						n += v.Value
					}
					return n
				}
				h.Advance(time.Until(due) - time.Millisecond)
				if n := count(); n != 0 {
					t.Fatalf("%d came early", n)
				}
				h.Advance(3 * time.Second)
				if n := count(); n != 2 {
					t.Errorf("%d of 2 have come", n)
				}
			})
		})
	}
}

func TestEntitiesAreListedAndCleaned(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			_ = durabletask.Signal(ctx, h.Client, tallies.ID(key), (*tally).Add, 1)
		}
		_ = durabletask.Signal(ctx, h.Client, tallies.ID("c"), (*tally).Close, durabletask.None{})
		if _, err := launched.Schedule(ctx, h.Client, 1); err != nil {
			t.Fatal(err)
		}
		h.Advance(time.Second)
		list := func(q durabletask.EntityQuery) (keys string) {
			for {
				p, err := h.Entities(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range p.Entities {
					keys += e.ID.Key
					if q.FetchState != (e.State != nil) {
						t.Errorf("the state is %v", e.State)
					}
				}
				if q.Token = p.Next; q.Token == "" {
					return keys
				}
				keys += "|"
			}
		}
		if got := list(durabletask.EntityQuery{Name: "Tally"}); got != "abde" {
			t.Errorf("listed %q", got)
		}
		if got := list(durabletask.EntityQuery{PageSize: 2, FetchState: true}); got != "ab|d|e" {
			t.Errorf("listed in pages: %q", got)
		}
		if got := list(durabletask.EntityQuery{IncludeDeleted: true}); got != "abcde" {
			t.Errorf("listed with deleted ones: %q", got)
		}
		if got := list(durabletask.EntityQuery{Name: "tall"}); got != "" {
			t.Errorf("listed by a part of the name: %q", got)
		}
		if got := list(durabletask.EntityQuery{To: time.Now().Add(-time.Hour)}); got != "" {
			t.Errorf("listed by time: %q", got)
		}
		cleaned, err := h.CleanEntities(ctx)
		if err != nil || cleaned != (durabletask.EntityCleaning{EmptyEntitiesRemoved: 1}) {
			t.Errorf("cleaned %+v, %v", cleaned, err)
		}
		if got := list(durabletask.EntityQuery{IncludeDeleted: true}); got != "abde" {
			t.Errorf("listed after cleaning: %q", got)
		}
	})
}

func TestStateThatNoLongerDecodes(t *testing.T) {
	t.Parallel()
	type other struct{ Value string }
	_ = other{}
	s := script(func(ctx durabletask.Context) (string, error) {
		_, err := durabletask.CallEntity(ctx, tallies.ID("a"), (*tally).Add, 1)
		if !errors.Is(err, durabletask.ErrEntityState) || !strings.Contains(err.Error(), "It is kept") {
			return "", fmt.Errorf("got %w", err)
		}
		return "refused", nil
	})
	durabletest.Test(t, durabletask.New(s, texts, launched), func(t *testing.T, h *durabletest.Hub) {
		_ = durabletask.Signal(t.Context(), h.Client, texts.ID("a"), (*text).Set, "five")
		h.Advance(time.Second)
		h.Deploy(durabletask.New(s, tallies, launched))
		if got, err := durabletest.Run(h, s, durabletask.None{}); err != nil || got != "refused" {
			t.Errorf("got %q, %v", got, err)
		}
		e, err := h.Entity(t.Context(), tallies.ID("a").EntityID)
		if err != nil || *e.State != `{"value":"five"}` {
			t.Errorf("the state is %+v, %v", e, err)
		}
	})
}

// text is the tally of an earlier deployment.
type text struct {
	Value string `json:"value"`
}

func (c *text) Set(_ durabletask.EntityContext, v string) (durabletask.None, error) {
	c.Value = v
	return durabletask.None{}, nil
}

var texts = durabletask.NewEntity[text](durabletask.Named("Tally"))

func TestStateOverTheLimit(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(texts, launched), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		_ = durabletask.Signal(ctx, h.Client, texts.ID("a"), (*text).Set, "short")
		_ = durabletask.Signal(ctx, h.Client, texts.ID("a"), (*text).Set, strings.Repeat("x", durabletask.MaxPayload-10))
		h.Advance(time.Second)
		if v, _, err := durabletask.ReadEntity(ctx, h.Client, texts.ID("a")); err != nil || v.Value != "short" {
			t.Errorf("the state is %.20q, %v", v.Value, err)
		}
	})
}

func TestEntityMistakesAtSetUp(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		do   func()
		want string
	}{
		"no operations": {func() { durabletask.NewEntity[struct{ A int }](durabletask.Named("x")) }, "has no operations"},
		"no name":       {func() { durabletask.NewEntity[struct{ tally }]() }, `durabletask.Named("…")`},
		"@":             {func() { durabletask.NewEntity[tally](durabletask.Named("a@b")) }, "must not contain @"},
		"wrong form":    {func() { durabletask.NewEntity[misshapen]() }, "Wrong is no operation"},
		"twice":         {func() { durabletask.New(tallies, texts) }, "defined twice"},
		"closure": {func() {
			_ = durabletask.Signal(t.Context(), nil, tallies.ID("a"), func(*tally, durabletask.EntityContext, int) (int, error) { return 0, nil }, 1)
		}, "pass a method expression"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "durabletask: ") || !strings.Contains(got, row.want) {
					t.Errorf("panicked with %s\nwant a message with %s", got, row.want)
				}
			}()
			row.do()
		})
	}
}

type misshapen struct{}

func (misshapen) Wrong(durabletask.EntityContext) error { return nil }

func TestEntityIsSuspendedResumedAndTerminated(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, durabletask.New(tallies, launched), func(t *testing.T, h *durabletest.Hub) {
		ctx := t.Context()
		add := func() {
			t.Helper()
			if err := durabletask.Signal(ctx, h.Client, tallies.ID("a"), (*tally).Add, 1); err != nil {
				t.Fatal(err)
			}
			h.Advance(time.Second)
		}
		is := func(value int, status durabletask.Status) {
			t.Helper()
			v, _, err := durabletask.ReadEntity(ctx, h.Client, tallies.ID("a"))
			s, err2 := h.Get(ctx, "@tally@a")
			if err := errors.Join(err, err2); err != nil || v.Value != value || s.Status != status {
				t.Errorf("it is %d, %v; %v", v.Value, s.Status, err)
			}
		}
		add()
		is(1, durabletask.Running)
		_ = h.Suspend(ctx, "@tally@a", nil)
		add()
		h.Crash()
		add()
		is(1, durabletask.Suspended)
		_ = h.Resume(ctx, "@tally@a", nil)
		h.Advance(time.Second)
		is(3, durabletask.Running)
		add()
		is(4, durabletask.Running)
		_ = h.Terminate(ctx, "@tally@a", new("enough"))
		h.Advance(time.Second)
		is(4, durabletask.Terminated)
		if err := durabletask.Signal(ctx, h.Client, tallies.ID("a"), (*tally).Add, 1); !errors.Is(err, durabletask.ErrInstanceFinished) {
			t.Errorf("a signal to a terminated entity: %v", err)
		}
	})
}

func TestBatchesAreLimited(t *testing.T) {
	t.Parallel()
	var sizes []int
	app := durabletask.New(tallies, launched)
	app.UseEntities(func(next durabletask.Handler[*durabletask.EntityWork]) durabletask.Handler[*durabletask.EntityWork] {
		return func(ctx context.Context, w *durabletask.EntityWork) error {
			sizes = append(sizes, w.Batch.Size())
			return next(ctx, w)
		}
	})
	durabletest.Test(t, app, func(t *testing.T, h *durabletest.Hub) {
		for range 10 {
			_ = durabletask.Signal(t.Context(), h.Client, tallies.ID("a"), (*tally).Add, 1)
		}
		h.Advance(time.Second)
		if v, _, err := durabletask.ReadEntity(t.Context(), h.Client, tallies.ID("a")); err != nil || v.Value != 10 {
			t.Errorf("the sum is %d, %v", v.Value, err)
		}
	}, durabletask.WorkerOptions{EntityOperations: 3})
	if len(sizes) < 4 || slices.Max(sizes) > 3 {
		t.Errorf("batches of %v", sizes)
	}
}
