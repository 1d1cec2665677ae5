package backendtest

import (
	"errors"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func creation() []testCase {
	return []testCase{
		{name: "a new instance is pending and its start is handed out", run: createAndStart},
		{name: "a start is refused in the states that the caller lists", run: createRefused},
		{name: "of two starts at once one wins", run: createRace},
		{name: "a new start replaces a finished instance, history and all", run: createReplaces},
		{name: "a new start replaces a running instance whose work is out", run: createReplacesRunning},
		{name: "a scheduled start waits until it is due", run: scheduledStart},
		{name: "an event before a scheduled start waits behind it", run: eventBeforeScheduledStart},
		{name: "a start scheduled in the past is due at once", run: scheduledInThePast},
	}
}

func createAndStart(h *hub) {
	e := h.started("one")
	e.Version, e.Tags = new("1.2"), map[string]string{"a": "b", "": "ü"}
	e.Parent = &history.ParentInstance{Instance: history.Instance{ID: "p", ExecutionID: "x"}, Name: "P", TaskID: 4}
	h.must(h.Create(h.ctx(), backend.Creation{Start: startOf(e)}))
	s, err := h.Get(h.ctx(), "one")
	h.must(err)
	h.same("states", s, &backend.InstanceState{
		Instance: e.Instance, Name: "Orchestration", Version: new("1.2"), Status: history.Pending, Input: e.Input,
		Tags: e.Tags, Parent: e.Parent, Generation: new(0), Created: e.Time, Updated: e.Time,
	})
	w := h.nextOf("one")
	h.carries(w, e)
	h.same("instances", w.Instance, e.Instance)
	if w.Attempt != 1 {
		h.Errorf("attempt %d, want 1", w.Attempt)
	}
	past, err := h.LoadHistory(h.ctx(), w)
	h.must(err)
	if len(past) != 0 {
		h.Errorf("history %v before the first checkpoint, want none", past)
	}
	h.commit(w)
	h.nothing()
}

func createRefused(h *hub) {
	h.create("one")
	for _, status := range []history.Status{history.Pending, history.Running, history.Suspended, history.Completed} {
		if status != history.Pending {
			w := h.nextOf("one")
			h.commit(w, h.status(w, status))
		}
		err := h.Create(h.ctx(), backend.Creation{Start: startOf(h.started("one")), Refuse: []history.Status{history.Failed, status}})
		var exists *backend.InstanceExistsError
		if !errors.As(err, &exists) || exists.Status != status || exists.InstanceID != "one" {
			h.Fatalf("start of an instance that is %v: error %v, want an InstanceExistsError with it", status, err)
		}
		if got := h.statusOf("one"); got != status {
			h.Fatalf("the refused start left the instance %v, want %v", got, status)
		}
		if status != history.Pending && !status.Terminal() {
			h.raise("one", "on")
		}
	}
	h.nothing()
}

func createRace(h *hub) {
	const racers = 8
	var wg sync.WaitGroup
	errs := make([]error, racers)
	for n := range racers {
		c := backend.Creation{Start: startOf(h.started("one")), Refuse: []history.Status{history.Pending, history.Running}}
		wg.Go(func() { errs[n] = h.Create(h.ctx(), c) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		var exists *backend.InstanceExistsError
		switch {
		case err == nil:
			won++
		case !errors.As(err, &exists):
			h.Error(err)
		}
	}
	if won != 1 {
		h.Fatalf("%d starts won, want 1", won)
	}
	if w := h.nextOf("one"); len(w.Messages) != 1 {
		h.Fatalf("%d messages, want the one start", len(w.Messages))
	}
}

func createReplaces(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.finish(w, h.schedule(w, 0))
	second := h.create("one")
	if got := h.statusOf("one"); got != history.Pending {
		h.Errorf("status %v, want Pending", got)
	}
	past, err := h.History(h.ctx(), "one")
	h.must(err)
	if len(past) != 0 {
		h.Errorf("history of the one before: %v", past)
	}
	w = h.nextOf("one")
	h.carries(w, generation(second, 1))
	h.same("instances", w.Instance, second.Instance)
	if past, err = h.LoadHistory(h.ctx(), w); err != nil || len(past) != 0 {
		h.Fatalf("history %v, error %v, want none", past, err)
	}
	h.commit(w, h.status(w, history.Running))
	h.same("generations", h.state("one").Generation, new(1))
	h.raise("one", "end")
	h.finish(h.nextOf("one"))
	third := h.create("one")
	h.carries(h.nextOf("one"), generation(third, 2))
}

func createReplacesRunning(h *hub) {
	h.create("one")
	old := h.nextOf("one")
	h.raise("one", "for the old one")
	second := h.create("one")
	h.mustBe(h.tryCommit(old), backend.ErrSessionLost)
	w := h.nextOf("one")
	h.carries(w, generation(second, 1))
	h.finish(w)
	h.nothing()
}

func scheduledStart(h *hub) {
	e := h.started("one")
	e.ScheduledStart = now().Add(time.Hour)
	h.must(h.Create(h.ctx(), backend.Creation{Start: startOf(e)}))
	s, err := h.Get(h.ctx(), "one")
	h.must(err)
	if s.Status != history.Pending || !s.ScheduledStart.Equal(e.ScheduledStart) {
		h.Errorf("status %v, scheduled for %v; want Pending, %v", s.Status, s.ScheduledStart, e.ScheduledStart)
	}
	pass(time.Hour - time.Nanosecond)
	h.nothing()
	pass(time.Minute)
	h.carries(h.nextOf("one"), e)
}

func eventBeforeScheduledStart(h *hub) {
	e := h.started("one")
	e.ScheduledStart = now().Add(time.Hour)
	h.must(h.Create(h.ctx(), backend.Creation{Start: startOf(e)}))
	first, second := h.raise("one", "a"), h.raise("one", "b")
	h.nothing()
	if h.harness.Crash != nil {
		h.crash()
		h.nothing()
	}
	pass(time.Hour + time.Minute)
	h.carries(h.nextOf("one"), e, first, second)
}

func scheduledInThePast(h *hub) {
	e := h.started("one")
	e.ScheduledStart = now().Add(-time.Hour)
	h.must(h.Create(h.ctx(), backend.Creation{Start: startOf(e)}))
	h.carries(h.nextOf("one"), e)
}
