package local

import (
	"context"
	"fmt"
	"slices"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Purge removes an instance that has ended, or an entity.
func (b *Backend) Purge(ctx context.Context, target history.Instance) error {
	q := &purge{reply: newReply(), target: target}
	err := b.submit(ctx, q)
	q.evicted.End()
	if err != nil {
		return fmt.Errorf("purge instance %q: %w", target.ID, err)
	}
	return nil
}

// maxPurged is how many instances one request purges: enough to share the cost of a commit, and few enough not to keep others waiting.
const maxPurged = 250

// PurgeAll removes many instances that have ended, some in each transaction.
func (b *Backend) PurgeAll(ctx context.Context, targets []history.Instance) (purged int, err error) {
	for part := range slices.Chunk(targets, maxPurged) {
		q := &purgeAll{reply: newReply(), targets: part}
		err := b.submit(ctx, q)
		for _, p := range q.purges {
			p.evicted.End()
		}
		if err != nil {
			return purged, fmt.Errorf("purge %d instances: %w", len(targets), err)
		}
		purged += len(q.purges)
	}
	return purged, nil
}

type purgeAll struct {
	reply
	targets []history.Instance
	purges  []*purge // of those that can be purged
}

func (q *purgeAll) order() order { return order{purgeRank, q.targets[0].ID, "all"} }

func (q *purgeAll) prepare(t *transaction) (refused, failed error) {
	q.purges = q.purges[:0]
	for _, target := range q.targets {
		p := &purge{target: target}
		refused, failed := p.prepare(t)
		if failed != nil {
			return nil, failed
		}
		if refused == nil {
			q.purges = append(q.purges, p)
		}
	}
	return nil, nil
}

func (q *purgeAll) apply(b *Backend) {
	for _, p := range q.purges {
		p.apply(b)
	}
}

type purge struct {
	reply
	target   history.Instance
	instance *instance
	evicted  backend.Evicted
}

func (q *purge) order() order { return order{purgeRank, q.target.ID, q.target.ExecutionID} }

func (q *purge) prepare(t *transaction) (refused, failed error) {
	i, err := t.find(q.target.ID)
	switch {
	case err != nil:
		return nil, err
	case i == nil || !t.isFor(q.target.ExecutionID, i):
		return backend.ErrInstanceNotFound, nil
	case !i.entity && !t.hasEnded(i):
		return backend.ErrInstanceRunning, nil
	}
	if q.target.ExecutionID != "" && !t.hasEnded(i) {
		waits, err := t.waits(i)
		if err != nil || waits {
			return backend.ErrInstanceRunning, err
		}
	}
	q.instance = i
	t.end(i)
	delete(t.seen, i.id)
	return nil, t.remove(i.key)
}

// waits reports whether there is a message for the instance, or somebody at work on it.
func (t *transaction) waits(i *instance) (bool, error) {
	t.b.mu.Lock()
	out := i.out != nil
	t.b.mu.Unlock()
	n, err := t.c.count(countMessages, i.key)
	return out || n > 0, err
}

func (q *purge) apply(b *Backend) {
	b.replace(q.instance)
	q.evicted = b.sessions.Forget(q.target.ID)
	b.wakeWaiters(q.target.ID)
}

// remove deletes all rows of an instance.
func (t *transaction) remove(key int64) error {
	for _, s := range [...]statement{deleteInstance, deleteHistory, deleteMessages, deleteActivities} {
		if err := t.run(s, key); err != nil {
			return err
		}
	}
	return nil
}
