package azurestorage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// drainLook is how often a partition that is being given away looks whether its work has ended.
const drainLook = 50 * time.Millisecond

// stopTime is how long the last requests may take.
const stopTime = 5 * time.Second

// Stop releases what is left. Work that is out is refused from now on.
func (b *Backend) Stop(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := b.Drain(ctx); err != nil {
		return fmt.Errorf("stop task hub %q: %w", b.o.Hub, err)
	}
	b.mu.Lock()
	if b.stage == stopped {
		b.mu.Unlock()
		select {
		case <-b.stopped:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	wasStarted := b.begun
	b.stage = stopped
	for _, id := range sortedKeys(b.instances) {
		if i := b.instances[id]; i.out != nil && i.out.state == out {
			b.loseLocked(i.out)
		}
	}
	var running []*held
	for _, id := range sortedKeys(b.workItems.held) {
		running = append(running, b.workItems.held[id])
	}
	for _, id := range sortedKeys(b.waiters) {
		b.wakeWaiters(id, nil)
	}
	b.mu.Unlock()
	last, cancel := context.WithTimeout(detached(ctx), stopTime)
	_ = parallel(running, func(h *held) error { b.giveBack(last, h, 0); return nil })
	cancel()
	var err error
	if wasStarted {
		err = b.member.Stop(ctx)
	}
	giveUp := context.AfterFunc(ctx, b.endLife)
	timer := time.AfterFunc(stopTime, b.endLife)
	b.errands.wait()
	giveUp()
	timer.Stop()
	b.endLife()
	b.loops.wait()
	b.sessions.EndAll()
	close(b.stopped)
	if err != nil {
		return fmt.Errorf("stop task hub %q: %w", b.o.Hub, err)
	}
	return nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
