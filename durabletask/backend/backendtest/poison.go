package backendtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func poison() []testCase {
	return []testCase{
		{name: "a hub has no poison messages", run: noPoison},
		{name: "a message that fails by its own making is given up, and can be replayed", run: messageIsGivenUp},
		{name: "a message that fails delays only itself", run: othersGoOn},
		{name: "what fails for another reason is never given up", run: otherFailuresGoOn},
		{name: "a start that was given up keeps what comes after it, and goes first when it is replayed", run: startIsGivenUp},
		{name: "an instance whose start is dropped is terminated", run: droppedStart},
		{name: "an activity that fails by its own making is given up, and can be replayed", run: activityIsGivenUp},
		{name: "the result of an activity can be given up", run: resultIsGivenUp},
		{name: "a message to an entity can be given up", run: entityMessageIsGivenUp},
		{name: "poison messages have pages", run: poisonPages},
		{name: "a message that was given up is so after a crash", run: givenUpAfterCrash, crash: true},
		{name: "a message that was replayed is so after a crash", run: replayedAfterCrash, crash: true},
	}
}

var errOwnMaking = errors.New("it makes the engine panic")

// poisoned gives work back that has failed by its own making.
func (h *hub) poisoned(w *backend.InstanceWork) {
	h.Helper()
	h.must(h.Abandon(h.ctx(), w, backend.Abandonment{Cause: errOwnMaking, Poisonous: true}))
}

// failUntilGivenUp fails the work of an instance as often as it takes.
func (h *hub) failUntilGivenUp(id string) {
	h.Helper()
	for n := range backend.MaxTries {
		w := h.nextOf(id)
		if w.Attempt != n+1 {
			h.Fatalf("attempt %d, want %d", w.Attempt, n+1)
		}
		h.poisoned(w)
	}
	pass(moment)
}

func (h *hub) poison() []backend.PoisonMessage {
	h.Helper()
	page, err := h.ListPoison(h.ctx(), backend.PoisonQuery{})
	h.must(err)
	if page.Next != "" {
		h.Fatalf("more than %d messages", len(page.Messages))
	}
	return page.Messages
}

// onePoison makes sure that there is one message, and what is known of it.
func (h *hub) onePoison(instance, kind, name string) backend.PoisonMessage {
	h.Helper()
	all := h.poison()
	if len(all) != 1 {
		h.Fatalf("%d messages were given up, want 1: %+v", len(all), all)
	}
	m := all[0]
	if m.InstanceID != instance || m.Kind != kind || m.Name != name || m.Tries != backend.MaxTries || m.Reason != errOwnMaking.Error() {
		h.Errorf("given up: %+v", m)
	}
	if m.ID == "" || m.Queue == "" || m.Size == 0 || m.Text != "" || m.At.After(now()) || now().Sub(m.At) > time.Hour {
		h.Errorf("given up: %+v", m)
	}
	whole, err := h.GetPoison(h.ctx(), m.ID)
	h.must(err)
	if len(whole.Text) != m.Size {
		h.Errorf("the text %q has %d bytes, not %d", whole.Text, len(whole.Text), m.Size)
	}
	whole.Text = ""
	h.same("the message alone", *whole, m)
	return m
}

func (h *hub) replay(id string) {
	h.Helper()
	h.must(h.ReplayPoison(h.ctx(), id))
	if left := h.poison(); len(left) != 0 {
		h.Fatalf("still given up: %+v", left)
	}
}

func noPoison(h *hub) {
	if left := h.poison(); len(left) != 0 {
		h.Errorf("given up: %+v", left)
	}
	_, err := h.GetPoison(h.ctx(), "1")
	h.mustBe(err, backend.ErrPoisonNotFound)
	h.mustBe(h.ReplayPoison(h.ctx(), "1"), backend.ErrPoisonNotFound)
	h.mustBe(h.DropPoison(h.ctx(), "no id"), backend.ErrPoisonNotFound)
	_, err = h.ListPoison(h.ctx(), backend.PoisonQuery{PageSize: backend.MaxPageSize + 1})
	if err == nil {
		h.Error("a page that is too large is accepted")
	}
	_, err = h.ListPoison(h.ctx(), backend.PoisonQuery{Token: "another's"})
	h.mustBe(err, backend.ErrPageToken)
}

func messageIsGivenUp(h *hub) {
	h.create("one")
	h.run("one")
	e := h.raise("one", "bad")
	h.failUntilGivenUp("one")
	h.nothing()
	m := h.onePoison("one", "EventRaised", "bad")
	good := h.raise("one", "good")
	w := h.nextOf("one")
	h.carries(w, good)
	h.commit(w)
	h.replay(m.ID)
	h.mustBe(h.ReplayPoison(h.ctx(), m.ID), backend.ErrPoisonNotFound)
	w = h.nextOf("one")
	h.carries(w, e)
	if w.Attempt != 1 {
		h.Errorf("attempt %d of a message that was replayed, want 1", w.Attempt)
	}
	h.poisoned(w)
	h.finish(h.nextOf("one"))
	h.nothing()
	if left := h.poison(); len(left) != 0 {
		h.Errorf("given up after one more failure: %+v", left)
	}
}

