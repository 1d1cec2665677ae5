package azurestorage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/slow"
)

// A story is something that instances live through, whatever crashes.
type story struct {
	name string
	app  func() *durabletask.App
	// tell starts it by a client that outlives the crash, or by the worker's.
	tell func(t *testing.T, ctx context.Context, c *durabletask.Client)
	// more is what happens from outside later.
	more func(t *testing.T, ctx context.Context, c *durabletask.Client)
	ids  []string
	want []string // outputs
}

type counter struct {
	Value int `json:"value"`
}

// Add is an operation.
func (c *counter) Add(_ durabletask.EntityContext, n int) (int, error) {
	c.Value += n
	return c.Value, nil
}

var counters = durabletask.NewEntity[counter](durabletask.Named("Counter"))

var double = durabletask.NewActivity(func(_ context.Context, n int) (int, error) { return 2 * n, nil }, durabletask.Named("Double"))

func start(name string, input any, id string) func(*testing.T, context.Context, *durabletask.Client) {
	return func(t *testing.T, ctx context.Context, c *durabletask.Client) {
		t.Helper()
		_, err := c.Schedule(ctx, name, input, durabletask.InstanceID(id))
		var exists *durabletask.InstanceExistsError
		if err != nil && !errors.As(err, &exists) && !errors.Is(err, azuretest.ErrCrashed) && !errors.Is(err, io.EOF) {
			t.Errorf("start %s: %v", id, err)
		}
	}
}

