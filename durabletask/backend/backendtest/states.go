package backendtest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func states() []testCase {
	return []testCase{
		{name: "a state is stored whole", run: stateIsStored},
		{name: "a change of the time alone may be left out, but not for long", run: stateTimeOnly},
		{name: "an unknown instance", run: unknownInstance},
		{name: "waiting ends with the instance", run: waitEnds},
		{name: "waiting for an instance that has ended", run: waitEnded},
		{name: "waiting for an unknown instance", run: waitUnknown},
		{name: "waiting is given up", run: waitGivenUp},
		{name: "waiting goes on through a replacement", run: waitReplaced},
		{name: "large values", run: largeValues},
		{name: "strange values", run: strangeValues},
	}
}

func stateIsStored(h *hub) {
	e := h.create("one")
	w := h.nextOf("one")
	full := &backend.InstanceState{
		Instance: e.Instance, Name: "Other", Version: new("3"), Status: history.Suspended, Input: new("in"), Output: new("out"),
		Failure:      &history.FailureDetails{ErrorType: "T", ErrorMessage: "m", Inner: &history.FailureDetails{ErrorType: "I"}},
		CustomStatus: new(`{"a":1}`), Parent: &history.ParentInstance{Name: "P", Version: new("")}, Tags: map[string]string{"x": ""}, Generation: new(7),
		Created: now().Add(-time.Hour), Updated: now(), ScheduledStart: now().Add(-time.Minute), Completed: now().Add(time.Second),
	}
	h.must(h.Checkpoint(h.ctx(), w, backend.Checkpoint{State: full}))
	got, err := h.Get(h.ctx(), "one")
	h.must(err)
	h.same("states", got, full)
	h.raise("one", "on")
	bare := &backend.InstanceState{Instance: e.Instance, Name: "Orchestration", Status: history.Running, Created: now(), Updated: now()}
	h.must(h.Checkpoint(h.ctx(), h.nextOf("one"), backend.Checkpoint{State: bare}))
	got, err = h.Get(h.ctx(), "one")
	h.must(err)
	bare.Generation = full.Generation // nil leaves it as it is
	h.same("states", got, bare)
}

func stateTimeOnly(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.status(w, history.Running), h.schedule(w, 0)) // something is going on all the time
	for range 10 {
		pass(20 * time.Second)
		h.raise("one", "on")
		w := h.nextOf("one")
		h.commit(w, h.status(w, history.Running))
		s, err := h.Get(h.ctx(), "one")
		h.must(err)
		if age := now().Sub(s.Updated); age > 30*time.Second {
			h.Fatalf("the time of the last change is %v old, want at most 30 s", age)
		}
	}
}

func unknownInstance(h *hub) {
	_, err := h.Get(h.ctx(), "nobody")
	h.mustBe(err, backend.ErrInstanceNotFound)
	_, err = h.Get(h.ctx(), "")
	h.mustBe(err, backend.ErrInstanceNotFound)
}

func (h *hub) wait(id string) *call[*backend.InstanceState] {
	return ask(func(ctx context.Context) (*backend.InstanceState, error) { return h.Backend.Wait(ctx, id) })
}

func waitEnds(h *hub) {
	h.create("one")
	var calls []*call[*backend.InstanceState]
	for range 3 {
		calls = append(calls, h.wait("one"))
	}
	h.run("one")
	for _, c := range calls {
		if c.peek() {
			h.Fatal("waiting ended with the instance still running")
		}
	}
	h.raise("one", "end")
	h.finish(h.nextOf("one"))
	want, err := h.Get(h.ctx(), "one")
	h.must(err)
	for _, c := range calls {
		got, err := c.answer()
		h.must(err)
		h.same("states", got, want)
	}
}

func waitEnded(h *hub) {
	h.create("one")
	h.finish(h.nextOf("one"))
	s, err := h.wait("one").answer()
	h.must(err)
	if s.Status != history.Completed {
		h.Errorf("status %v, want Completed", s.Status)
	}
}

func waitUnknown(h *hub) {
	_, err := h.wait("nobody").answer()
	h.mustBe(err, backend.ErrInstanceNotFound)
}

func waitGivenUp(h *hub) {
	h.create("one")
	if s, err := h.wait("one").instantly(); !errors.Is(err, errUnanswered) {
		h.Fatalf("state %v, error %v, want to block until the context ends", s, err)
	}
	ctx, cancel := context.WithTimeout(h.ctx(), time.Minute)
	defer cancel()
	if _, err := h.Backend.Wait(ctx, "one"); !errors.Is(err, context.DeadlineExceeded) {
		h.Fatalf("error %v, want the context's", err)
	}
}

