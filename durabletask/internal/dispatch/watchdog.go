package dispatch

import (
	"context"
	"errors"
	"sync"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// errWedged is why work is put back whose instance has an orchestrator that doesn't come back.
var errWedged = errors.New("the orchestrator of this instance is stuck in an earlier episode")

// giveUp is the watchdog's answer to an orchestrator that blocks on something that is no durable call: a lock, a channel, a
// connection. Its goroutine can't be stopped, so its slot is lost until it comes back; the work is not.
func (d *Dispatcher) giveUp(ctx context.Context, w *backend.InstanceWork, o *Orchestration) {
	d.wedged.add(w.Instance.ID)
	d.Logger.Error("an orchestrator does not come back: it blocks on something that is not a durable call. Its slot is lost until it returns; "+
		"move the blocking code into an activity",
		"orchestrator", o.Name, "instance", w.Instance.ID, "after", d.Watchdog, "lost slots", d.wedged.count(), "stack", o.Episode.Execution.Stack())
	d.abandon(ctx, w, errWedged, d.Watchdog)
}

// wedged is the set of instances whose orchestrator has not come back.
type wedged struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (s *wedged) add(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = make(map[string]bool)
	}
	s.ids[id] = true
}

func (s *wedged) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ids, id)
}

func (s *wedged) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

func (s *wedged) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids)
}