func stories() []story {
	number := durabletask.NewEvent[int]("Number")
	none := func(*testing.T, context.Context, *durabletask.Client) {}
	raise := func(id string, numbers ...int) func(*testing.T, context.Context, *durabletask.Client) {
		return func(t *testing.T, ctx context.Context, c *durabletask.Client) {
			t.Helper()
			for _, n := range numbers {
				if err := number.Raise(ctx, c, id, n); err != nil {
					t.Errorf("raise %d: %v", n, err)
				}
			}
		}
	}
	child := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) { return double.Call(ctx, n) }, durabletask.Named("Child"))
	return []story{
		{
			name: "hello-5", app: func() *durabletask.App { return durabletask.New(sayHello, hello5) },
			tell: start("Hello5", nil, "hello"), more: none,
			ids: []string{"hello"}, want: []string{`["Hello Tokyo!","Hello Seattle!","Hello London!","Hello Oslo!","Hello Lima!"]`},
		},
		{
			name: "fan-out", app: func() *durabletask.App {
				fan := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
					var tasks []*durabletask.Task[int]
					for k := range n {
						tasks = append(tasks, double.Start(ctx, k))
					}
					all, err := durabletask.WhenAll(ctx, tasks...)
					sum := 0
					for _, v := range all {
						sum += v
					}
					return sum, err
				}, durabletask.Named("Fan"))
				return durabletask.New(double, fan)
			},
			tell: start("Fan", 4, "fan"), more: none, ids: []string{"fan"}, want: []string{"12"},
		},
		{
			name: "events", app: func() *durabletask.App {
				wait := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) ([]int, error) {
					var got []int
					for range 4 {
						all, err := durabletask.WhenAll(ctx, number.Next(ctx))
						if err != nil {
							return nil, err
						}
						got = append(got, all...)
					}
					return got, nil
				}, durabletask.Named("Wait"))
				return durabletask.New(wait)
			},
			tell: func(t *testing.T, ctx context.Context, c *durabletask.Client) {
				t.Helper()
				start("Wait", nil, "wait")(t, ctx, c)
				if _, err := c.Get(ctx, "wait"); err == nil {
					raise("wait", 1, 2)(t, ctx, c)
				}
			},
			more: raise("wait", 3, 4), ids: []string{"wait"}, want: []string{"[1,2,3,4]"},
		},
		{
			name: "continue-as-new", app: func() *durabletask.App {
				sum := durabletask.NewOrchestrator(func(ctx durabletask.Context, sum int) (int, error) {
					all, err := durabletask.WhenAll(ctx, number.Next(ctx))
					if err != nil {
						return 0, err
					}
					if all[0] == 0 {
						return sum, nil
					}
					return durabletask.ContinueAsNew[int](ctx, sum+all[0])
				}, durabletask.Named("Sum"))
				return durabletask.New(sum)
			},
			tell: func(t *testing.T, ctx context.Context, c *durabletask.Client) {
				t.Helper()
				start("Sum", 0, "sum")(t, ctx, c)
				raise("sum", 1, 2, 4)(t, ctx, c)
			},
			more: raise("sum", 8, 0), ids: []string{"sum"}, want: []string{"15"},
		},
		{
			name: "children", app: func() *durabletask.App {
				parent := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
					a, err := child.Call(ctx, 3, durabletask.InstanceID("child"))
					if err != nil {
						return 0, err
					}
					b, err := child.Call(ctx, a)
					return a + b, err
				}, durabletask.Named("Parent"))
				return durabletask.New(double, child, parent)
			},
			tell: start("Parent", nil, "parent"), more: none, ids: []string{"parent", "child"}, want: []string{"18", "6"},
		},
		{
			name: "inline", app: func() *durabletask.App {
				inline := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
					for range 5 {
						var err error
						if n, err = double.Call(ctx, n, durabletask.Inline); err != nil {
							return 0, err
						}
					}
					return n, nil
				}, durabletask.Named("Inline"))
				return durabletask.New(double, inline)
			},
			tell: start("Inline", 1, "inline"), more: none, ids: []string{"inline"}, want: []string{"32"},
		},
		{
			name: "timer", app: func() *durabletask.App {
				sleep := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
					return "rested", durabletask.Sleep(ctx, 5*time.Second)
				}, durabletask.Named("Sleep"))
				return durabletask.New(sleep)
			},
			tell: start("Sleep", nil, "sleep"), more: none, ids: []string{"sleep"}, want: []string{`"rested"`},
		},
		{
			name: "entity lock", app: func() *durabletask.App {
				locked := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
					unlock, err := durabletask.Lock(ctx, counters.ID("a"), counters.ID("b"))
					if err != nil {
						return 0, err
					}
					defer unlock()
					a, err := durabletask.CallEntity(ctx, counters.ID("a"), (*counter).Add, 1)
					if err != nil {
						return 0, err
					}
					b, err := durabletask.CallEntity(ctx, counters.ID("b"), (*counter).Add, 10)
					return a + b, err
				}, durabletask.Named("Locked"))
				return durabletask.New(counters, locked)
			},
			tell: start("Locked", nil, "locked"), more: none, ids: []string{"locked"}, want: []string{"11", "12", "21", "22"}, // a call is made twice if its sender crashes before it has stored that it made it
		},
	}
}

// accepts reports whether the output is one that the n-th instance may have.
func (s *story) accepts(n int, output string) bool {
	if len(s.ids) == 1 {
		return slices.Contains(s.want, output)
	}
	return s.want[n] == output
}

// crash is a request at which a worker's process ends, counted from 1 once the worker is warm; 0 is none.
type crash struct {
	at    int
	after bool // the request takes effect
}

