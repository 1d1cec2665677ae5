package local

import (
	"context"
	"errors"
)

// readers is how many client reads and history loads run at once. Each costs a few MiB of page cache.
const readers = 4

// pool lends connections. To wait for one is to wait for a channel, never for a lock, so that simulated time goes on.
type pool chan *conn

func newPool(conns ...*conn) pool {
	p := make(pool, len(conns))
	for _, c := range conns {
		p <- c
	}
	return p
}

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
		err := do(c)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close takes n connections, waiting for them to come back, and closes them.
func (p pool) close(n int) error {
	var errs []error
	for range n {
		c, ok := <-p
		if !ok {
			return nil // the other name of the same pool has been closed
		}
		errs = append(errs, c.close())
	}
	if n > 0 {
		close(p)
	}
	return errors.Join(errs...)
}
