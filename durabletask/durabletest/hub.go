package durabletest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
)

// Hub is a task hub in memory with a worker that runs an app. Its Client starts instances, raises events and asks for states.
//
// Its methods are for goroutines of its bubble.
type Hub struct {
	*durabletask.Client

	t       testing.TB
	log     *journal
	options durabletask.WorkerOptions
	order   *order
	limit   int  // of storage requests
	alone   bool // nothing else is in the bubble but the hub and its test

	usable   context.Context // ends, with a cause, when the hub gives up
	giveUp   context.CancelCauseFunc
	patience *time.Timer
	end      context.CancelFunc // of the order
	running  running

	mu        sync.Mutex
	app       *durabletask.App
	life      *life
	renewed   chan struct{} // closed when the next life begins
	lives     int
	stubs     map[string]*durabletask.ActivityFunc
	web       http.Handler   // who answers durable HTTP calls; nil for nobody
	performed map[string]int // how often activities were run, by instance and name
	commits   int
	planned   crashPoint
}

// Limits of a test.
const (
	// slots are how many orchestrations and how many activities run at once by default: the same on every machine.
	slots = 10
	// longest is how much virtual time a test may take: more, and something is waited for that will not come.
	longest = 10 * 365 * 24 * time.Hour
	// mostRequests is how many storage requests a test may make: more, and an orchestration does something for ever.
	mostRequests = 200_000
)

// Test runs fn in a bubble of virtual time (testing/synctest), with a hub that runs the app. When fn returns the worker is stopped; what is
// left running then, but for orchestrations, fails the test.
//
// The t that fn gets is the one to use inside, its Context above all: a context made outside of the bubble stops the virtual clock.
func Test(t *testing.T, app *durabletask.App, fn func(t *testing.T, h *Hub), options ...durabletask.WorkerOptions) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := New(t, app, options...)
		h.alone = true
		fn(t, h)
	})
}

// New makes a hub in a bubble that the caller has made (testing/synctest), and stops it when the test ends. The options are those of the
// worker, at most one; Environment is the hub's own.
//
// synctest.Wait can't be used beside a hub: see Hub.Settle.
func New(tb testing.TB, app *durabletask.App, options ...durabletask.WorkerOptions) *Hub {
	tb.Helper()
	if !inBubble() {
		tb.Fatal("durabletest: New must be called in a bubble of testing/synctest; use durabletest.Test, which makes one")
	}
	if len(options) > 1 {
		tb.Fatal("durabletest: a hub has one worker; give it one durabletask.WorkerOptions")
	}
	h := &Hub{
		t: tb, app: app, limit: mostRequests, renewed: make(chan struct{}),
		stubs: make(map[string]*durabletask.ActivityFunc), performed: make(map[string]int),
	}
	for _, o := range options {
		h.options = o
	}
	h.log = newJournal(h.options.Logger)
	h.order = newOrder(h.pass)
	h.usable, h.giveUp = context.WithCancelCause(context.Background())
	var orders context.Context
	orders, h.end = context.WithCancel(context.Background())
	go h.order.run(orders)
	tb.Cleanup(h.stop)
	if err := h.begin(app, nil); err != nil {
		tb.Fatal(err)
	}
	h.connect()
	h.patience = time.AfterFunc(longest, func() {
		h.fail(fmt.Sprintf("%v of virtual time have passed", longest))
	})
	return h
}

// inBubble reports whether the caller runs in a bubble. There is no function for it, but only there is Wait allowed.
func inBubble() (in bool) {
	defer func() { in = recover() == nil }()
	synctest.Wait()
	return true
}

// connect makes the client.
func (h *Hub) connect() {
	h.Client = durabletask.NewClient(&client{h}, h.app, durabletask.ClientOptions{
		Environment: h.environment(nil), DefaultVersion: h.options.Versions.Default, ReplaceRunning: h.options.ReplaceRunning,
	})
}

