package backendtest

import (
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func sessions() []testCase {
	return []testCase{
		{name: "a body stays parked between works", run: bodyStays},
		{name: "a body ends with its instance", run: bodyEndsWithInstance},
		{name: "a body ends when its instance is replaced, after the work", run: bodyEndsWithReplacement},
		{name: "bodies end at stop, those at work when it is given up", run: bodyEndsAtStop},
		{name: "bodies that are too large end when the work is over", run: bodyTooLarge},
	}
}

// body is a parked orchestration that knows whether it has been ended.
type body struct {
	h      *hub
	size   int64
	atWork bool
	ended  int
}

func (b *body) Size() int64 { return b.size }

func (b *body) End() {
	b.ended++
	if b.atWork {
		b.h.Error("a body was ended while its work was out")
	}
	// A backend that holds a lock now would not answer.
	if _, err := b.h.List(b.h.ctx(), backend.Query{}); err != nil {
		b.h.Logf("list while a body ends: %v", err)
	}
}

// park puts a body into the session of the work.
func (h *hub) park(w *backend.InstanceWork, size int64) *body {
	h.Helper()
	if got := w.Session.Body(); got != nil {
		h.Fatalf("body %v in a new session", got)
	}
	b := &body{h: h, size: size, atWork: true}
	w.Session.Park(b)
	return b
}

func bodyStays(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	b := h.park(w, 1)
	b.atWork = false
	h.commit(w)
	for n := range 4 {
		h.raise("one", "on")
		w = h.nextOf("one")
		if w.Session.Body() != b {
			h.Fatalf("body %v, want the one that was parked", w.Session.Body())
		}
		if n%2 == 0 {
			h.abandon(w, 0)
			w = h.nextOf("one")
		}
		h.commit(w)
	}
	if b.ended != 0 {
		h.Errorf("ended %d times", b.ended)
	}
}

func bodyEndsWithInstance(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	b := h.park(w, 1)
	b.atWork = false
	h.finish(w)
	if b.ended != 1 {
		h.Errorf("ended %d times, want once, before the checkpoint returns", b.ended)
	}
	h.create("one")
	if got := h.nextOf("one").Session.Body(); got != nil {
		h.Errorf("body %v of the execution before", got)
	}
}

func bodyEndsWithReplacement(h *hub) {
	h.create("idle")
	w := h.nextOf("idle")
	idle := h.park(w, 1)
	idle.atWork = false
	h.commit(w)
	h.create("idle")
	if idle.ended != 1 {
		h.Errorf("an idle body ended %d times, want once", idle.ended)
	}
	h.commit(h.nextOf("idle"))

	h.create("busy")
	old := h.nextOf("busy")
	busy := h.park(old, 1)
	h.create("busy")
	w = h.nextOf("busy")
	if got := w.Session.Body(); got != nil {
		h.Errorf("body %v of the execution before", got)
	}
	h.mustBe(h.tryCommit(old), backend.ErrSessionLost)
	busy.atWork = false
	_ = h.Abandon(h.ctx(), old, backend.Abandonment{Cause: backend.ErrSessionLost})
	if busy.ended != 1 {
		h.Errorf("the body of lost work ended %d times, want once, when the work was given up", busy.ended)
	}
	h.commit(w)
}

func bodyEndsAtStop(h *hub) {
	h.create("idle")
	w := h.nextOf("idle")
	idle := h.park(w, 1)
	idle.atWork = false
	h.commit(w, h.status(w, history.Running))
	h.create("busy")
	w = h.nextOf("busy")
	busy := h.park(w, 1)
	h.must(h.Drain(h.ctx()))
	h.must(h.Stop(h.ctx()))
	if idle.ended != 1 {
		h.Errorf("an idle body ended %d times, want once", idle.ended)
	}
	h.mustBe(h.Checkpoint(h.ctx(), w, backend.Checkpoint{}), backend.ErrSessionLost)
	busy.atWork = false
	_ = h.Abandon(h.ctx(), w, backend.Abandonment{Cause: backend.ErrSessionLost})
	if busy.ended != 1 {
		h.Errorf("the body of lost work ended %d times, want once, when the work was given up", busy.ended)
	}
}

func bodyTooLarge(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	b := h.park(w, 1<<50)
	b.atWork = false
	h.commit(w)
	if b.ended != 1 {
		h.Errorf("ended %d times, want once", b.ended)
	}
	h.raise("one", "on")
	if got := h.nextOf("one").Session.Body(); got != nil {
		h.Errorf("body %v after it ended", got)
	}
}
