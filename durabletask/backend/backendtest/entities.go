package backendtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func entities() []testCase {
	return []testCase{
		{name: "an event makes an entity", run: eventMakesEntity},
		{name: "an entity is seen when it has been stored", run: entityIsSeenWhenStored},
		{name: "entities and orchestrations have calls of their own", run: kindsOfWork},
		{name: "a checkpoint's message makes an entity", run: checkpointMakesEntity},
		{name: "the execution that a message to an entity names does not matter", run: messageToAnyExecution},
		{name: "a delayed message to an entity is never early, and survives its generations", run: delayedToEntity},
		{name: "only events make entities", run: onlyEventsMakeEntities},
		{name: "a terminated entity takes no more events", run: terminatedEntity},
		{name: "entities are listed by prefix and time", run: entitiesAreListed},
		{name: "what waits for an entity survives a crash", run: entityAfterCrash, crash: true},
	}
}

// signal sends an event to an entity.
func (h *hub) signal(id, name string) *history.EventRaised {
	h.Helper()
	return h.raise(id, name)
}

// nextEntity takes an entity's work, which must be there.
func (h *hub) nextEntity(id string) *backend.InstanceWork {
	h.Helper()
	w, err := ask(h.NextEntity).answer(h.harness.Patience)
	if errors.Is(err, errUnanswered) {
		h.Fatal("no entity is handed out")
	}
	h.must(err)
	if w.Instance.ID != id {
		h.Fatalf("work of %q, want %q", w.Instance.ID, id)
	}
	return w
}

func (h *hub) noEntity() {
	h.Helper()
	if w, err := ask(h.NextEntity).instantly(); !errors.Is(err, errUnanswered) {
		h.Fatalf("entity %+v (error %v), want none", w, err)
	}
}

// record makes the checkpoint store a generation of an entity whose record says input.
func (h *hub) record(w *backend.InstanceWork, input string) func(*backend.Checkpoint) {
	head := h.header()
	in := history.Instance{ID: w.Instance.ID, ExecutionID: fmt.Sprintf("batch-%d", h.serial)}
	start := &history.ExecutionStarted{Header: head, Instance: in, Name: in.ID, Version: new(""), Input: &input}
	return func(c *backend.Checkpoint) {
		c.Events = []history.Event{
			&history.OrchestratorStarted{Header: history.Header{ID: history.NoID, Time: head.Time}}, start,
			&history.OrchestratorCompleted{Header: history.Header{ID: history.NoID, Time: head.Time}},
		}
		c.State = &backend.InstanceState{
			Instance: in, Name: in.ID, Version: start.Version, Status: history.Running, Input: &input, CustomStatus: new(`{"entityExists":true}`),
			Created: head.Time, Updated: head.Time,
		}
	}
}

func eventMakesEntity(h *hub) {
	e := h.signal("@counter@a", "op")
	w := h.nextEntity("@counter@a")
	h.carries(w, e)
	if w.Instance.ExecutionID != "" {
		h.Errorf("a new entity has execution %q", w.Instance.ExecutionID)
	}
	past, err := h.LoadHistory(h.ctx(), w)
	if err != nil || len(past) != 0 {
		h.Errorf("a new entity has history %v, %v", past, err)
	}
	h.commit(w, h.record(w, "first"))
	h.noEntity()
	e = h.signal("@counter@a", "op")
	w = h.nextEntity("@counter@a")
	h.carries(w, e)
	past, err = h.LoadHistory(h.ctx(), w)
	h.must(err)
	if start, ok := past[1].(*history.ExecutionStarted); !ok || len(past) != 3 || *start.Input != "first" || start.Instance != w.Instance {
		h.Errorf("the history of %v is %v", w.Instance, past)
	}
	h.commit(w, h.record(w, "second"))
	past, err = h.History(h.ctx(), "@counter@a")
	h.must(err)
	if start, ok := past[1].(*history.ExecutionStarted); !ok || len(past) != 3 || *start.Input != "second" {
		h.Errorf("the history is %v", past)
	}
}

func entityIsSeenWhenStored(h *hub) {
	h.signal("@counter@a", "op")
	_, err := h.Get(h.ctx(), "@counter@a")
	h.mustBe(err, backend.ErrInstanceNotFound)
	_, err = h.History(h.ctx(), "@counter@a")
	h.mustBe(err, backend.ErrInstanceNotFound)
	p, err := h.List(h.ctx(), backend.Query{})
	h.must(err)
	if len(p.Instances) != 0 {
		h.Errorf("listed %d instances", len(p.Instances))
	}
	w := h.nextEntity("@counter@a")
	h.commit(w, h.record(w, "state"))
	s := h.state("@counter@a")
	if s.Status != history.Running || *s.Input != "state" || s.Instance.ExecutionID == "" || *s.CustomStatus != `{"entityExists":true}` {
		h.Errorf("the state is %+v", s)
	}
}

