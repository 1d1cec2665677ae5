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
