package backendtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// hub is a started backend with the words that the tests are told in. Each of them fails the test if it can't do what it says.
type hub struct {
	*testing.T
	backend.Backend
	harness Harness
	env     backend.Environment
	serial  int // makes messages differ
}

func newHub(t *testing.T, harness Harness) *hub {
	t.Helper()
	h := &hub{T: t, harness: harness}
	h.Backend = harness.Open(t, h.env)
	h.start()
	return h
}

func (h *hub) start() {
	h.must(h.CreateTaskHub(h.ctx()))
	h.must(h.Backend.Start(h.ctx()))
	if h.harness.Settle > 0 {
		pass(h.harness.Settle)
	}
	b := h.Backend
	h.Cleanup(func() {
		_ = b.Stop(context.Background()) // what it says after a crash does not matter
	})
}

// crash ends the process and starts another.
func (h *hub) crash() {
	h.Helper()
	h.Backend = h.harness.Crash(h.T, h.Backend, h.env)
	h.start()
}

func (h *hub) ctx() context.Context { return context.Background() }

func (h *hub) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *hub) mustBe(err, want error) {
	h.Helper()
	if !errors.Is(err, want) {
		h.Fatalf("error %v, want %v", err, want)
	}
}

func (h *hub) same(what string, got, want any) {
	h.Helper()
	if d := cmp.Diff(want, got); d != "" {
		h.Fatalf("%s differ (-want +got):\n%s", what, d)
	}
}

func (h *hub) header() history.Header {
	h.serial++
	return history.Header{ID: history.NoID, Time: now(), ActivityID: id(h.serial)}
}

// id makes an identifier as messages have them.
func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func now() time.Time { return time.Now().UTC().Truncate(history.Resolution) }

// started is the message that begins an execution.
func (h *hub) started(id string) *history.ExecutionStarted {
	head := h.header()
	in := history.Instance{ID: id, ExecutionID: fmt.Sprintf("execution-%d", h.serial)}
	return &history.ExecutionStarted{Header: head, Instance: in, Name: "Orchestration", Input: new(`"input"`), Generation: new(0)}
}

// generation returns the start as it is delivered when the id has been started n times before.
func generation(e *history.ExecutionStarted, n int) *history.ExecutionStarted {
	again := *e
	again.Generation = &n
	return &again
}

func startOf(e *history.ExecutionStarted) history.Message {
	return history.Message{Target: e.Instance, Event: e}
}

// create starts an instance, in the place of any.
func (h *hub) create(id string) *history.ExecutionStarted {
	h.Helper()
	e := h.started(id)
	h.must(h.Create(h.ctx(), backend.Creation{Start: startOf(e)}))
	return e
}

// raise sends an event to an instance.
func (h *hub) raise(id, name string) *history.EventRaised {
	h.Helper()
	e := h.event(name)
	h.must(h.Send(h.ctx(), history.Message{Target: history.Instance{ID: id}, Event: e}))
	return e
}

func (h *hub) event(name string) *history.EventRaised {
	return &history.EventRaised{Header: h.header(), Name: name, Input: new(`{"n":1}`)}
}

// next takes work that must be there.
func (h *hub) next() *backend.InstanceWork {
	h.Helper()
	c := ask(h.NextOrchestration)
	w, err := c.answer(h.harness.Patience)
	if errors.Is(err, errUnanswered) {
		h.Fatal("no orchestration is handed out")
	}
	h.must(err)
	return w
}

// nextOf takes work that must be of this instance.
func (h *hub) nextOf(id string) *backend.InstanceWork {
	h.Helper()
	w := h.next()
	if w.Instance.ID != id {
		h.Fatalf("work of %q, want %q", w.Instance.ID, id)
	}
	return w
}

// nothing makes sure that no instance is to be handed out.
func (h *hub) nothing() {
	h.Helper()
	if w, err := ask(h.NextOrchestration).instantly(); !errors.Is(err, errUnanswered) {
		h.Fatalf("work %+v (error %v), want none", w, err)
	}
}

func (h *hub) nextActivity() *backend.ActivityWork {
	h.Helper()
	w, err := ask(h.NextActivity).answer(h.harness.Patience)
	if errors.Is(err, errUnanswered) {
		h.Fatal("no activity is handed out")
	}
	h.must(err)
	return w
}

func (h *hub) noActivity() {
	h.Helper()
	if w, err := ask(h.NextActivity).instantly(); !errors.Is(err, errUnanswered) {
		h.Fatalf("activity %+v (error %v), want none", w, err)
	}
}

var errUnanswered = errors.New("the call blocks")

// call is one that may block.
type call[T any] struct {
	cancel context.CancelFunc
	done   chan struct{}
	value  T
	err    error
}

// ask makes a call on a goroutine of its own.
func ask[T any](f func(context.Context) (T, error)) *call[T] {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:gosec // answer cancels
	c := &call[T]{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.value, c.err = f(ctx)
	}()
	return c
}

