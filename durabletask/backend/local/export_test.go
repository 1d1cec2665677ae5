package local

import (
	"context"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// SetLargest lowers SQLite's limit on the size of a value, which a test can't reach.
func SetLargest(b *Backend, size int) {
	b.writer.with(context.Background(), func(c *conn) error {
		c.Limit(sqlite3.LIMIT_LENGTH, size)
		return nil
	})
}

// ActivitiesWait reports whether an activity is to be handed out.
func ActivitiesWait(b *Backend) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.activities.Ready() > 0
}

// SetPatience changes for how long the writer waits for other programs.
func SetPatience(b *Backend, d time.Duration) {
	b.writer.with(context.Background(), func(c *conn) error { return c.BusyTimeout(d) })
}