func othersGoOn(h *hub) {
	h.create("one")
	h.run("one")
	h.create("other")
	h.run("other")
	first, bad, last := h.raise("one", "first"), h.raise("one", "bad"), h.raise("one", "last")
	var done []history.Event
	for range 3 * backend.MaxTries {
		c := ask(h.NextOrchestration)
		w, err := c.answer(h.harness.Patience)
		if errors.Is(err, errUnanswered) {
			break
		}
		h.must(err)
		guilty := false
		for _, m := range w.Messages {
			e, ok := m.Event.(*history.EventRaised)
			guilty = guilty || ok && e.Name == "bad"
		}
		if guilty {
			h.poisoned(w)
			continue
		}
		done = append(done, events(w.Messages)...)
		h.commit(w)
	}
	pass(moment)
	h.same("what was done", done, []history.Event{first, last})
	m := h.onePoison("one", "EventRaised", "bad")
	e := h.raise("other", "on")
	w := h.nextOf("other")
	h.carries(w, e)
	h.commit(w)
	h.replay(m.ID)
	h.carries(h.nextOf("one"), bad)
}

func otherFailuresGoOn(h *hub) {
	e := h.create("one")
	for range 3 * backend.MaxTries {
		h.abandon(h.nextOf("one"), 0)
	}
	w := h.nextOf("one")
	h.carries(w, e)
	h.commit(w, h.status(w, history.Running))
	if left := h.poison(); len(left) != 0 {
		h.Errorf("given up: %+v", left)
	}
}

func startIsGivenUp(h *hub) {
	start := h.create("one")
	h.failUntilGivenUp("one")
	m := h.onePoison("one", "ExecutionStarted", start.Name)
	e := h.raise("one", "a")
	pass(h.harness.Patience)
	h.nothing()
	h.replay(m.ID)
	w := h.nextOf("one")
	if w.Messages[0].Event.Type() != history.TypeExecutionStarted {
		h.Fatalf("the first message is %v", w.Messages[0].Event.Type())
	}
	got := events(w.Messages)
	h.commit(w, h.status(w, history.Running))
	if len(got) == 1 {
		w = h.nextOf("one")
		got = append(got, events(w.Messages)...)
		h.commit(w)
	}
	h.same("messages", got, []history.Event{start, e})
	h.nothing()
}

func droppedStart(h *hub) {
	h.create("parent")
	w := h.nextOf("parent")
	child := h.started("child")
	child.Parent = &history.ParentInstance{Instance: w.Instance, Name: "Orchestration", TaskID: 1}
	h.commit(w, h.status(w, history.Running), send(startOf(child)), func(c *backend.Checkpoint) {
		decide(c, &history.SubOrchestrationInstanceCreated{Header: history.Header{ID: 1, Time: now()}, Name: "Orchestration", InstanceID: "child"})
	})
	h.failUntilGivenUp("child")
	h.must(h.DropPoison(h.ctx(), h.onePoison("child", "ExecutionStarted", child.Name).ID))
	w = h.nextOf("parent")
	failed, ok := w.Messages[0].Event.(*history.SubOrchestrationInstanceFailed)
	if !ok || failed.TaskID != 1 || failed.Reason != backend.DroppedStart {
		h.Errorf("the parent is told %+v", w.Messages[0].Event)
	}
	h.finish(w)

	h.create("one")
	h.failUntilGivenUp("one")
	m := h.onePoison("one", "ExecutionStarted", "Orchestration")
	h.must(h.DropPoison(h.ctx(), m.ID))
	h.mustBe(h.DropPoison(h.ctx(), m.ID), backend.ErrPoisonNotFound)
	pass(h.harness.Patience)
	s := h.state("one")
	if s.Status != history.Terminated || s.Output == nil || *s.Output != backend.DroppedStart {
		h.Errorf("state %+v, want Terminated", s)
	}
	h.nothing()
	h.must(h.purge("one"))
	h.create("one")
	h.run("one")
}

func activityIsGivenUp(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.status(w, history.Running), h.schedule(w, 0), h.schedule(w, 1))
	bad := h.nextActivity()
	other := h.nextActivity()
	for range backend.MaxTries {
		h.must(h.AbandonActivity(h.ctx(), bad, backend.Abandonment{Cause: errOwnMaking, Poisonous: true}))
		pass(moment)
		if len(h.poison()) > 0 {
			break
		}
		bad = h.nextActivity()
	}
	h.noActivity()
	m := h.onePoison("one", "TaskScheduled", "Activity")
	w = h.deliver(other, "one")
	h.commit(w)
	h.replay(m.ID)
	again := h.nextActivity()
	h.same("activities", again.Message, bad.Message)
	if again.Attempt != 1 {
		h.Errorf("attempt %d of an activity that was replayed, want 1", again.Attempt)
	}
	h.finish(h.deliver(again, "one"))
	h.nothing()
}

