package local

import (
	"container/heap"
	"context"
	"math"
	"strconv"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A timer is a message that is to be delivered when it is due.
type timer struct {
	instance *instance
	due      int64 // ticks
	seq      int64 // of its row
	start    bool  // it starts the execution
	// executionID is the only execution that it is for; empty if any.
	executionID string
	event       history.Event // nil: left in the file
	index       int           // in the heap
	slot        int           // among the timers of the instance
}

// timerHeap holds the timers, the next one first.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].seq < h[j].seq
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
func (h *timerHeap) remove(t *timer) { heap.Remove(h, t.index) }

// setTimer adds a timer of the instance and wakes the loop if it is the next one.
func (b *Backend) setTimer(t *timer) {
	i := t.instance
	if i.ended {
		return
	}
	b.keep(i)
	t.slot = len(i.timers)
	i.timers = append(i.timers, t)
	heap.Push(&b.timers, t)
	if t.index == 0 {
		select {
		case b.timerSet <- struct{}{}:
		default:
		}
	}
}

// fire turns a timer that is due into a message.
func (b *Backend) fire(t *timer) {
	i := t.instance
	b.timers.remove(t)
	last := len(i.timers) - 1
	i.timers[t.slot] = i.timers[last]
	i.timers[t.slot].slot = t.slot
	i.timers[last] = nil
	i.timers = i.timers[:last]
	m := &message{row: row{messages, t.seq}, event: t.event, executionID: t.executionID, start: t.start}
	if !t.start {
		b.deliver(i, m)
		return
	}
	i.held = false
	i.inbox = append([]*message{m}, i.inbox...)
	b.settle(i)
}

// maxSleep is how long the loop sleeps before it looks at the clock again: a clock that is set, or a machine that slept, delays
// no timer by more.
const maxSleep = time.Minute

// never is the longest sleep there is, 292 years.
const never = time.Duration(math.MaxInt64)

// runTimers delivers timers when they are due, one by one, until ctx ends.
func (b *Backend) runTimers(ctx context.Context) {
	alarm := time.NewTimer(never)
	defer alarm.Stop()
	for {
		next, wait := b.nextTimer()
		if wait > 0 {
			alarm.Reset(wait)
			select {
			case <-alarm.C:
			case <-b.timerSet:
			case <-ctx.Done():
				return
			}
			continue
		}
		gate := backend.Request{Worker: b.worker, Loop: "timers", Kind: "timer", Key: next.key(), Body: strconv.FormatInt(next.seq, 10)}
		if err := b.env.Enter(ctx, gate); err != nil || ctx.Err() != nil {
			return
		}
		b.mu.Lock()
		if next.index >= 0 {
			b.fire(next)
		}
		b.mu.Unlock()
	}
}

// nextTimer returns the first timer and how long it is until it is due.
func (b *Backend) nextTimer() (*timer, time.Duration) {
	now, longest := b.env.Now(), maxSleep
	if b.steady {
		longest = never
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.timers) == 0 {
		return nil, longest
	}
	next := b.timers[0]
	return next, min(timeOf(next.due).Sub(now), longest)
}

// key names the timer at the gate.
func (t *timer) key() string {
	if t.instance.id != "" {
		return t.instance.id
	}
	return strconv.FormatInt(t.instance.key, 10)
}
