package bindings

import (
	"fmt"
	"time"
)

// Retry is a retry policy of the Functions host: make one with [FixedDelay] or [ExponentialBackoff] and hand it to the function's definition. The attempts
// of one run share the id of the invocation, and the host waits for the next attempt in memory.
type Retry struct {
	// Strategy is "fixedDelay" or "exponentialBackoff".
	Strategy string `json:"strategy"`
	// MaxRetryCount is how often is tried again; -1 for ever.
	MaxRetryCount int `json:"maxRetryCount"`
	// DelayInterval is the pause of fixedDelay, as hh:mm:ss.
	DelayInterval string `json:"delayInterval,omitempty"`
	// MinimumInterval and MaximumInterval bound the pauses of exponentialBackoff, as hh:mm:ss.
	MinimumInterval string `json:"minimumInterval,omitempty"`
	MaximumInterval string `json:"maximumInterval,omitempty"`
}

// Forever as a number of retries tries until it succeeds.
const Forever = -1

// FixedDelay tries a function again that has failed, so many times and with that pause. It panics if the pause isn't a positive number of seconds.
func FixedDelay(retries int, pause time.Duration) *Retry {
	checkRetries(retries)
	return &Retry{Strategy: "fixedDelay", MaxRetryCount: retries, DelayInterval: interval(pause)}
}

// ExponentialBackoff tries a function again that has failed, so many times, with pauses that grow from shortest to longest. It panics if these
// aren't positive numbers of seconds, or the wrong way round.
func ExponentialBackoff(retries int, shortest, longest time.Duration) *Retry {
	checkRetries(retries)
	if shortest > longest {
		panic(fmt.Sprintf("bindings: the shortest pause of a retry policy, %v, exceeds the longest, %v: "+
			"write bindings.ExponentialBackoff(5, time.Second, time.Minute)", shortest, longest))
	}
	return &Retry{Strategy: "exponentialBackoff", MaxRetryCount: retries, MinimumInterval: interval(shortest), MaximumInterval: interval(longest)}
}

func (r *Retry) option(d *definition) {
	if d.retry != nil {
		panic(fmt.Sprintf("bindings: %q has two retry policies: leave one out", d.name))
	}
	if r == nil {
		panic(fmt.Sprintf("bindings: the retry policy of %q is nil: leave it out, or write bindings.FixedDelay(3, 5*time.Second)", d.name))
	}
	d.retry = r
}

func checkRetries(n int) {
	if n == 0 || n < Forever {
		panic(fmt.Sprintf("bindings: a retry policy can't have %d retries: "+
			"write how often to try again, such as bindings.FixedDelay(3, 5*time.Second), or bindings.Forever", n))
	}
}

// interval is a pause as the host reads it.
func interval(d time.Duration) string {
	const day = 24 * time.Hour
	if d < time.Second || d >= day || d%time.Second != 0 {
		panic(fmt.Sprintf("bindings: a retry policy can't pause for %v: write a number of seconds below a day, such as bindings.FixedDelay(3, 5*time.Second)", d))
	}
	s := int(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Attempt says which attempt of a retry policy an invocation is.
type Attempt struct {
	// Count is 0 for the first attempt, and 1 for the first repetition.
	Count int `json:"RetryCount"` //nolint:tagliatelle // as the host spells it
	// Most is how often is repeated at most.
	Most int `json:"MaxRetryCount"` //nolint:tagliatelle // as above
}

// Retry says which attempt of its retry policy the invocation is; zero without a policy.
func (in *Invocation) Retry() Attempt {
	var a Attempt
	in.Known("RetryContext", &a)
	return a
}
