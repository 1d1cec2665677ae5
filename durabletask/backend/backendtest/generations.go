package backendtest

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func generations() []testCase {
	return []testCase{
		{name: "continue-as-new replaces the history", run: continueReplacesHistory},
		{name: "continue-as-new drops what names the generation before", run: continueDropsBound},
		{name: "continue-as-new keeps events that came meanwhile", run: continueKeepsEvents},
		{name: "continue-as-new keeps the session", run: continueKeepsSession},
		{name: "continue-as-new of which more is to follow", run: continueWithMore},
		{name: "a result for the generation before is dropped after a crash, too", run: continueThenCrash, crash: true},
	}
}

// continued makes the checkpoint continue as the execution "second".
func (h *hub) continued(w *backend.InstanceWork) func(*backend.Checkpoint) {
	h.Helper()
	state := h.state(w.Instance.ID)
	state.Instance.ExecutionID = "second"
	state.Status, state.Created, state.Updated = history.Running, now(), now()
	start := h.started(w.Instance.ID)
	start.Instance, start.Generation = state.Instance, nil
	return func(c *backend.Checkpoint) {
		c.State = state
		c.Events = []history.Event{start}
	}
}

func continueReplacesHistory(h *hub) {
	h.create("one")
	h.run("one")
	h.raise("one", "on")
	w := h.nextOf("one")
	version := w.Version
	h.commit(w, h.continued(w))
	past, err := h.History(h.ctx(), "one")
	h.must(err)
	if len(past) != 1 || past[0].(*history.ExecutionStarted).Instance.ExecutionID != "second" {
		h.Errorf("history %v, want the start of the second generation", past)
	}
	if got := h.state("one"); got.Instance.ExecutionID != "second" || got.Status != history.Running || got.Generation == nil {
		h.Errorf("state %+v, want the second generation's, running, and the count of starts", got)
	}
	h.raise("one", "on")
	w = h.nextOf("one")
	if w.Instance.ExecutionID != "second" || w.Version == version {
		h.Errorf("work of %+v, version %d, want the second generation's and another version", w.Instance, w.Version)
	}
	loaded, err := h.LoadHistory(h.ctx(), w)
	h.must(err)
	h.same("histories", loaded, past)
	h.finish(w)
	again := h.create("one")
	h.carries(h.nextOf("one"), generation(again, 1))
}

func continueDropsBound(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	first := w.Instance
	h.commit(w, h.schedule(w, 0), h.schedule(w, 1), h.schedule(w, 2), h.after(w, 3, time.Minute))
	running := h.nextActivity()
	h.raise("one", "on")
	w = h.nextOf("one")
	h.complete(h.nextActivity())
	h.must(h.Send(h.ctx(), history.Message{Target: first, Event: h.event("by name")}))
	second := history.Instance{ID: "one", ExecutionID: "second"}
	event := h.event("to the second")
	h.commit(w, h.continued(w), h.after(&backend.InstanceWork{Instance: second}, 5, time.Hour),
		send(history.Message{Target: first, Event: h.event("to the first")}), send(history.Message{Target: second, Event: event}))
	w = h.nextOf("one")
	h.carries(w, event)
	h.commit(w)
	h.complete(running)
	third := h.nextActivity() // of the first generation: it is run all the same
	if third.Message.Target != first {
		h.Errorf("an activity of %+v, want %+v", third.Message.Target, first)
	}
	h.complete(third)
	h.mustBe(h.Send(h.ctx(), history.Message{Target: first, Event: h.event("late")}), backend.ErrInstanceNotFound)
	pass(2 * time.Minute)
	h.nothing()
	h.noActivity()
	if h.harness.Crash != nil {
		h.crash()
		h.nothing()
		h.noActivity()
	}
	pass(time.Hour)
	h.same("timers", fired(h.nextOf("one")), []int{5})
}

func continueKeepsEvents(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	a, b := h.raise("one", "a"), h.raise("one", "b")
	h.commit(w, h.continued(w))
	if h.harness.Crash != nil {
		h.crash()
	}
	w = h.nextOf("one")
	h.carries(w, a, b)
	h.commit(w)
	h.nothing()
}

func continueKeepsSession(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	b := h.park(w, 1)
	b.atWork = false
	h.commit(w, h.continued(w))
	h.raise("one", "on")
	if got := h.nextOf("one").Session.Body(); got != b || b.ended != 0 {
		h.Errorf("body %v, ended %d times, want the one that was parked", got, b.ended)
	}
}

func continueWithMore(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	event := h.raise("one", "a")
	h.commit(w, h.continued(w), more)
	if w.Instance.ExecutionID != "second" {
		h.Errorf("work of %+v, want the second generation's", w.Instance)
	}
	h.nothing()
	h.must(h.Checkpoint(h.ctx(), w, backend.Checkpoint{Events: []history.Event{h.event("b")}}))
	past, err := h.History(h.ctx(), "one")
	h.must(err)
	if len(past) != 2 {
		h.Errorf("history %v, want the start and the event", past)
	}
	w = h.nextOf("one")
	h.carries(w, event)
	h.finish(w)
}

func continueThenCrash(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	first := w.Instance
	h.commit(w, h.schedule(w, 0))
	h.nextActivity()
	h.raise("one", "on")
	w = h.nextOf("one")
	h.commit(w, h.continued(w))
	h.crash()
	a := h.nextActivity()
	if a.Message.Target != first {
		h.Errorf("an activity of %+v, want %+v", a.Message.Target, first)
	}
	h.complete(a)
	h.nothing()
	pass(time.Minute)
	h.crash()
	h.nothing()
	h.noActivity()
}
