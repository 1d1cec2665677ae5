package lease

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Limits of a drain: because another worker wants the partition (DTFx: wait for active sessions, 60 s), and at a stop, whose context is usually
// shorter (DTFx: 10 minutes).
const (
	maxDrain = 60 * time.Second
	maxStop  = 10 * time.Minute
)

// holdings are the partitions that we hold, as the receiver knows them. Managers say what changes; a goroutine for each partition tells the receiver in order.
type holdings struct {
	receiver Receiver
	now      func() time.Time // by the service's clock
	wake     chan struct{}    // a drain has ended or an ownership is over
	ctx      context.Context  // of drains
	failed   func(partition string, err error)

	mu         sync.Mutex
	partitions map[string]*holding
	closed     bool
	keepers    sync.WaitGroup
}

// holding is one partition.
type holding struct {
	name   string
	change chan struct{}
	// The rest is guarded by holdings.mu.
	grant   *grant // nil: not ours
	tenure  int    // counts from one loss to the next
	why     Reason // of the drain that is asked for; 0 for none
	drained bool
	cancel  context.CancelFunc // of the drain that runs
}

// grant is one proof of ownership, of one or several partitions: a request to which the service said yes.
type grant struct {
	h     *holdings
	until time.Time
	timer *time.Timer
	uses  int
	over  bool
}

func newHoldings(ctx context.Context, r Receiver, now func() time.Time, failed func(string, error)) *holdings {
	return &holdings{receiver: r, now: now, wake: make(chan struct{}, 1), ctx: ctx, failed: failed, partitions: map[string]*holding{}}
}

// ask is called before the request that may prove ownership. A timer runs from then on, so that neither a clock that is set nor an
// answer that hangs makes the ownership longer.
func (h *holdings) ask(certain time.Duration) *grant {
	g := &grant{h: h, until: h.now().Add(certain)}
	g.timer = time.AfterFunc(certain, g.expire)
	return g
}

// give says that the request succeeded and which partitions it made or kept ours.
func (g *grant) give(names ...string) {
	h := g.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || g.over {
		g.timer.Stop()
		return
	}
	for _, name := range names {
		p := h.partitions[name]
		if p == nil {
			p = &holding{name: name, change: make(chan struct{}, 1)}
			h.partitions[name] = p
			h.keepers.Add(1)
			go h.keep(p)
		}
		if p.grant == nil {
			p.tenure++
			p.why, p.drained = 0, false
		}
		g.uses++
		p.set(g)
	}
	g.drop()
}

// deny says that the request proved nothing.
func (g *grant) deny() { g.timer.Stop() }

func (g *grant) expire() {
	h := g.h
	h.mu.Lock()
	g.over = true
	for _, p := range h.partitions { // in any order: the keepers are woken at once, and make no request
		if p.grant == g {
			p.lose()
		}
	}
	h.mu.Unlock()
	h.awake()
}

func (g *grant) drop() {
	if g.uses == 0 {
		g.timer.Stop()
	}
}

// set replaces the proof. The caller has counted the use of the new one.
func (p *holding) set(g *grant) {
	if old := p.grant; old != nil {
		old.uses--
		old.drop()
	}
	p.grant = g
	signal(p.change)
}

func (p *holding) lose() {
	p.set(nil)
	if p.cancel != nil {
		p.cancel()
	}
}

// lose says that a partition is no longer ours, whether drained or not.
func (h *holdings) lose(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.partitions[name]; p != nil && p.grant != nil {
		p.lose()
	}
}

// drain asks the receiver to drain a partition; once is enough.
func (h *holdings) drain(name string, why Reason) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.partitions[name]; p != nil && p.grant != nil && p.why == 0 {
		p.why = why
		signal(p.change)
	}
}

// drained reports whether the partition can be given away: the receiver is done with it, or never had it.
func (h *holdings) drained(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.partitions[name]
	return p == nil || p.grant == nil || p.drained
}

// draining reports whether a drain was asked for and has not ended.
func (h *holdings) draining() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.partitions {
		if p.grant != nil && p.why != 0 && !p.drained {
			return true
		}
	}
	return false
}

// settle waits until no drain runs, but not longer than a time. So drains that take no time end together, whatever order they ran in.
func (h *holdings) settle(ctx context.Context, d time.Duration) {
	limit, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for limit.Err() == nil && h.draining() {
		select {
		case <-h.wake:
		case <-limit.Done():
		}
	}
}

// asked reports whether a drain was asked for.
func (h *holdings) asked(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.partitions[name]
	return p != nil && p.grant != nil && p.why != 0
}

// owns reports until when a partition is surely ours.
func (h *holdings) owns(name string) (time.Time, bool) {
	now := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.partitions[name]
	if p == nil || p.grant == nil || p.drained {
		return time.Time{}, false
	}
	return p.grant.until, now.Before(p.grant.until)
}

// count returns how many partitions are ours.
func (h *holdings) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, p := range h.partitions {
		if p.grant != nil {
			n++
		}
	}
	return n
}

// close loses what is left and waits until the receiver knows it. It returns how many partitions were lost.
func (h *holdings) close() int {
	h.mu.Lock()
	h.closed = true
	lost := 0
	for _, p := range h.partitions { // in any order: the keepers are woken at once, and make no request
		if p.grant != nil {
			lost++
			p.lose()
		}
		signal(p.change)
	}
	h.mu.Unlock()
	h.keepers.Wait()
	return lost
}

// keep tells the receiver about one partition.
func (h *holdings) keep(p *holding) {
	defer h.keepers.Done()
	told := 0 // the tenure that the receiver works in; 0 for none
	for {
		h.mu.Lock()
		switch ours := p.grant != nil; {
		case told != 0 && (!ours || told != p.tenure):
			told = 0
			h.mu.Unlock()
			h.receiver.Lost(p.name)
		case ours && told == 0 && p.why == 0:
			told = p.tenure
			h.mu.Unlock()
			h.receiver.Acquired(p.name)
		case ours && told != 0 && p.why != 0 && !p.drained:
			tenure, why := told, p.why
			ctx, cancel := h.startDrain(p)
			h.mu.Unlock()
			err := h.receiver.Drain(ctx, p.name, why)
			cancel()
			told = h.endDrain(p, tenure, err)
		case ours && told == 0 && p.why != 0 && !p.drained:
			p.drained = true // the receiver has never had it
			h.mu.Unlock()
			h.awake()
		case h.closed && !ours:
			h.mu.Unlock()
			return
		default:
			h.mu.Unlock()
			<-p.change
		}
	}
}

// startDrain makes the context of a drain. The caller has the lock.
func (h *holdings) startDrain(p *holding) (context.Context, context.CancelFunc) {
	limit := maxDrain
	if p.why != Wanted {
		limit = maxStop
	}
	ctx, cancel := context.WithTimeout(h.ctx, limit)
	p.cancel = cancel
	return ctx, cancel
}

// endDrain returns the tenure that the receiver still has to be told the end of.
func (h *holdings) endDrain(p *holding, tenure int, err error) int {
	h.mu.Lock()
	p.cancel = nil
	lost := p.grant == nil || p.tenure != tenure
	h.mu.Unlock()
	if err != nil || lost {
		if err != nil && !lost {
			h.failed(p.name, err)
		}
		h.receiver.Lost(p.name)
	}
	h.mu.Lock()
	if p.grant != nil && p.tenure == tenure {
		p.drained = true
	}
	h.mu.Unlock()
	h.awake()
	return 0
}

func (h *holdings) awake() { signal(h.wake) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// names returns the partitions that are ours, in order.
func (h *holdings) names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for name, p := range h.partitions {
		if p.grant != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
