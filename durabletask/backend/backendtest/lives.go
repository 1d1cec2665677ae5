package backendtest

import (
	"context"
	"errors"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func lives() []testCase {
	return []testCase{
		{name: "a hub says what is in it, and one process leads it", run: hubInfo},
		{name: "drain turns callers away", run: drainTurnsAway},
		{name: "what is out can be committed after drain, not after stop", run: drainThenStop},
		{name: "drain and stop may be called again", run: stopTwice},
		{name: "stop without drain", run: stopAlone},
		{name: "a result that comes after drain is kept", run: lateResult, crash: true},
		{name: "stop keeps what has not been worked on", run: stopKeeps, crash: true},
		{name: "calls end with their context", run: callsEnd},
		{name: "a hub that is created again keeps what is in it", run: createHubAgain},
		{name: "a hub in use is not deleted", run: deleteHubInUse},
		{name: "a deleted hub is empty", run: deleteHub, crash: true},
	}
}

func drainTurnsAway(h *hub) {
	blocked := ask(h.NextOrchestration)
	blockedActivity := ask(h.NextActivity)
	blocked.peek()
	h.must(h.Drain(h.ctx()))
	_, err := blocked.answer()
	h.mustBe(err, backend.ErrDraining)
	_, err = blockedActivity.answer()
	h.mustBe(err, backend.ErrDraining)
	h.create("one")
	_, err = h.NextOrchestration(h.ctx())
	h.mustBe(err, backend.ErrDraining)
	_, err = h.NextActivity(h.ctx())
	h.mustBe(err, backend.ErrDraining)
}

func drainThenStop(h *hub) {
	h.create("a")
	h.create("b")
	a, b := h.nextOf("a"), h.nextOf("b")
	h.must(h.Drain(h.ctx()))
	h.finish(a)
	if got := h.statusOf("a"); got != history.Completed {
		h.Errorf("status %v, want Completed", got)
	}
	h.must(h.Stop(h.ctx()))
	h.mustBe(h.Checkpoint(h.ctx(), b, backend.Checkpoint{}), backend.ErrSessionLost)
}

func stopTwice(h *hub) {
	h.must(h.Drain(h.ctx()))
	h.must(h.Drain(h.ctx()))
	h.must(h.Stop(h.ctx()))
	h.must(h.Stop(h.ctx()))
	h.must(h.Drain(h.ctx()))
	if err := h.Backend.Start(h.ctx()); err == nil {
		h.Error("started again after stop")
	}
}

func stopAlone(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0))
	a := h.nextActivity()
	next, wait := ask(h.NextOrchestration), h.wait("one")
	next.peek()
	h.must(h.Stop(h.ctx()))
	_, err := next.answer()
	h.mustBe(err, backend.ErrDraining)
	if _, err := wait.answer(); err == nil || errors.Is(err, errUnanswered) {
		h.Errorf("waiting ends with error %v after stop, want one that says so", err)
	}
	h.mustBe(h.tryComplete(a), backend.ErrSessionLost)
	if _, err := h.Get(h.ctx(), "one"); err == nil || errors.Is(err, backend.ErrInstanceNotFound) {
		h.Errorf("a read after stop: error %v, want one that says that the backend is stopped", err)
	}
}

func lateResult(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0), h.schedule(w, 1))
	first, second := h.nextActivity(), h.nextActivity()
	early := h.complete(first)
	h.must(h.Drain(h.ctx()))
	late := h.complete(second)
	h.crash()
	h.noActivity()
	h.carries(h.nextOf("one"), early, late)
}

func stopKeeps(h *hub) {
	start := h.create("one")
	event := h.raise("one", "a")
	h.nextOf("one")
	h.must(h.Drain(h.ctx()))
	h.must(h.Stop(h.ctx()))
	h.crash()
	w := h.nextOf("one")
	h.carries(w, start, event)
	h.commit(w)
}

func callsEnd(h *hub) {
	ctx, cancel := context.WithTimeout(h.ctx(), time.Minute)
	defer cancel()
	if _, err := h.NextOrchestration(ctx); !errors.Is(err, context.DeadlineExceeded) {
		h.Errorf("error %v, want the context's", err)
	}
	if _, err := h.NextActivity(ctx); !errors.Is(err, context.DeadlineExceeded) {
		h.Errorf("error %v, want the context's", err)
	}
	if err := h.Create(ctx, backend.Creation{Start: startOf(h.started("late"))}); !errors.Is(err, context.DeadlineExceeded) {
		h.Errorf("error %v, want the context's", err)
	}
	h.nothing()
}

func createHubAgain(h *hub) {
	h.create("one")
	h.must(h.CreateTaskHub(h.ctx()))
	h.nextOf("one")
}

func deleteHubInUse(h *hub) {
	h.create("one")
	if err := h.DeleteTaskHub(h.ctx()); err == nil {
		h.Error("a hub that is in use was deleted")
	}
	h.nextOf("one")
}

func deleteHub(h *hub) {
	h.create("one")
	w := h.nextOf("one")
	h.commit(w, h.schedule(w, 0), h.after(w, 1, time.Hour))
	h.must(h.Stop(h.ctx()))
	h.Backend = h.harness.Crash(h.T, h.Backend, h.env)
	h.must(h.DeleteTaskHub(h.ctx()))
	h.start()
	h.noActivity()
	h.nothing()
	pass(2 * time.Hour)
	h.nothing()
	_, err := h.Get(h.ctx(), "one")
	h.mustBe(err, backend.ErrInstanceNotFound)
	h.create("one")
	h.finish(h.nextOf("one"))
}

func hubInfo(h *hub) {
	if !h.Leads() {
		h.Error("nobody leads the hub")
	}
	h.create("one")
	h.run("one")
	h.create("two")
	h.finish(h.nextOf("two"))
	h.create("bad")
	h.failUntilGivenUp("bad")
	h.create("three")
	w := h.nextOf("three")
	h.commit(w, h.status(w, history.Running), h.schedule(w, 0), h.schedule(w, 1))
	pass(moment)
	info, err := h.Info(h.ctx())
	h.must(err)
	waits := 0
	for _, q := range info.Queues {
		if q.Name == "" || q.Length < 0 {
			h.Errorf("queue %+v", q)
		}
		waits += q.Length
	}
	if waits != 2 || info.Poison != 1 || info.Store == "" || info.Place == "" || info.Format == "" {
		h.Errorf("info %+v, want 2 activities that wait, and one message that was given up", info)
	}
	if n := info.Instances; n != nil && (n[history.Running] != 2 || n[history.Completed] != 1 || n[history.Pending] != 1 || info.Entities != 0) {
		h.Errorf("info %+v", info)
	}
	for _, p := range info.Partitions {
		if p.Name == "" || p.Owner == "" {
			h.Errorf("partition %+v", p)
		}
	}
	h.must(h.Drain(h.ctx()))
	if h.Leads() {
		h.Error("it leads the hub while it drains")
	}
}
