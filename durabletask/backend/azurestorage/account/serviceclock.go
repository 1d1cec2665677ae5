package account

import (
	"net/http"
	"sync"
	"time"
)

// serviceClock is how far the service's clock is ahead of ours, as far as the Date header of its answers, which has whole
// seconds, tells. Each answer narrows the range; one that lies outside starts it anew, because a clock was set.
type serviceClock struct {
	mu        sync.Mutex
	low, high time.Duration
	known     bool
}

// observe takes the Date of an answer to a request that was made at sent and answered at received.
func (c *serviceClock) observe(date string, sent, received time.Time) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	low, high := at.Sub(received), at.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known {
		low, high = max(low, c.low), min(high, c.high)
	}
	if low > high {
		low, high = at.Sub(received), at.Add(time.Second).Sub(sent)
	}
	c.low, c.high, c.known = low, high, true
}

func (c *serviceClock) offset() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.low + (c.high-c.low)/2, c.known
}

// ServiceNow returns the time by the service's clock, as far as it is known: to half a second after one answer, better after
// many. Before the first answer it is our own time. The ages of leases are measured with it.
func (a *Account) ServiceNow() time.Time {
	offset, _ := a.clock.offset()
	return a.env.Now().Add(offset)
}

// ClockOffset returns how far the service's clock is ahead of ours, and whether it has been heard yet.
func (a *Account) ClockOffset() (time.Duration, bool) { return a.clock.offset() }