func waitReplaced(h *hub) {
	h.create("one")
	c := h.wait("one")
	h.run("one")
	h.create("one")
	h.run("one")
	if c.peek() {
		h.Fatal("waiting ended with the instance still running")
	}
	h.raise("one", "end")
	h.finish(h.nextOf("one"))
	if _, err := c.answer(); err != nil {
		h.Fatal(err)
	}
}

// mebibyte returns a long text without an end that a cut would not show.
func mebibyte(start string) *string {
	return new(`"` + start + strings.Repeat("0123456789abcdef", 1<<16) + `"`)
}

func largeValues(h *hub) {
	start := h.started("one")
	start.Input = mebibyte("input")
	h.must(h.Create(h.ctx(), backend.Creation{Start: startOf(start)}))
	event := h.event("large")
	event.Input = mebibyte("event")
	h.must(h.Send(h.ctx(), history.Message{Target: history.Instance{ID: "one"}, Event: event}))
	w := h.nextOf("one")
	h.carries(w, start, event)
	h.abandon(w, 0)
	w = h.nextOf("one")
	h.carries(w, start, event)
	taskHeader := h.header()
	taskHeader.ID = 2
	task := history.Message{Target: w.Instance, Event: &history.TaskScheduled{Header: taskHeader, Name: "A", Input: mebibyte("task")}}
	timer := history.Message{Target: w.Instance, Event: &history.TimerFired{Header: h.header(), TimerID: 5, FireAt: now().Add(time.Hour)}}
	state, err := h.Get(h.ctx(), "one")
	h.must(err)
	h.same("inputs", state.Input, start.Input)
	state.CustomStatus, state.Status = mebibyte("custom"), history.Running
	h.commit(w, func(c *backend.Checkpoint) {
		c.Activities, c.Timers, c.State = []history.Message{task}, []history.Message{timer}, state
		decide(c, &history.TaskScheduled{Header: history.Header{ID: 2, Time: now()}, Name: "A"})
	})
	a := h.nextActivity()
	h.same("activities", a.Message, task)
	result := h.result(a)
	result.Result = mebibyte("result")
	h.must(h.CompleteActivity(h.ctx(), a, history.Message{Target: w.Instance, Event: result}))
	pass(time.Minute)
	w = h.nextOf("one")
	h.carries(w, result)
	past, err := h.LoadHistory(h.ctx(), w)
	h.must(err)
	h.same("histories", past[1:3], []history.Event{start, event})
	state.Output, state.Status = mebibyte("output"), history.Completed
	h.commit(w, func(c *backend.Checkpoint) { c.State = state })
	got, err := h.Get(h.ctx(), "one")
	h.must(err)
	h.same("states", got, state)
}

func strangeValues(h *hub) {
	generations := -1
	for _, s := range []string{
		"", "\x00", "a\x00b", "ünïcödé", "日本語 \U0001F980", `'"\%_;--`, "\ufffd\ufffe\uffff", "\r\n\t\x01\x1f\x7f", "</script>&amp;", "null",
	} {
		start := h.started("id")
		generations++
		start.Name, start.Input, start.Version, start.Tags = s+"n", new(s), new(s), map[string]string{s: s}
		h.must(h.Create(h.ctx(), backend.Creation{Start: startOf(start)}))
		event := h.event(s)
		event.Input = new(s)
		h.must(h.Send(h.ctx(), history.Message{Target: history.Instance{ID: "id"}, Event: event}))
		w := h.nextOf("id")
		start = generation(start, generations)
		h.carries(w, start, event)
		state, err := h.Get(h.ctx(), "id")
		h.must(err)
		if *state.Input != s || *state.Version != s || state.Name != s+"n" || state.Tags[s] != s {
			h.Fatalf("state %+v, want %q everywhere", state, s)
		}
		state.Output, state.CustomStatus, state.Status = new(s), new(s), history.Failed
		state.Failure = &history.FailureDetails{ErrorType: s, ErrorMessage: s, StackTrace: s}
		h.commit(w, func(c *backend.Checkpoint) { c.State = state })
		got, err := h.Get(h.ctx(), "id")
		h.must(err)
		h.same("states", got, state)
		past, err := h.History(h.ctx(), "id")
		h.must(err)
		h.same("histories", past[1:], []history.Event{start, event})
	}
	for _, id := range []string{"a b", "ünï", "日本", "a%b_c", "Case", "case", "'; DROP TABLE instances; --"} {
		h.create(id)
		h.run(id)
		e := h.raise(id, "a")
		w := h.nextOf(id)
		h.carries(w, e)
		h.finish(w)
	}
}