// peek waits until nothing moves any more and says whether the call has returned.
func (c *call[T]) peek() bool {
	synctest.Wait()
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// moment is how long a call that is to answer may take: a store that tries again after a short pause has not blocked.
const moment = 10 * time.Millisecond

// answer returns what the call has returned in a moment, or with patience; a call that blocks is cancelled.
func (c *call[T]) answer(patience ...time.Duration) (T, error) {
	limit := moment
	for _, p := range patience {
		limit = max(limit, p)
	}
	if !c.peek() {
		t := time.NewTimer(limit)
		defer t.Stop()
		select {
		case <-c.done:
		case <-t.C:
		}
	}
	return c.instantly()
}

// instantly is answer for a call that is expected to block: no time passes.
func (c *call[T]) instantly() (T, error) {
	blocked := !c.peek()
	c.cancel()
	<-c.done
	if blocked && errors.Is(c.err, context.Canceled) {
		c.err = errUnanswered
	}
	return c.value, c.err
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// commit checkpoints work with the events of its messages, and with what else is given.
func (h *hub) commit(w *backend.InstanceWork, more ...func(*backend.Checkpoint)) {
	h.Helper()
	h.must(h.tryCommit(w, more...))
}

func (h *hub) tryCommit(w *backend.InstanceWork, more ...func(*backend.Checkpoint)) error {
	c := backend.Checkpoint{Events: []history.Event{&history.OrchestratorStarted{Header: history.Header{ID: history.NoID, Time: now()}}}}
	for _, m := range w.Messages {
		c.Events = append(c.Events, m.Event)
	}
	for _, f := range more {
		f(&c)
	}
	return h.Checkpoint(h.ctx(), w, c)
}

// abandon gives work back.
func (h *hub) abandon(w *backend.InstanceWork, delay time.Duration) {
	h.Helper()
	h.must(h.Abandon(h.ctx(), w, backend.Abandonment{Cause: errors.New("given back by a test"), Delay: delay}))
}

// status makes the checkpoint set a state.
func (h *hub) status(w *backend.InstanceWork, s history.Status) func(*backend.Checkpoint) {
	h.Helper()
	state, err := h.Get(h.ctx(), w.Instance.ID)
	h.must(err)
	state.Status, state.Updated = s, now()
	if s.Terminal() {
		state.Completed, state.Output = now(), new(`"output"`)
	}
	return func(c *backend.Checkpoint) { c.State = state }
}

// schedule makes the checkpoint schedule an activity.
func (h *hub) schedule(w *backend.InstanceWork, task int) func(*backend.Checkpoint) {
	head := h.header()
	head.ID = task
	m := history.Message{Target: w.Instance, Event: &history.TaskScheduled{Header: head, Name: "Activity", Input: new(fmt.Sprint(task))}}
	return func(c *backend.Checkpoint) {
		c.Activities = append(c.Activities, m)
		decide(c, &history.TaskScheduled{Header: history.Header{ID: task, Time: head.Time}, Name: "Activity"})
	}
}

// decide adds an event that records a decision: a store may look for it when the outcome comes.
func decide(c *backend.Checkpoint, e history.Event) { c.Events = append(c.Events, e) }

// after makes the checkpoint set a timer.
func (h *hub) after(w *backend.InstanceWork, task int, d time.Duration) func(*backend.Checkpoint) {
	m := history.Message{Target: w.Instance, Event: &history.TimerFired{Header: h.header(), TimerID: task, FireAt: now().Add(d)}}
	return func(c *backend.Checkpoint) {
		c.Timers = append(c.Timers, m)
		decide(c, &history.TimerCreated{Header: history.Header{ID: task, Time: now()}, FireAt: now().Add(d)})
	}
}

// send makes the checkpoint send a message.
func send(m history.Message) func(*backend.Checkpoint) {
	return func(c *backend.Checkpoint) { c.Messages = append(c.Messages, m) }
}

// complete delivers the result of an activity.
func (h *hub) complete(w *backend.ActivityWork) *history.TaskCompleted {
	h.Helper()
	e := h.result(w)
	h.must(h.CompleteActivity(h.ctx(), w, history.Message{Target: w.Message.Target, Event: e}))
	return e
}

func (h *hub) tryComplete(w *backend.ActivityWork) error {
	return h.CompleteActivity(h.ctx(), w, history.Message{Target: w.Message.Target, Event: h.result(w)})
}

func (h *hub) result(w *backend.ActivityWork) *history.TaskCompleted {
	return &history.TaskCompleted{Header: h.header(), TaskID: w.Message.Event.Head().ID, Result: new(`"done"`)}
}

// run takes an instance through its first episode and leaves it running.
func (h *hub) run(id string) {
	h.Helper()
	w := h.nextOf(id)
	h.commit(w, h.status(w, history.Running))
}

// finish ends the instance whose work this is.
func (h *hub) finish(w *backend.InstanceWork, more ...func(*backend.Checkpoint)) {
	h.Helper()
	h.commit(w, append(more, h.status(w, history.Completed))...)
}

// events are those of the messages.
func events(messages []history.Message) []history.Event {
	var es []history.Event
	for _, m := range messages {
		es = append(es, m.Event)
	}
	return es
}

// carries makes sure that the work brings these events in this order.
func (h *hub) carries(w *backend.InstanceWork, want ...history.Event) {
	h.Helper()
	h.same("messages", events(w.Messages), want)
	for _, m := range w.Messages {
		if m.Target.ID != w.Instance.ID {
			h.Fatalf("a message for %q among those of %q", m.Target.ID, w.Instance.ID)
		}
	}
}

// state returns the state of an instance.
func (h *hub) state(id string) *backend.InstanceState {
	h.Helper()
	s, err := h.Get(h.ctx(), id)
	h.must(err)
	return s
}

// statusOf returns the state of an instance as a word.
func (h *hub) statusOf(id string) history.Status {
	h.Helper()
	return h.state(id).Status
}
