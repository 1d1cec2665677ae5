package durabletask

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// ErrInstanceRunning means that an instance has not ended, so that it can't be purged.
var ErrInstanceRunning = backend.ErrInstanceRunning

// Purge removes an instance that has ended, with all that is kept of it; nothing of other instances, whatever their ids are like. It removes an entity in
// whatever state. The error is ErrInstanceNotFound or ErrInstanceRunning.
func (c *Client) Purge(ctx context.Context, instanceID string) error {
	if err := c.backend.Purge(ctx, history.Instance{ID: instanceID}); err != nil {
		return fmt.Errorf("purge %s: %w", excerpt(instanceID), err)
	}
	return nil
}

// PurgeFilter selects the instances to purge. Those that have not ended, and entities, are never among them.
type PurgeFilter struct {
	// CreatedFrom and CreatedTo are inclusive bounds; zero means none.
	CreatedFrom, CreatedTo time.Time
	// Statuses lists the states wanted, of Completed, Failed, Terminated and Canceled; empty means all of these.
	Statuses []Status
	// Progress is told how many were purged so far, after each page of up to 1,000, on the goroutine that calls PurgeMany; nil for nobody.
	Progress func(purged int)
}

// purgesAtOnce is how many instances are purged at a time: enough for the embedded store to commit many with one fsync, and not so many
// that an Azure Storage account would throttle whoever else uses it.
const purgesAtOnce = 128

// PurgeMany removes all instances that match and returns how many there were, also if it ends early: with the first error, or with ctx. It can be
// called again to go on.
func (c *Client) PurgeMany(ctx context.Context, f PurgeFilter) (int, error) {
	q := Query{CreatedFrom: f.CreatedFrom, CreatedTo: f.CreatedTo, OmitInput: true, PageSize: backend.MaxPageSize}
	for _, s := range []Status{Completed, Failed, Terminated, history.Canceled} {
		if len(f.Statuses) == 0 || slices.Contains(f.Statuses, s) {
			q.Statuses = append(q.Statuses, s)
		}
	}
	if len(q.Statuses) == 0 { // only states that are not those of an end
		return 0, nil
	}
	purged := 0
	for {
		page, err := c.List(ctx, q)
		if err != nil {
			return purged, fmt.Errorf("purge instances: %w", err)
		}
		n, err := c.purgeAll(ctx, page.Instances)
		if purged += n; f.Progress != nil && n > 0 {
			f.Progress(purged)
		}
		if err != nil {
			return purged, err
		}
		if q.Token = page.Next; q.Token == "" {
			return purged, nil
		}
	}
}

// purgeAll purges instances, several at a time, and returns how many there were. It ends with the first error; purges that are under way then
// come to their end.
func (c *Client) purgeAll(ctx context.Context, instances []*State) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, purged atomic.Int64
	var all sync.WaitGroup
	for range min(purgesAtOnce, len(instances)) {
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(instances)) && ctx.Err() == nil; n = next.Add(1) - 1 {
				target := instances[n].Instance
				if history.IsEntity(target.ID) {
					continue
				}
				err := c.backend.Purge(ctx, target)
				switch {
				case err == nil:
					purged.Add(1)
				case errors.Is(err, ErrInstanceNotFound), errors.Is(err, ErrInstanceRunning): // somebody has got ahead
				default:
					cancel(fmt.Errorf("purge %s: %w", excerpt(target.ID), err))
				}
			}
		})
	}
	all.Wait()
	return int(purged.Load()), context.Cause(ctx)
}