// deliver completes an activity and takes the work that its result makes.
func (h *hub) deliver(a *backend.ActivityWork, id string) *backend.InstanceWork {
	h.Helper()
	result := h.complete(a)
	w := h.nextOf(id)
	h.carries(w, result)
	return w
}

func resultIsGivenUp(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.status(w, history.Running), h.schedule(w, 0))
	result := h.complete(h.nextActivity())
	h.failUntilGivenUp("one")
	h.nothing()
	h.noActivity()
	h.replay(h.onePoison("one", "TaskCompleted", "").ID)
	w = h.nextOf("one")
	h.carries(w, result)
	h.finish(w)
	h.noActivity()
}

func entityMessageIsGivenUp(h *hub) {
	e := h.signal("@counter@a", "op")
	for range backend.MaxTries {
		w := h.nextEntity("@counter@a")
		h.poisoned(w)
	}
	pass(moment)
	m := h.onePoison("@counter@a", "EventRaised", e.Name)
	h.replay(m.ID)
	w := h.nextEntity("@counter@a")
	h.carries(w, e)
	h.commit(w, h.record(w, "state"))
}

func poisonPages(h *hub) {
	const n = 70 // more than the service of Azure Storage shows at once
	want := map[string]bool{}
	for k := range n {
		id := fmt.Sprintf("i%02d", k)
		h.create(id)
		want[id] = true
	}
	for range n * backend.MaxTries {
		h.poisoned(h.next())
	}
	pass(time.Second)
	for _, size := range []int{7, 70, 100} {
		got, ids := map[string]bool{}, map[string]bool{}
		q := backend.PoisonQuery{PageSize: size}
		for {
			page, err := h.ListPoison(h.ctx(), q)
			h.must(err)
			if len(page.Messages) > size {
				h.Fatalf("a page of %d messages, want at most %d", len(page.Messages), size)
			}
			for _, m := range page.Messages {
				got[m.InstanceID], ids[m.ID] = true, true
			}
			if q.Token = page.Next; q.Token == "" {
				break
			}
		}
		h.same(fmt.Sprintf("messages by pages of %d", size), got, want)
		if len(ids) != n {
			h.Errorf("%d ids, want %d", len(ids), n)
		}
	}
	page, err := h.ListPoison(h.ctx(), backend.PoisonQuery{PageSize: n})
	h.must(err)
	last := page.Messages[n-1]
	h.must(h.ReplayPoison(h.ctx(), last.ID))
	h.run(last.InstanceID)
	h.must(h.DropPoison(h.ctx(), page.Messages[n-2].ID))
	if left := h.poison(); len(left) != n-2 {
		h.Errorf("%d are left, want %d", len(left), n-2)
	}
}

func givenUpAfterCrash(h *hub) {
	start := h.create("start")
	h.failUntilGivenUp("start")
	e := h.raise("start", "a")
	h.create("one")
	h.run("one")
	bad := h.raise("one", "bad")
	h.failUntilGivenUp("one")
	before := h.poison()
	h.crash()
	h.same("messages that were given up", h.poison(), before)
	pass(h.harness.Patience)
	h.nothing()
	h.must(h.ReplayPoison(h.ctx(), before[0].ID))
	h.crash()
	got := h.drainWork()
	h.same("messages of the one that had not begun", got["start"], []history.Event{start, e})
	h.replay(before[1].ID)
	w := h.nextOf("one")
	h.carries(w, bad)
	h.commit(w)
}

// drainWork commits all work there is and returns its messages by instance.
func (h *hub) drainWork() map[string][]history.Event {
	h.Helper()
	got := map[string][]history.Event{}
	for {
		w, err := ask(h.NextOrchestration).answer(h.harness.Patience)
		if errors.Is(err, errUnanswered) {
			return got
		}
		h.must(err)
		got[w.Instance.ID] = append(got[w.Instance.ID], events(w.Messages)...)
		h.commit(w, h.status(w, history.Running))
	}
}

func replayedAfterCrash(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.status(w, history.Running), h.schedule(w, 0))
	a := h.nextActivity()
	for len(h.poison()) == 0 {
		h.must(h.AbandonActivity(h.ctx(), a, backend.Abandonment{Cause: errOwnMaking, Poisonous: true}))
		pass(moment)
		if len(h.poison()) == 0 {
			a = h.nextActivity()
		}
	}
	h.replay(h.poison()[0].ID)
	h.crash()
	w = h.deliver(h.nextActivity(), "one")
	h.finish(w)
	h.nothing()
	h.noActivity()
}
