package backendtest

import (
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func messages() []testCase {
	return []testCase{
		{name: "a child whose id is in use is refused, and its parent told", run: childRefused},
		{name: "messages come in order of arrival", run: messageOrder},
		{name: "messages wait while the instance is out", run: messagesWaitWhileOut},
		{name: "callers are served in the order in which they came", run: callersInOrder},
		{name: "a call that is given up takes no work", run: givenUpCall},
		{name: "a message to an unknown instance is refused", run: messageToUnknown},
		{name: "a message to a finished instance is refused", run: messageToFinished},
		{name: "a message to another execution is not delivered", run: messageToOtherExecution},
		{name: "a message between instances is delivered with the checkpoint", run: messageBetween},
		{name: "a checkpoint's message to nobody is dropped", run: messageToNobody},
		{name: "a checkpoint can start an instance", run: checkpointStarts},
	}
}

func messageOrder(h *hub) {
	want := []history.Event{h.create("one")}
	for n := range 50 {
		want = append(want, h.raise("one", fmt.Sprint(n)))
	}
	w := h.nextOf("one")
	h.carries(w, want...)
	h.commit(w)
	h.nothing()
}

func messagesWaitWhileOut(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	a, b := h.raise("one", "a"), h.raise("one", "b")
	h.nothing()
	h.commit(w)
	w = h.nextOf("one")
	h.carries(w, a, b)
	h.nothing()
	h.commit(w)
	h.nothing()
}

func callersInOrder(h *hub) {
	var calls []*call[*backend.InstanceWork]
	for range 3 {
		c := ask(h.NextOrchestration)
		if c.peek() {
			h.Fatal("work of an empty hub")
		}
		calls = append(calls, c)
	}
	for n, c := range calls {
		id := fmt.Sprint(n)
		h.create(id)
		w, err := c.answer()
		h.must(err)
		if w.Instance.ID != id {
			h.Errorf("caller %d got %q, want %q", n, w.Instance.ID, id)
		}
		h.commit(w)
	}
}

func givenUpCall(h *hub) {
	h.nothing() // gives up
	h.noActivity()
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0))
	h.nextActivity()
}

func messageToUnknown(h *hub) {
	err := h.Send(h.ctx(), history.Message{Target: history.Instance{ID: "nobody"}, Event: h.event("a")})
	h.mustBe(err, backend.ErrInstanceNotFound)
	h.nothing()
}

func messageToFinished(h *hub) {
	h.create("one")
	h.finish(h.nextOf("one"))
	err := h.Send(h.ctx(), history.Message{Target: history.Instance{ID: "one"}, Event: h.event("a")})
	h.mustBe(err, backend.ErrInstanceFinished)
	h.nothing()
}

func messageToOtherExecution(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	other := history.Instance{ID: "one", ExecutionID: "another"}
	h.commit(w, send(history.Message{Target: other, Event: h.event("a")}))
	h.nothing()
	present := history.Message{Target: w.Instance, Event: h.event("b")}
	h.must(h.Send(h.ctx(), present))
	h.carries(h.nextOf("one"), present.Event)
}

func messageBetween(h *hub) {
	h.create("from")
	h.create("to")
	from, to := h.nextOf("from"), h.nextOf("to")
	h.commit(to)
	e := h.event("hello")
	h.nothing()
	h.commit(from, send(history.Message{Target: history.Instance{ID: "to"}, Event: e}))
	h.carries(h.nextOf("to"), e)
	h.nothing()
}

func messageToNobody(h *hub) {
	h.create("finished")
	h.finish(h.nextOf("finished"))
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, send(history.Message{Target: history.Instance{ID: "nobody"}, Event: h.event("a")}),
		send(history.Message{Target: history.Instance{ID: "finished"}, Event: h.event("b")}))
	h.nothing()
	_, err := h.Get(h.ctx(), "nobody")
	h.mustBe(err, backend.ErrInstanceNotFound)
}

func checkpointStarts(h *hub) {
	h.create("parent")
	w := h.nextOf("parent")
	child := h.started("child")
	h.commit(w, send(startOf(child)), send(startOf(h.started("parent"))))
	if got := h.statusOf("child"); got != history.Pending {
		h.Errorf("status %v, want Pending", got)
	}
	c := h.nextOf("child")
	h.carries(c, child)
	h.nothing()
	h.finish(c)
	h.raise("parent", "on")
	again := h.started("child")
	again.Time = now().Add(time.Second)
	h.commit(h.nextOf("parent"), send(startOf(again)))
	h.carries(h.nextOf("child"), again)
}

func childRefused(h *hub) {
	h.create("taken")
	h.run("taken")
	h.create("parent")
	w := h.nextOf("parent")
	child := func(task int, tags map[string]string) history.Message {
		e := h.started("taken")
		e.Parent, e.Tags = &history.ParentInstance{Instance: w.Instance, Name: "Parent", TaskID: task}, tags
		return startOf(e)
	}
	created := func(c *backend.Checkpoint) {
		decide(c, &history.SubOrchestrationInstanceCreated{Header: history.Header{ID: 7, Time: now()}, InstanceID: "taken", Name: "Orchestration"})
	}
	h.commit(w, created, send(child(7, nil)), send(child(8, map[string]string{history.FireAndForget: ""})), h.status(w, history.Running))
	answer := h.nextOf("parent")
	refused, ok := answer.Messages[0].Event.(*history.SubOrchestrationInstanceFailed)
	if !ok || len(answer.Messages) != 1 || refused.TaskID != 7 || refused.Failure == nil || refused.Failure.ErrorType != "InstanceExists" {
		h.Fatalf("the parent gets %+v", answer.Messages)
	}
	h.finish(answer)
	h.nothing()
}
