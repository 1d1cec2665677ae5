package local

import (
	"context"
	"fmt"
)

// readers is how many client reads and history loads run at once. Each costs a few MiB of page cache.
const readers = 4

// pool lends connections. To wait for one is to wait for a channel, never for a lock, so that simulated time goes on.
type pool chan *conn

// with lends a connection to do. Statements are interrupted when ctx ends.
func (p pool) with(ctx context.Context, do func(*conn) error) error {
	select {
	case c, ok := <-p:
		if !ok {
			return errStopped
		}
		defer func() { p <- c }()
		c.SetInterrupt(ctx)
		defer c.SetInterrupt(context.Background())
		return do(c)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close waits for all connections to come back and closes them.
func (p pool) close() (err error) {
	for range cap(p) {
		c, ok := <-p
		if !ok {
			return nil
		}
		if e := c.close(); e != nil && err == nil {
			err = fmt.Errorf("close the store: %w", e)
		}
	}
	close(p)
	return err
}
