package backendtest

import (
	"context"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
)

func redelivery() []testCase {
	return []testCase{
		{name: "abandoned messages come again in order, ahead of later ones", run: abandonedComeAgain},
		{name: "abandoned work rests for the delay", run: abandonedRests},
		{name: "attempts are counted", run: attemptsCount},
		{name: "work that is over can't be used again", run: workIsOver},
		{name: "an abandoned activity comes again after the delay", run: abandonedActivity},
		{name: "an abandoned activity goes ahead of those that have not been tried", run: abandonedActivityGoesAhead},
		{name: "an activity that is over can't be used again", run: activityIsOver},
	}
}

func abandonedComeAgain(h *hub) {
	start := h.create("one")
	a := h.raise("one", "a")
	w := h.nextOf("one")
	b := h.raise("one", "b")
	h.abandon(w, 0)
	c := h.raise("one", "c")
	w = h.nextOf("one")
	h.carries(w, start, a, b, c)
	h.commit(w)
	h.nothing()
}

func abandonedRests(h *hub) {
	start := h.create("one")
	h.abandon(h.nextOf("one"), time.Minute)
	a := h.raise("one", "a") // does not cut the rest short
	h.create("two")
	h.commit(h.nextOf("two"))
	pass(time.Minute - time.Nanosecond)
	h.nothing()
	pass(time.Second)
	h.carries(h.nextOf("one"), start, a)
}

func attemptsCount(h *hub) {
	h.create("one")
	for n := 1; n <= 3; n++ {
		w := h.nextOf("one")
		if w.Attempt != n {
			h.Errorf("attempt %d, want %d", w.Attempt, n)
		}
		if n == 3 {
			h.raise("one", "a")
			h.commit(w)
			continue
		}
		h.abandon(w, 0)
	}
	if w := h.nextOf("one"); w.Attempt != 1 {
		h.Errorf("attempt %d of a new message, want 1", w.Attempt)
	}
}

func workIsOver(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w)
	h.mustBe(h.tryCommit(w), backend.ErrSessionLost)
	h.raise("one", "a")
	abandoned := h.nextOf("one")
	h.abandon(abandoned, 0)
	h.mustBe(h.tryCommit(abandoned), backend.ErrSessionLost)
	w = h.nextOf("one")
	h.mustBe(h.tryCommit(abandoned), backend.ErrSessionLost)
	h.commit(w)
	h.nothing()
	past, err := h.History(h.ctx(), "one")
	h.must(err)
	if len(past) != 4 {
		h.Errorf("history %v, want two episodes of two events", past)
	}
}

func abandonedActivity(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0))
	a := h.nextActivity()
	h.must(h.AbandonActivity(h.ctx(), a, backend.Abandonment{Cause: context.Canceled, Delay: time.Minute}))
	pass(time.Minute - time.Nanosecond)
	h.noActivity()
	pass(time.Second)
	again := h.nextActivity()
	h.same("activities", again.Message, a.Message)
	if again.Attempt != 2 {
		h.Errorf("attempt %d, want 2", again.Attempt)
	}
	h.noActivity()
	result := h.complete(again)
	h.carries(h.nextOf("one"), result)
}

func abandonedActivityGoesAhead(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0), h.schedule(w, 1))
	a := h.nextActivity()
	h.must(h.AbandonActivity(h.ctx(), a, backend.Abandonment{Cause: context.Canceled}))
	h.same("activities", h.nextActivity().Message, a.Message)
}

func activityIsOver(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0))
	first := h.nextActivity()
	h.must(h.AbandonActivity(h.ctx(), first, backend.Abandonment{Cause: context.Canceled}))
	second := h.nextActivity()
	h.mustBe(h.tryComplete(first), backend.ErrSessionLost)
	h.must(h.tryComplete(second))
	h.mustBe(h.tryComplete(second), backend.ErrSessionLost)
	h.mustBe(h.AbandonActivity(h.ctx(), second, backend.Abandonment{Cause: context.Canceled}), backend.ErrSessionLost)
	w = h.nextOf("one")
	if len(w.Messages) != 1 {
		h.Errorf("%d results, want 1", len(w.Messages))
	}
	h.commit(w)
	h.nothing()
	h.noActivity()
}
