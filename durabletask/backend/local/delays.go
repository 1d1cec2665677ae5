package local

import (
	"strconv"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// after calls resume with the lock held, at once or when the delay is over. It is called with the lock held.
func (b *Backend) after(delay time.Duration, resume func()) {
	if delay <= 0 {
		resume()
		return
	}
	b.lastDelay++
	body := strconv.FormatInt(b.lastDelay, 10)
	time.AfterFunc(delay, func() {
		if b.life.Err() != nil || b.env.Enter(b.life, backend.Request{Worker: b.worker, Loop: "delays", Kind: "delay", Body: body}) != nil {
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.stage < draining {
			resume()
		}
	})
}

// The pauses after a failed read: they double from the shortest to the longest.
const (
	shortestPause = time.Second
	longestPause  = time.Minute
)

func pause(attempts int) time.Duration {
	return min(shortestPause<<min(attempts-1, 6), longestPause)
}
