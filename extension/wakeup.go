package extension

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/azdurable/azdurable/bindings"
)

// WakeUpFunction is the name of the timer function by which the Functions host keeps an app up that has work.
const WakeUpFunction = "DurableWakeUp"

const (
	// defaultWakeUp is when the function is called unless wakeUpSchedule in host.json says otherwise: every minute.
	defaultWakeUp = "0 * * * * *"
	// noWakeUp as wakeUpSchedule leaves the function out.
	noWakeUp = "none"
	// wakeUpLimit is the longest that one call lasts: the next one takes over before the platform has noticed.
	wakeUpLimit = 50 * time.Second
	// wakeUpQuiet is how long nothing must have been under way for the app to count as idle. Plans that bill by time bill that, too, each minute.
	wakeUpQuiet = time.Second
	// settling is for how long a worker that has started may not have been given all that waits: its predecessor was killed, and leases and
	// invisible messages have to run out (PROTOCOL: everything moves again within 60 s).
	settling = time.Minute
)

// WakeUp makes the trigger of the function that the Functions host calls every minute for the sake of the engine. It is nil if host.json
// (extensions.durableTask.wakeUpSchedule) says "none".
//
// The platform sees an app's triggers, not the queues of its hub. An app that has scaled to zero is started by the call; while the worker has something to
// do, the call lasts, so that the platform does not take the app for idle and end it. See docs/19-scheduled-functions.md.
func (e *Extension) WakeUp() *bindings.TimerTrigger {
	if strings.EqualFold(e.settings.wakeUp, noWakeUp) {
		return nil
	}
	return bindings.Timer(WakeUpFunction, bindings.Schedule{Cron: e.settings.wakeUp, Unmonitored: true}, e.stayUp)
}

// stayUp returns when the worker has nothing to do, or when the next call is near.
func (e *Extension) stayUp(ctx context.Context, _ *bindings.TimerInfo, _ *bindings.DurableClient) error {
	e.mu.Lock()
	h := e.open
	e.mu.Unlock()
	if h == nil || !h.working {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, wakeUpLimit)
	defer cancel()
	quiet := max(wakeUpQuiet, settling-time.Since(h.since))
	_ = h.worker.WaitIdle(ctx, quiet) // it can only have been cut off, and the next call goes on
	return nil
}

// schedule takes a schedule, or the name of an app setting that has one, or nothing (noWakeUp).
func schedule(target *string) func(string) error {
	return func(value string) error {
		if !strings.EqualFold(value, noWakeUp) && !strings.HasPrefix(value, "%") {
			if _, err := bindings.ParseTimetable(value); err != nil {
				return fmt.Errorf("must be a schedule or %q: %w", noWakeUp, err)
			}
		}
		*target = value
		return nil
	}
}
