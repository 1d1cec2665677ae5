package backendtest

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func timers() []testCase {
	return []testCase{
		{name: "a timer is never early", run: timerNeverEarly},
		{name: "timers come in order of their time", run: timersInOrder},
		{name: "a timer that is due at once", run: timerDueAtOnce},
		{name: "a timer that is due while the instance is out", run: timerWhileOut},
		{name: "a timer outlives a crash", run: timerAfterCrash, crash: true},
		{name: "a timer that was due while nobody ran", run: timerWhileDown, crash: true},
		{name: "timers of a year and of many instances", run: manyTimers},
	}
}

// fired returns the ids of the timers that the work brings.
func fired(w *backend.InstanceWork) []int {
	var ids []int
	for _, m := range w.Messages {
		ids = append(ids, m.Event.(*history.TimerFired).TimerID)
	}
	return ids
}

func timerNeverEarly(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	due := now().Add(time.Minute + 50) // half a tick above what stores keep
	e := &history.TimerFired{Header: h.header(), TimerID: 3, FireAt: due}
	h.commit(w, func(c *backend.Checkpoint) {
		c.Timers = []history.Message{{Target: w.Instance, Event: e}}
		decide(c, &history.TimerCreated{Header: history.Header{ID: 3, Time: now()}, FireAt: due})
	})
	pass(time.Minute)
	h.nothing()
	pass(time.Second)
	h.same("timers", fired(h.nextOf("one")), []int{3})
	h.nothing()
}

func timersInOrder(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.after(w, 1, 3*time.Second), h.after(w, 2, time.Second), h.after(w, 3, 2*time.Second), h.after(w, 4, time.Second))
	pass(10 * time.Second)
	w = h.nextOf("one")
	h.same("timers", fired(w), []int{2, 4, 3, 1})
}

func timerDueAtOnce(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.after(w, 1, 0), h.after(w, 2, -time.Hour))
	pass(time.Second)
	w = h.nextOf("one")
	h.same("timers", fired(w), []int{2, 1})
}

func timerWhileOut(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.after(w, 1, time.Minute))
	h.raise("one", "a")
	w = h.nextOf("one")
	pass(2 * time.Minute)
	h.nothing()
	h.commit(w)
	h.same("timers", fired(h.nextOf("one")), []int{1})
}

func timerAfterCrash(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.after(w, 1, time.Hour))
	h.crash()
	pass(59*time.Minute - h.harness.Settle)
	h.nothing()
	pass(2 * time.Minute)
	w = h.nextOf("one")
	h.same("timers", fired(w), []int{1})
	h.commit(w)
	h.crash()
	pass(2 * time.Hour)
	h.nothing()
}

func timerWhileDown(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.after(w, 1, time.Minute))
	h.must(h.Drain(h.ctx()))
	pass(time.Hour)
	h.crash()
	pass(time.Second)
	h.same("timers", fired(h.nextOf("one")), []int{1})
}

func manyTimers(h *hub) {
	year := h.harness.Age
	if year == 0 {
		year = 365 * 24 * time.Hour
	}
	for _, id := range []string{"a", "b", "c"} {
		h.create(id)
		w := h.nextOf(id)
		h.commit(w, h.after(w, 1, year), h.after(w, 2, time.Hour))
	}
	pass(2 * time.Hour)
	for _, id := range []string{"a", "b", "c"} {
		w := h.nextOf(id)
		h.same("timers", fired(w), []int{2})
		h.commit(w)
	}
	pass(year)
	for range 3 {
		w := h.next()
		h.same("timers", fired(w), []int{1})
		h.commit(w)
	}
	h.nothing()
}
