package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// A lock is given back by the orchestration that holds it, however that ends. One that was replaced, or ended by a worker that keeps locks, leaves
// it behind. So whoever waits behind a lock has the owner looked for: when something new comes for the entity, and every minute.

// orphanInterval is how often the owner of a lock is looked for while somebody waits behind it.
const orphanInterval = time.Minute

// maxWatched is how many entities are looked after without anything new coming for them.
const maxWatched = 10_000

// orphans are the entities that somebody waits for behind a lock.
type orphans struct {
	mu      sync.Mutex
	owners  map[string]string // of the locks, by the entity's instance id
	armed   *time.Timer
	running sync.WaitGroup
}

// watch notes what a batch has left of an entity.
func (d *Dispatcher) watch(ctx context.Context, entityID string, r *entityRecord) {
	o := &d.orphans
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.state.LockedBy == "" || len(r.state.Queue) == 0 || r.suspended {
		delete(o.owners, entityID)
		return
	}
	if o.owners == nil {
		o.owners = make(map[string]string)
	}
	if _, ok := o.owners[entityID]; !ok && len(o.owners) >= maxWatched {
		return
	}
	o.owners[entityID] = r.state.LockedBy
	d.armOrphans(ctx)
}

// armOrphans is called with the lock held.
func (d *Dispatcher) armOrphans(ctx context.Context) {
	o := &d.orphans
	if o.armed != nil || len(o.owners) == 0 || ctx.Err() != nil {
		return
	}
	o.running.Add(1)
	o.armed = time.AfterFunc(orphanInterval, func() {
		defer o.running.Done()
		d.lookForOwners(ctx)
	})
}

// lookForOwners gives the locks back whose owners have ended.
func (d *Dispatcher) lookForOwners(ctx context.Context) {
	o := &d.orphans
	o.mu.Lock()
	o.armed = nil
	ids := make([]string, 0, len(o.owners))
	for id := range o.owners {
		ids = append(ids, id)
	}
	o.mu.Unlock()
	ctx = backend.WithLoop(ctx, "orphans")
	slices.Sort(ids)
	for _, id := range ids {
		o.mu.Lock()
		owner := o.owners[id]
		o.mu.Unlock()
		if owner == "" || ctx.Err() != nil {
			continue
		}
		if err := d.giveBack(ctx, id, owner); err != nil && ctx.Err() == nil {
			d.Logger.Error("could not look for the owner of a lock; trying again", "entity", id, "owner", owner, "error", err)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	d.armOrphans(ctx)
}

// giveBack sends the release that an owner who has ended did not send.
func (d *Dispatcher) giveBack(ctx context.Context, entityID, owner string) error {
	orphaned, err := d.orphaned(ctx, owner)
	if err != nil || !orphaned {
		return err
	}
	release := entity.OrphanRelease(owner)
	release.Header = history.Header{ID: history.NoID, Time: d.Environment.Now()}
	d.Logger.Warn("the lock of an entity is taken back: its owner has ended without giving it back", "entity", entityID, "owner", owner)
	return d.backend.Send(ctx, history.Message{Target: history.Instance{ID: entityID}, Event: release})
}

// orphaned reports whether the owner of an entity's lock has ended.
func (d *Dispatcher) orphaned(ctx context.Context, owner string) (bool, error) {
	state, err := d.backend.Get(ctx, owner)
	switch {
	case errors.Is(err, backend.ErrInstanceNotFound):
		return entity.Orphaned(nil), nil
	case err != nil:
		return false, fmt.Errorf("ask for the owner of a lock: %w", err)
	}
	return entity.Orphaned(&state.Status), nil
}

// stop ends the watch.
func (o *orphans) stop() {
	o.mu.Lock()
	if o.armed != nil && o.armed.Stop() {
		o.running.Done()
	}
	o.mu.Unlock()
	o.running.Wait()
}