func kindsOfWork(h *hub) {
	h.signal("@counter@a", "op")
	h.nothing()
	h.create("one")
	w := h.nextEntity("@counter@a")
	h.noEntity()
	o := h.nextOf("one")
	h.commit(w, h.record(w, "state"))
	h.commit(o)
	h.abandonedComesAgain()
}

// abandonedComesAgain gives an entity's work back and takes it again.
func (h *hub) abandonedComesAgain() {
	h.Helper()
	e := h.signal("@counter@b", "op")
	w := h.nextEntity("@counter@b")
	h.abandon(w, time.Minute)
	h.noEntity()
	pass(time.Minute)
	again := h.nextEntity("@counter@b")
	h.carries(again, e)
	h.commit(again, h.record(again, "state"))
}

func checkpointMakesEntity(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	a, b := h.event("op"), h.event("op")
	to := history.Instance{ID: "@counter@a"}
	h.commit(w, send(history.Message{Target: to, Event: a}), send(history.Message{Target: to, Event: b}))
	e := h.nextEntity("@counter@a")
	h.carries(e, a, b)
	c := h.event("op")
	h.commit(e, h.record(e, "state"), send(history.Message{Target: history.Instance{ID: "@counter@b"}, Event: c}))
	h.carries(h.nextEntity("@counter@b"), c)
}

func messageToAnyExecution(h *hub) {
	e := h.event("release")
	h.must(h.Send(h.ctx(), history.Message{Target: history.Instance{ID: "@counter@a", ExecutionID: "some"}, Event: e}))
	w := h.nextEntity("@counter@a")
	h.carries(w, e)
	h.commit(w, h.record(w, "state"))
	e = h.event("release")
	h.must(h.Send(h.ctx(), history.Message{Target: history.Instance{ID: "@counter@a", ExecutionID: "some"}, Event: e}))
	h.carries(h.nextEntity("@counter@a"), e)
}

func delayedToEntity(h *hub) {
	late := h.signal("@counter@a", history.DelayedOperation(now().Add(90*time.Second+time.Millisecond)))
	early := h.signal("@counter@a", "op")
	w := h.nextEntity("@counter@a")
	h.carries(w, early)
	h.commit(w, h.record(w, "state"))
	pass(90 * time.Second)
	h.noEntity()
	pass(time.Second)
	h.carries(h.nextEntity("@counter@a"), late)
	past := h.signal("@counter@b", history.DelayedOperation(now().Add(-time.Minute)))
	h.carries(h.nextEntity("@counter@b"), past)
}

func onlyEventsMakeEntities(h *hub) {
	e := &history.ExecutionTerminated{Header: h.header()}
	h.mustBe(h.Send(h.ctx(), history.Message{Target: history.Instance{ID: "@counter@a"}, Event: e}), backend.ErrInstanceNotFound)
	h.noEntity()
}

func terminatedEntity(h *hub) {
	h.signal("@counter@a", "op")
	w := h.nextEntity("@counter@a")
	h.commit(w, h.record(w, "state"))
	h.signal("@counter@a", "op")
	w = h.nextEntity("@counter@a")
	h.finish(w)
	h.mustBe(h.Send(h.ctx(), history.Message{Target: w.Instance, Event: h.event("op")}), backend.ErrInstanceFinished)
	h.noEntity()
	if s := h.state("@counter@a"); *s.Input != "state" || !s.Status.Terminal() {
		h.Errorf("the state is %+v", s)
	}
}

func entitiesAreListed(h *hub) {
	h.create("counter")
	for _, id := range []string{"@counter@a", "@counter@b", "@counters@a", "@log@a"} {
		h.signal(id, "op")
		w := h.nextEntity(id)
		h.commit(w, h.record(w, "state"))
		pass(time.Minute)
	}
	ids := func(q backend.Query) (all []string) {
		p, err := h.List(h.ctx(), q)
		h.must(err)
		for _, s := range p.Instances {
			all = append(all, s.Instance.ID)
		}
		return all
	}
	h.same("entities of a name", ids(backend.Query{Prefix: "@counter@"}), []string{"@counter@a", "@counter@b"})
	h.same("entities", ids(backend.Query{Prefix: "@"}), []string{"@counter@a", "@counter@b", "@counters@a", "@log@a"})
	h.same("recent entities", ids(backend.Query{Prefix: "@", CreatedFrom: now().Add(-2 * time.Minute)}), []string{"@counters@a", "@log@a"})
}

func entityAfterCrash(h *hub) {
	one := h.signal("@counter@a", "op")
	late := h.signal("@counter@a", history.DelayedOperation(now().Add(time.Hour)))
	h.crash()
	w := h.nextEntity("@counter@a")
	h.carries(w, one)
	h.commit(w, h.record(w, "state"))
	two := h.signal("@counter@a", "op")
	h.crash()
	w = h.nextEntity("@counter@a")
	h.carries(w, two)
	h.commit(w, h.record(w, "state"))
	h.crash()
	h.noEntity()
	pass(time.Hour + time.Second)
	h.carries(h.nextEntity("@counter@a"), late)
}
