package azurestorage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Purge removes an instance that has ended, or an entity.
func (b *Backend) Purge(ctx context.Context, target history.Instance) error {
	evicted, err := b.purge(ctx, target)
	evicted.End()
	if err != nil {
		return fmt.Errorf("purge instance %q: %w", target.ID, err)
	}
	return nil
}

// PurgeAll removes many instances that have ended, some of them at a time.
func (b *Backend) PurgeAll(ctx context.Context, targets []history.Instance) (purged int, err error) {
	gone := make([]bool, len(targets))
	var all []int
	named := make(map[history.Instance]bool, len(targets))
	for n, target := range targets {
		if !named[target] { // two purges of one instance at once would both count it
			named[target] = true
			all = append(all, n)
		}
	}
	err = parallel(all, func(n int) error {
		evicted, err := b.purge(ctx, targets[n])
		evicted.End()
		if gone[n] = err == nil; errors.Is(err, backend.ErrInstanceNotFound) || errors.Is(err, backend.ErrInstanceRunning) {
			return nil
		}
		return err
	})
	for _, is := range gone {
		if is {
			purged++
		}
	}
	if err != nil {
		return purged, fmt.Errorf("purge %d instances: %w", len(targets), err)
	}
	return purged, nil
}

func (b *Backend) purge(ctx context.Context, target history.Instance) (backend.Evicted, error) {
	if err := b.alive(ctx); err != nil {
		return nil, err
	}
	row, err := b.readRow(ctx, target.ID)
	switch {
	case err != nil:
		return nil, err
	case row == nil || target.ExecutionID != "" && !isOf(row, target.ExecutionID):
		return nil, backend.ErrInstanceNotFound
	}
	ended := row.Status != nil && row.Status.Terminal()
	if !ended && !history.IsEntity(target.ID) {
		return nil, backend.ErrInstanceRunning
	}
	if target.ExecutionID != "" && !ended && b.waitsFor(target.ID) {
		return nil, backend.ErrInstanceRunning
	}
	if err := b.purgeHistory(ctx, target, ended); err != nil {
		return nil, err
	}
	// Differs from DTFx, which deletes all blobs that begin with the id: order-10's with those of order-1.
	prefixes := []string{target.ID + "/"}
	if key := wire.EscapeKey(target.ID); key != target.ID {
		prefixes = append(prefixes, key+"/")
	}
	for _, prefix := range prefixes {
		if err := b.purgeBlobs(ctx, prefix); err != nil {
			return nil, err
		}
	}
	// The row goes last, so that a purge that is cut short can be made again; and only the one that was read, for a new start may have come.
	_, err = b.rows.Write(ctx, account.Op{Action: account.Delete, Key: account.Key{Partition: row.PartitionKey}, ETag: row.ETag})
	if err != nil && !account.NotFound(err) && !account.PreconditionFailed(err) {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	evicted := b.sessions.Forget(target.ID)
	b.outdate(target.ID)
	b.wakeWaiters(target.ID, nil)
	return evicted, nil
}

// waitsFor reports whether something waits for the instance in this process.
func (b *Backend) waitsFor(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := b.instances[id]
	return ok && (len(i.inbox) > 0 || i.out != nil)
}

// purgeHistory deletes the rows of all executions. The sentinel goes first, under its ETag: a worker that is about to commit finds it gone.
func (b *Backend) purgeHistory(ctx context.Context, target history.Instance, ended bool) error {
	key := wire.EscapeKey(target.ID)
	s, err := b.readSentinel(ctx, key)
	if err != nil && !account.NotFound(err) {
		return err
	}
	if err == nil {
		if target.ExecutionID != "" && !ended && s.ExecutionID != target.ExecutionID {
			return backend.ErrInstanceRunning
		}
		_, err := b.history.Write(ctx, account.Op{Action: account.Delete, Key: account.Key{Partition: key, Row: wire.SentinelKey}, ETag: s.ETag})
		if account.PreconditionFailed(err) {
			return backend.ErrInstanceRunning
		}
		if err != nil && !account.NotFound(err) {
			return err
		}
	}
	q := account.Query{Filter: "PartitionKey eq " + account.Quote(key), Select: []string{"PartitionKey", "RowKey"}}
	for {
		page, err := b.history.Query(ctx, q)
		if err != nil {
			return err
		}
		if err := b.purgeRows(ctx, key, page.Rows); err != nil {
			return err
		}
		if q.Next = page.Next; q.Next == "" {
			return nil
		}
	}
}

func (b *Backend) purgeRows(ctx context.Context, key string, rows []json.RawMessage) error {
	for len(rows) > 0 {
		n := min(len(rows), account.MaxOps)
		var ops []account.Op
		for _, row := range rows[:n] {
			ops = append(ops, account.Op{Action: account.Delete, Key: account.Key{Partition: key, Row: wire.RowKeyOf(row)}, ETag: account.AnyETag})
		}
		if _, err := b.history.Submit(ctx, ops); err != nil {
			if !account.NotFound(err) {
				return err
			}
			for _, op := range ops { // somebody else deletes them, too
				if _, err := b.history.Write(ctx, op); err != nil && !account.NotFound(err) {
					return err
				}
			}
		}
		rows = rows[n:]
	}
	return nil
}

func (b *Backend) purgeBlobs(ctx context.Context, prefix string) error {
	next := ""
	for {
		page, err := b.blobs.List(ctx, prefix, next, 0)
		if account.NotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := parallel(page.Blobs, func(blob account.BlobInfo) error {
			_, err := b.blobs.Blob(blob.Name).Delete(ctx, "")
			return err
		}); err != nil {
			return err
		}
		if next = page.Next; next == "" {
			return nil
		}
	}
}