// environment is where a life gets time and chance from: the bubble's clock, and numbers that are the same in each run.
func (h *Hub) environment(g backend.Gate) backend.Environment {
	life := uint64(h.lives)
	return backend.Environment{Gate: g, Source: func(loop string) *rand.Rand {
		sum := fnv.New64a()
		sum.Write([]byte(loop))
		return rand.New(rand.NewPCG(life, sum.Sum64()))
	}}
}

// Settle waits until nothing can go on without time passing. Use it in place of synctest.Wait.
func (h *Hub) Settle() { h.order.settle() }

// Advance lets time pass, and waits until all that has become due is done.
func (h *Hub) Advance(d time.Duration) {
	time.Sleep(d)
	h.Settle()
}

// Run starts an instance and waits for its result. Errors are those of Client.Schedule and Instance.Wait.
func Run[I, O any](h *Hub, o *durabletask.Orchestrator[I, O], input I, options ...durabletask.StartOption) (O, error) {
	i, err := o.Schedule(h.t.Context(), h.Client, input, options...)
	if err != nil {
		var zero O
		return zero, err
	}
	return i.Wait(h.t.Context())
}

// Start starts an instance. It ends the test if that fails.
func Start[I, O any](h *Hub, o *durabletask.Orchestrator[I, O], input I, options ...durabletask.StartOption) *durabletask.Instance[O] {
	h.t.Helper()
	i, err := o.Schedule(h.t.Context(), h.Client, input, options...)
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

// errGivenUp is the cause for which a hub gives up.
var errGivenUp = errors.New("durabletest: the hub has given up: see the test's log")

// fail ends everybody's waiting.
func (h *Hub) fail(reason string) {
	if h.usable.Err() == nil {
		h.t.Errorf("durabletest: %s, and these have not ended: is an event to be raised, or an orchestration to be terminated?\n%s", reason, h.unfinished())
		h.giveUp(errGivenUp)
	}
}

// unfinished shows the instances that have not ended, each with the end of its history.
func (h *Hub) unfinished() string {
	const most, last = 5, 3
	var b strings.Builder
	page, err := h.List(context.Background(), durabletask.Query{
		Statuses: []durabletask.Status{durabletask.Pending, durabletask.Running, durabletask.Suspended}, PageSize: most,
	})
	if err != nil {
		return err.Error()
	}
	for _, s := range page.Instances {
		fmt.Fprintf(&b, "%s %s: %v\n", s.Name, s.Instance.ID, s.Status)
		events, _ := h.History(context.Background(), s.Instance.ID) // what can't be read is not shown
		lines := strings.Split(strings.TrimSpace(transcript(events)), "\n")
		for _, line := range lines[max(0, len(lines)-last):] {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	if page.Next != "" {
		b.WriteString("and more\n")
	}
	return b.String()
}

// stop stops the worker and the hub and looks for what is left.
func (h *Hub) stop() {
	if l := h.present(); l != nil {
		if err := l.worker.Stop(context.Background()); err != nil {
			h.t.Errorf("durabletest: stop the worker: %v", err)
		}
		l.kill()
	}
	for _, name := range h.running.wait() {
		h.t.Errorf("durabletest: activity %s still runs: an activity has to return when its context ends", name)
	}
	if h.patience != nil {
		h.patience.Stop()
	}
	h.end()
	<-h.order.stopped
	h.giveUp(errGivenUp)
	if h.alone {
		if left := leaks(); left != "" {
			h.t.Errorf("durabletest: goroutines are left at the end of the test:\n\n%s", left)
		}
	}
	if h.t.Failed() {
		h.t.Logf("the hub's log:\n%s", h.log)
	}
}

// journal keeps what is logged, to be shown if the test fails.
type journal struct {
	*slog.Logger
	mu   sync.Mutex
	text strings.Builder
}

func newJournal(given *slog.Logger) *journal {
	j := &journal{Logger: given}
	if given == nil {
		j.Logger = slog.New(slog.NewTextHandler(j, nil))
	}
	return j
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
