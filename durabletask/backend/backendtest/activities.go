package backendtest

import (
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func activities() []testCase {
	return []testCase{
		{name: "an activity is handed out with its input and its instance", run: activityHandedOut},
		{name: "activities are handed out in the order in which they were scheduled", run: activitiesInOrder},
		{name: "results come in the order in which they were delivered", run: resultsInOrder},
		{name: "a result that waits comes once", run: resultComesOnce},
		{name: "a failed activity's result", run: failedActivity},
		{name: "a result for an instance that has been replaced is dropped", run: resultOfReplaced},
	}
}

func activityHandedOut(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	e := &history.TaskScheduled{
		Header: history.Header{ID: 7, Time: now(), ActivityID: id(99)}, Name: "Activity", Version: new("2"),
		Input: new(`["Tokyo"]`), Tags: map[string]string{"k": "v"},
	}
	m := history.Message{Target: w.Instance, Event: e}
	h.noActivity()
	h.commit(w, func(c *backend.Checkpoint) {
		c.Activities = []history.Message{m}
		decide(c, &history.TaskScheduled{Header: history.Header{ID: 7, Time: now()}, Name: "Activity"})
	})
	a := h.nextActivity()
	h.same("activities", a.Message, m)
	if a.Attempt != 1 {
		h.Errorf("attempt %d, want 1", a.Attempt)
	}
	h.noActivity()
	h.nothing()
	result := h.complete(a)
	h.carries(h.nextOf("one"), result)
}

func activitiesInOrder(h *hub) {
	for _, id := range []string{"b", "a"} {
		h.create(id)
		w := h.nextOf(id)
		h.commit(w, h.schedule(w, 0), h.schedule(w, 1))
	}
	var got []string
	for range 4 {
		m := h.nextActivity().Message
		got = append(got, fmt.Sprint(m.Target.ID, m.Event.Head().ID))
	}
	h.same("activities", got, []string{"b0", "b1", "a0", "a1"})
}

func resultsInOrder(h *hub) {
	const n = 20
	h.create("one")
	w := h.nextOf("one")
	var schedule []func(*backend.Checkpoint)
	for task := range n {
		schedule = append(schedule, h.schedule(w, task))
	}
	h.commit(w, schedule...)
	var running []*backend.ActivityWork
	for range n {
		running = append(running, h.nextActivity())
	}
	var want []history.Event
	for task := range n {
		want = append(want, h.complete(running[(task*7)%n]))
	}
	h.carries(h.nextOf("one"), want...)
}

func resultComesOnce(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0), h.schedule(w, 1))
	var want []history.Event
	for range 2 {
		want = append(want, h.complete(h.nextActivity()))
		pass(time.Minute) // long enough for a backend to put it aside
	}
	event := h.raise("one", "a")
	w = h.nextOf("one")
	h.carries(w, append(want, event)...)
	pass(time.Minute)
	h.abandon(w, 0)
	w = h.nextOf("one")
	h.carries(w, append(want, event)...)
	h.commit(w)
	h.nothing()
	h.noActivity()
	if h.harness.Crash != nil {
		h.crash()
		h.nothing()
		h.noActivity()
	}
}

func failedActivity(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 4))
	e := &history.TaskFailed{
		Header: h.header(), TaskID: 4, Reason: "broken", Details: new("at line 1"),
		Failure: &history.FailureDetails{ErrorType: "A", ErrorMessage: "b", StackTrace: "c", Inner: &history.FailureDetails{ErrorType: "D"}, NonRetriable: true},
	}
	h.must(h.CompleteActivity(h.ctx(), h.nextActivity(), history.Message{Target: w.Instance, Event: e}))
	h.carries(h.nextOf("one"), e)
}

func resultOfReplaced(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0))
	a := h.nextActivity()
	second := h.create("one")
	_ = h.tryComplete(a) // accepted or refused, it is nobody's
	h.carries(h.nextOf("one"), generation(second, 1))
	h.nothing()
}
