package backendtest

import (
	"context"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func purges() []testCase {
	return []testCase{
		{name: "a finished instance can be purged", run: finishedIsPurged},
		{name: "a running instance is not purged", run: runningIsNotPurged},
		{name: "a purge takes one instance only", run: purgeTakesOne},
		{name: "an entity can be purged in whatever state", run: entityIsPurged},
		{name: "an entity that something waits for is not purged by its execution", run: busyEntityIsNotPurged},
		{name: "many are purged at once, but for those that can't be", run: manyArePurged},
		{name: "a purged instance is gone after a crash", run: purgedAfterCrash, crash: true},
	}
}

func (h *hub) purge(id string) error { return h.Purge(h.ctx(), history.Instance{ID: id}) }

func finishedIsPurged(h *hub) {
	h.mustBe(h.purge("one"), backend.ErrInstanceNotFound)
	h.create("one")
	w := h.nextOf("one")
	h.finish(w, h.schedule(w, 1))
	h.must(h.purge("one"))
	_, err := h.Get(h.ctx(), "one")
	h.mustBe(err, backend.ErrInstanceNotFound)
	_, err = h.History(h.ctx(), "one")
	h.mustBe(err, backend.ErrInstanceNotFound)
	h.mustBe(h.purge("one"), backend.ErrInstanceNotFound)
	h.create("one")
	h.run("one")
}

func runningIsNotPurged(h *hub) {
	h.create("one")
	h.mustBe(h.purge("one"), backend.ErrInstanceRunning)
	h.run("one")
	h.mustBe(h.purge("one"), backend.ErrInstanceRunning)
	h.raise("one", "on")
	h.finish(h.nextOf("one"))
	h.must(h.purge("one"))
}

func purgeTakesOne(h *hub) {
	for _, id := range []string{"order-1", "order-10", "ORDER-1"} {
		h.create(id)
		h.finish(h.nextOf(id))
	}
	h.must(h.purge("order-1"))
	for _, id := range []string{"order-10", "ORDER-1"} {
		if got := h.statusOf(id); got != history.Completed {
			h.Errorf("%s is %v", id, got)
		}
		if events, err := h.History(h.ctx(), id); err != nil || len(events) == 0 {
			h.Errorf("the history of %s: %v, %v", id, events, err)
		}
	}
}

func entityIsPurged(h *hub) {
	h.signal("@counter@a", "op")
	w := h.nextEntity("@counter@a")
	h.commit(w, h.record(w, "state"))
	h.must(h.purge("@counter@a"))
	_, err := h.Get(h.ctx(), "@counter@a")
	h.mustBe(err, backend.ErrInstanceNotFound)
	h.signal("@counter@a", "op")
	if w = h.nextEntity("@counter@a"); w.Instance.ExecutionID != "" {
		h.Errorf("after its purge it has execution %q", w.Instance.ExecutionID)
	}
	h.commit(w, h.record(w, "state"))
}

func busyEntityIsNotPurged(h *hub) {
	h.signal("@counter@a", "op")
	w := h.nextEntity("@counter@a")
	h.commit(w, h.record(w, "state"))
	present := h.state("@counter@a").Instance
	h.mustBe(h.Purge(h.ctx(), history.Instance{ID: present.ID, ExecutionID: "another"}), backend.ErrInstanceNotFound)
	e := h.signal("@counter@a", "op")
	h.mustBe(h.Purge(h.ctx(), present), backend.ErrInstanceRunning)
	w = h.nextEntity("@counter@a")
	h.carries(w, e)
	h.mustBe(h.Purge(h.ctx(), present), backend.ErrInstanceRunning)
	h.commit(w, h.record(w, "state"))
	h.mustBe(h.Purge(h.ctx(), present), backend.ErrInstanceNotFound)
	h.must(h.Purge(h.ctx(), h.state("@counter@a").Instance))
}

func manyArePurged(h *hub) {
	var targets []history.Instance
	for n := range 30 {
		id := fmt.Sprint("i", n)
		h.create(id)
		w := h.nextOf(id)
		targets = append(targets, w.Instance)
		if n%10 == 0 {
			h.commit(w, h.status(w, history.Running))
			continue
		}
		h.finish(w)
	}
	targets = append(targets, history.Instance{ID: "nobody"}, history.Instance{ID: "i1", ExecutionID: "another"}, targets[2])
	n, err := h.PurgeAll(h.ctx(), targets)
	if n != 27 || err != nil {
		h.Errorf("purged %d, %v, want 27", n, err)
	}
	h.same("ids that are left", h.ids(backend.Query{}), []string{"i0", "i10", "i20"})
	if n, err := h.PurgeAll(h.ctx(), nil); n != 0 || err != nil {
		h.Errorf("of none it purged %d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(h.ctx())
	cancel()
	_, err = h.PurgeAll(ctx, targets)
	h.mustBe(err, context.Canceled)
	h.raise("i10", "on")
	h.finish(h.nextOf("i10"))
}

func purgedAfterCrash(h *hub) {
	h.create("one")
	h.finish(h.nextOf("one"))
	h.must(h.purge("one"))
	h.crash()
	h.mustBe(h.purge("one"), backend.ErrInstanceNotFound)
	h.nothing()
}
