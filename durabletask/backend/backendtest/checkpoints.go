package backendtest

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func checkpoints() []testCase {
	return []testCase{
		{name: "checkpoints append to the history", run: historyGrows},
		{name: "the version moves with every checkpoint that adds to the history", run: versionMoves},
		{name: "a checkpoint after which more is to follow keeps the work", run: moreFollows},
		{name: "the messages of work of which more was to follow come again", run: moreThenCrash, crash: true},
		{name: "the zero checkpoint only drops the messages", run: zeroCheckpoint},
		{name: "a refused checkpoint stores nothing", run: refusedCheckpoint},
		{name: "the end of an execution drops what waits for it", run: endDropsRest},
		{name: "activities of a finished instance run all the same", run: endKeepsActivities},
		{name: "the history of an unknown instance", run: unknownHistory},
	}
}

func historyGrows(h *hub) {
	var want []history.Event
	h.create("one")
	for n := range 5 {
		w := h.nextOf("one")
		past, err := h.LoadHistory(h.ctx(), w)
		h.must(err)
		h.same("histories", past, want)
		episode := &history.OrchestratorStarted{Header: history.Header{ID: history.NoID, Time: now()}, Engine: n}
		want = append(append(want, episode), events(w.Messages)...)
		h.must(h.Checkpoint(h.ctx(), w, backend.Checkpoint{Events: want[len(past):]}))
		got, err := h.History(h.ctx(), "one")
		h.must(err)
		h.same("histories", got, want)
		h.raise("one", "on")
	}
}

func versionMoves(h *hub) {
	h.create("one")
	seen := make(map[uint64]bool)
	for range 3 {
		w := h.nextOf("one")
		if seen[w.Version] {
			h.Fatalf("version %d a second time", w.Version)
		}
		seen[w.Version] = true
		h.abandon(w, 0)
		again := h.nextOf("one")
		if again.Version != w.Version {
			h.Fatalf("version %d after nothing was added, want %d", again.Version, w.Version)
		}
		h.commit(again)
		h.raise("one", "on")
	}
}

func more(c *backend.Checkpoint) { c.More = true }

func moreFollows(h *hub) {
	start := h.create("one")
	w := h.nextOf("one")
	b := h.park(w, 1)
	version := w.Version
	h.commit(w, more, h.schedule(w, 0), h.status(w, history.Running))
	if w.Version == version {
		h.Error("the version did not move")
	}
	event := h.raise("one", "a")
	h.nothing()
	first := h.complete(h.nextActivity())
	past, err := h.LoadHistory(h.ctx(), w)
	h.must(err)
	h.same("histories", past[1:2], []history.Event{start})
	h.must(h.Checkpoint(h.ctx(), w, backend.Checkpoint{More: true, Events: []history.Event{h.event("b")}}))
	h.abandon(w, 0)
	w = h.nextOf("one")
	h.carries(w, start, event, first)
	if w.Session.Body() != b {
		h.Errorf("body %v, want the one that was parked", w.Session.Body())
	}
	b.atWork = false
	h.must(h.Checkpoint(h.ctx(), w, backend.Checkpoint{More: true, Events: []history.Event{h.event("c")}}))
	h.must(h.Checkpoint(h.ctx(), w, backend.Checkpoint{Events: []history.Event{h.event("d")}}))
	h.mustBe(h.Checkpoint(h.ctx(), w, backend.Checkpoint{More: true}), backend.ErrSessionLost)
	h.nothing()
	past, err = h.History(h.ctx(), "one")
	h.must(err)
	var names []string
	for _, e := range past[3:] {
		names = append(names, e.(*history.EventRaised).Name)
	}
	h.same("events", names, []string{"b", "c", "d"})
}

func moreThenCrash(h *hub) {
	start := h.create("one")
	w := h.nextOf("one")
	h.commit(w, more)
	h.commit(w, more)
	h.crash()
	w = h.nextOf("one")
	h.carries(w, start)
	past, err := h.LoadHistory(h.ctx(), w)
	h.must(err)
	if len(past) != 4 {
		h.Errorf("history %v, want two parts of two events", past)
	}
	h.commit(w)
	h.crash()
	h.nothing()
}

func zeroCheckpoint(h *hub) {
	h.create("one")
	before, err := h.Get(h.ctx(), "one")
	h.must(err)
	w := h.nextOf("one")
	h.must(h.Checkpoint(h.ctx(), w, backend.Checkpoint{}))
	h.nothing()
	past, err := h.History(h.ctx(), "one")
	h.must(err)
	if len(past) != 0 {
		h.Errorf("history %v, want none", past)
	}
	after, err := h.Get(h.ctx(), "one")
	h.must(err)
	h.same("states", after, before)
}

func refusedCheckpoint(h *hub) {
	h.create("other")
	h.run("other")
	h.create("one")
	old := h.nextOf("one")
	h.abandon(old, 0)
	w := h.nextOf("one")
	e := h.event("never")
	h.mustBe(h.tryCommit(old, h.status(old, history.Failed), h.schedule(old, 0), h.after(old, 1, 0),
		send(history.Message{Target: history.Instance{ID: "other"}, Event: e}), send(startOf(h.started("child")))), backend.ErrSessionLost)
	h.nothing()
	h.noActivity()
	if got := h.statusOf("one"); got != history.Pending {
		h.Errorf("status %v, want Pending", got)
	}
	past, err := h.LoadHistory(h.ctx(), w)
	h.must(err)
	if len(past) != 0 {
		h.Errorf("history %v, want none", past)
	}
	_, err = h.Get(h.ctx(), "child")
	h.mustBe(err, backend.ErrInstanceNotFound)
	h.commit(w)
}

func endDropsRest(h *hub) {
	h.create("one")
	h.run("one")
	h.raise("one", "a")
	w := h.nextOf("one")
	h.commit(w, h.after(w, 1, time.Hour))
	h.raise("one", "b")
	w = h.nextOf("one")
	h.raise("one", "left over")
	h.finish(w, h.after(w, 2, time.Minute), send(history.Message{Target: w.Instance, Event: h.event("to itself")}))
	h.nothing()
	pass(2 * time.Hour)
	h.nothing()
	if h.harness.Crash != nil {
		h.crash()
		h.nothing()
	}
	s, err := h.Get(h.ctx(), "one")
	h.must(err)
	if s.Status != history.Completed || s.Output == nil || s.Completed.IsZero() {
		h.Errorf("state %+v, want Completed with an output and a time", s)
	}
}

func endKeepsActivities(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0), h.schedule(w, 1))
	running := h.nextActivity()
	h.raise("one", "end")
	w = h.nextOf("one")
	h.finish(w, h.schedule(w, 2))
	h.complete(running)
	h.nothing()
	for _, task := range []int{1, 2} {
		a := h.nextActivity()
		if got := a.Message.Event.Head().ID; got != task {
			h.Errorf("activity %d, want %d", got, task)
		}
		h.complete(a)
	}
	h.noActivity()
	h.nothing()
	pass(time.Minute)
	if h.harness.Crash != nil {
		h.crash()
		h.noActivity()
		h.nothing()
	}
}

func unknownHistory(h *hub) {
	_, err := h.History(h.ctx(), "nobody")
	h.mustBe(err, backend.ErrInstanceNotFound)
}