// live tells a story with a crash, and returns how many requests the first worker made from when it was warm.
func (s *story) live(t *testing.T, c crash, own bool) (requests int) {
	t.Helper()
	ctx := context.Background()
	service := azuretest.New(azuretest.Options{})
	outside := openHub(t, service, azuretest.ClientOptions{Name: "client"})
	client := durabletask.NewClient(outside.Backend, nil, durabletask.ClientOptions{})
	if err := outside.CreateTaskHub(ctx); err != nil {
		t.Fatal(err)
	}
	// The requests that do something are counted, not the polls.
	var armed, crashed atomic.Bool
	var count, last atomic.Int64
	gate := func(_ context.Context, r azuretest.Call) error {
		if crashed.Load() {
			return azuretest.ErrCrashed
		}
		if !armed.Load() || r.Op == azuretest.OpGetMessages || strings.HasSuffix(r.Resource, "Partitions") {
			return nil
		}
		switch n := count.Add(1); {
		case c.at == 0 || n < int64(c.at):
		case n == int64(c.at) && c.after:
			last.Store(int64(r.N))
			crashed.Store(true)
		default:
			crashed.Store(true)
			return azuretest.ErrCrashed
		}
		return nil
	}
	first := openHub(t, service, azuretest.ClientOptions{Name: "first", Gate: gate})
	worker := durabletask.NewWorker(s.app(), first.Backend, durabletask.WorkerOptions{Logger: first.options.Logger})
	if err := worker.Start(ctx); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // it owns everything
	first.transport.Inject(azuretest.Rule{If: func(r azuretest.Call) bool { return int64(r.N) == last.Load() }, Do: azuretest.LoseAnswer()})
	armed.Store(true)
	teller := client
	if own {
		teller = worker.Client()
	}
	s.tell(t, ctx, teller)
	time.Sleep(20 * time.Second)
	requests = int(count.Load())
	if c.at > 0 {
		first.transport.Crash()
		_ = worker.Stop(ctx)
		second := openHub(t, service, azuretest.ClientOptions{Name: "second"})
		worker = durabletask.NewWorker(s.app(), second.Backend, durabletask.WorkerOptions{Logger: first.options.Logger})
		if err := worker.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if own { // whoever started it has crashed too, and tries again
			time.Sleep(3 * time.Second)
			s.tell(t, ctx, client)
		}
	}
	s.more(t, ctx, client)
	time.Sleep(3 * time.Minute)
	for n, id := range s.ids {
		state, err := client.Get(ctx, id)
		if err != nil || state.Status != durabletask.Completed || state.Output == nil || !s.accepts(n, *state.Output) {
			text := ""
			if err == nil {
				out := "none"
				if state.Output != nil {
					out = *state.Output
				}
				text = fmt.Sprint(state.Status, " ", out)
			}
			t.Errorf("crash %+v: %s is %s, %v; want %s", c, id, text, err, s.want)
			if events, err := client.History(ctx, id); err == nil {
				var kinds []string
				for _, e := range events {
					kinds = append(kinds, e.Type().String())
				}
				t.Log(strings.Join(kinds, " "))
			}
			for _, r := range service.Log() {
				if line := r.String(); os.Getenv("AZDURABLE_LOG") != "" && !strings.Contains(line, "receive") && !strings.Contains(line, "Partitions") {
					t.Log(line)
				}
			}
		}
	}
	if err := worker.Stop(ctx); err != nil {
		t.Errorf("crash %+v: stop: %v", c, err)
	}
	_ = outside.Stop(ctx)
	s.swept(t, c, service)
	return requests
}

// swept makes sure that no message is left, but for answers to calls that were made by an episode that a crash has undone.
func (s *story) swept(t *testing.T, c crash, service *azuretest.Service) {
	t.Helper()
	if s.name == "entity lock" {
		return
	}
	for name, left := range service.Snapshot().Queues {
		for _, m := range left {
			t.Errorf("crash %+v: a message is left in %s: received %d times, visible at %v: %.200s", c, name, m.Dequeued, m.NextVisible, m.Text)
		}
	}
}

func TestCrashAtEveryRequest(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		for _, own := range []bool{false, true} {
			t.Run(s.name+map[bool]string{true: ", started by the worker", false: ""}[own], func(t *testing.T) {
				t.Parallel()
				if own && (s.name == "events" || s.name == "continue-as-new") {
					return // whoever raises the events would raise them twice
				}
				if own || s.name == "fan-out" || s.name == "children" || s.name == "entity lock" {
					slow.Test(t)
				}
				n := 0
				synctest.Test(t, func(t *testing.T) { n = s.live(t, crash{}, own) })
				if t.Failed() {
					return
				}
				from, to := 1, n
				if at, err := strconv.Atoi(os.Getenv("AZDURABLE_AT")); err == nil {
					from, to = at, at
				}
				for at := from; at <= to; at++ {
					for _, after := range []bool{false, true} {
						synctest.Test(t, func(t *testing.T) { s.live(t, crash{at, after}, own) })
						if t.Failed() {
							return
						}
					}
				}
			})
		}
	}
}
