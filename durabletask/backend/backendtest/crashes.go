package backendtest

import (
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func crashes() []testCase {
	return []testCase{
		{name: "after a crash everything that was committed is there", run: crashKeeps, crash: true},
		{name: "after a crash uncommitted work comes again", run: crashRedelivers, crash: true},
		{name: "after a crash a running activity runs again", run: crashReruns, crash: true},
		{name: "after a crash a result comes or its activity runs again, not both", run: crashResultOnce, crash: true},
		{name: "after a crash the order is the same", run: crashKeepsOrder, crash: true},
	}
}

func crashKeeps(h *hub) {
	h.create("finished")
	h.finish(h.nextOf("finished"))
	h.create("running")
	h.run("running")
	h.create("pending")
	type seen struct {
		State   *backend.InstanceState
		History []history.Event
	}
	look := func() map[string]seen {
		all := make(map[string]seen)
		for _, id := range []string{"finished", "running", "pending"} {
			s, err := h.Get(h.ctx(), id)
			h.must(err)
			past, err := h.History(h.ctx(), id)
			h.must(err)
			all[id] = seen{s, past}
		}
		return all
	}
	before := look()
	h.crash()
	h.same("instances", look(), before)
	h.commit(h.nextOf("pending"))
	h.nothing()
	h.mustBe(h.Send(h.ctx(), history.Message{Target: history.Instance{ID: "finished"}, Event: h.event("a")}), backend.ErrInstanceFinished)
	e := h.raise("running", "a")
	w := h.nextOf("running")
	h.carries(w, e)
	past, err := h.LoadHistory(h.ctx(), w)
	h.must(err)
	h.same("histories", past, before["running"].History)
	h.finish(w)
}

func crashRedelivers(h *hub) {
	start := h.create("one")
	h.nextOf("one")
	event := h.raise("one", "a")
	h.crash()
	w := h.nextOf("one")
	h.carries(w, start, event)
	if w.Attempt != 1 {
		h.Errorf("attempt %d in a new process, want 1", w.Attempt)
	}
	h.commit(w)
	h.crash()
	h.nothing()
}

func crashReruns(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0), h.schedule(w, 1))
	first := h.nextActivity()
	h.crash()
	a, b := h.nextActivity(), h.nextActivity()
	if a.Message.Event.Head().ID != first.Message.Event.Head().ID { // a queue need not keep the order of what a crash has left
		a, b = b, a
	}
	h.same("activities", a.Message, first.Message)
	h.noActivity()
	results := []history.Event{h.complete(b), h.complete(a)}
	h.carries(h.nextOf("one"), results...)
}

func crashResultOnce(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	const n = 10
	for task := range n {
		h.commit(w, h.schedule(w, task))
		result := h.complete(h.nextActivity())
		if task%2 == 0 {
			h.nextOf("one") // the worker has seen the result when the crash comes
		}
		h.crash()
		if a, err := ask(h.NextActivity).answer(); err == nil {
			h.nothing()
			result = h.complete(a)
		}
		w = h.nextOf("one")
		h.carries(w, result)
	}
	h.finish(w)
	past, err := h.History(h.ctx(), "one")
	h.must(err)
	seen := make(map[int]int)
	for _, e := range past {
		if c, ok := e.(*history.TaskCompleted); ok {
			seen[c.TaskID]++
		}
	}
	for task := range n {
		if seen[task] != 1 {
			h.Errorf("result of activity %d is in the history %d times, want once", task, seen[task])
		}
	}
}

func crashKeepsOrder(h *hub) {
	const n = 20
	want := make(map[string][]history.Event)
	for k := range n {
		id := fmt.Sprint((k * 7) % n)
		want[id] = append(want[id], h.create(id))
	}
	for range 3 {
		for k := range n {
			id := fmt.Sprint((k * 3) % n)
			want[id] = append(want[id], h.raise(id, "a"))
		}
	}
	h.crash()
	for k := range n {
		w := h.next()
		if id := fmt.Sprint((k * 7) % n); w.Instance.ID != id && h.harness.Settle == 0 { // a store that polls looks up several at once
			h.Fatalf("work of %q, want %q", w.Instance.ID, id)
		}
		h.carries(w, want[w.Instance.ID]...)
		h.commit(w)
	}
	h.nothing()
}
