package bindings

import (
	"errors"
	"fmt"
	"time"
)

// Delays returns the pause before the first repeat and the longest one; between them pauses double. They are the same for a fixed delay. The error
// says what is wrong with the policy.
func (r *Retry) Delays() (first, longest time.Duration, err error) {
	least, most := r.MinimumInterval, r.MaximumInterval
	switch r.Strategy {
	case "fixedDelay":
		least, most = r.DelayInterval, r.DelayInterval
	case "exponentialBackoff":
	default:
		return 0, 0, fmt.Errorf(`the strategy %q is neither "fixedDelay" nor "exponentialBackoff"`, r.Strategy)
	}
	if r.MaxRetryCount < -1 || r.MaxRetryCount == 0 {
		return 0, 0, errors.New("MaxRetryCount is how often is tried again: at least 1, or -1 for ever")
	}
	if first, err = ParseTimeSpan(least); err != nil {
		return 0, 0, err
	}
	if longest, err = ParseTimeSpan(most); err != nil {
		return 0, 0, err
	}
	if first <= 0 || longest < first {
		return 0, 0, fmt.Errorf("delays from %s to %s are not possible: they are positive, and the first is the shortest", least, most)
	}
	return first, longest, nil
}
