package lease

import (
	"context"
	"time"
)

// Pauses between passes.
const (
	// soon is the pause while a partition changes hands (DTFx: 1 s).
	soon = time.Second
	// maxQuickRetries is how many failed passes in a row are repeated soon.
	maxQuickRetries = 9
)

// pause waits until a time has passed, something woke the loop, or its context has ended. What comes next depends on the state, not on which it was.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}

// pace keeps several schedules by one timer, so that what is due at one instant is found due together, and no setting of clocks moves it.
type pace struct {
	schedules []*schedule
	timer     *time.Timer
	step      time.Duration
}

// schedule is something to do every now and then, for the first time at once.
type schedule struct {
	interval, left time.Duration
	now            bool
}

// every adds a schedule.
func (p *pace) every(d time.Duration) *schedule {
	s := &schedule{interval: d, left: d, now: true}
	p.schedules = append(p.schedules, s)
	return s
}

// due reports whether it is time, once for each time.
func (s *schedule) due() bool {
	now := s.now
	s.now = false
	return now
}

func (p *pace) start() {
	p.next()
	p.timer = time.NewTimer(p.step)
}

func (p *pace) stop() { p.timer.Stop() }

func (p *pace) next() {
	p.step = p.schedules[0].left
	for _, s := range p.schedules {
		p.step = min(p.step, s.left)
	}
}

// wait waits until something may be due, something woke the loop, or its context has ended.
func (p *pace) wait(ctx context.Context, wake <-chan struct{}) {
	select {
	case <-p.timer.C:
	case <-wake:
		return
	case <-ctx.Done():
		return
	}
	for _, s := range p.schedules {
		if s.left -= p.step; s.left <= 0 {
			s.left, s.now = s.interval, true
		}
	}
	p.next()
	p.timer.Reset(p.step)
}
