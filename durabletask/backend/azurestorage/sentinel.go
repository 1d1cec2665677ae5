package azurestorage

import (
	"context"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
)

// A batch is the part of a checkpoint that goes into one transaction, without the sentinel.
type batch struct {
	ops      []account.Op
	first    account.Key
	complete bool
}

// batchesOf splits the rows of a checkpoint. (DTFx: AzureTableTrackingStore.UpdateStateAsync.)
func batchesOf(rows []wire.HistoryRow, commitID string) []batch {
	var all []batch
	var ops []account.Op
	size := 0
	flush := func() {
		if len(ops) > 0 {
			all = append(all, batch{ops: ops, first: ops[0].Key})
			ops, size = nil, 0
		}
	}
	for n := range rows {
		r := &rows[n]
		r.CommitID = ""
		if len(ops) == 0 {
			r.CommitID = commitID
		}
		row := r.Encode()
		if len(ops) == maxBatchRows || len(ops) > 0 && size+len(row)+rowOverhead > maxBatchBytes {
			flush()
			r.CommitID = commitID
			row = r.Encode()
		}
		size += len(row) + rowOverhead
		ops = append(ops, account.Op{Action: account.InsertOrReplace, Key: account.Key{Partition: r.PartitionKey, Row: r.RowKey}, Row: row})
	}
	flush()
	if len(all) > 0 {
		all[len(all)-1].complete = true
	}
	return all
}

// storeHistory commits the rows, batch by batch, each under the ETag that the one before has left on the sentinel. Whether a batch whose answer was
// lost has taken place stands on its first row.
func (b *Backend) storeHistory(ctx context.Context, k *commit) error {
	if len(k.batches) == 0 {
		return nil
	}
	if k.stored == 0 && k.applied == nil {
		k.applied = b.appliedBy(k)
	}
	for k.stored < len(k.batches) && !k.overrun {
		part := &k.batches[k.stored]
		if k.asked {
			done, err := b.tookPlace(ctx, k, part)
			if err != nil {
				return err
			}
			if done {
				k.stored++
				k.asked = false
				continue
			}
		}
		s := b.sentinelOf(k, part)
		op := account.Op{Action: account.Insert, Key: account.Key{Partition: s.PartitionKey, Row: wire.SentinelKey}, Row: s.Encode()}
		if etag := k.record.sentinel.ETag; etag != "" {
			op.Action, op.ETag = account.Merge, etag
		}
		etags, err := b.history.Submit(ctx, append(slices.Clip(part.ops), op))
		switch {
		case err == nil:
			b.stored(k, s, etags[len(etags)-1])
		case account.Ambiguous(err): // the same call is made again, and looks
			k.asked = true
			return err
		case account.Transient(err):
			return err
		case (account.PreconditionFailed(err) || account.Conflict(err)) && k.asked:
			done, err := b.tookPlace(ctx, k, part)
			if err != nil {
				return err
			}
			if !done {
				return backend.ErrSessionLost
			}
			k.stored++
			k.asked = false
		case account.PreconditionFailed(err), account.Conflict(err), account.NotFound(err):
			return backend.ErrSessionLost
		default:
			return err
		}
	}
	return nil
}

// stored notes that a batch is stored.
func (b *Backend) stored(k *commit, s wire.Sentinel, etag string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.ETag = etag
	if s.Origin == "" {
		s.Origin = k.record.sentinel.Origin
	}
	k.record.sentinel = s
	k.stored++
	k.asked = false
}

// sentinelOf is the sentinel that goes with a batch.
func (b *Backend) sentinelOf(k *commit, part *batch) wire.Sentinel {
	s := wire.Sentinel{PartitionKey: part.first.Partition, ExecutionID: k.after.ExecutionID, CommitID: k.id, Complete: part.complete && !k.checkpoint.More}
	if s.Complete {
		s.Completed = k.now
	}
	if k.stored == 0 {
		s.Applied = k.applied
		if k.record.origin != k.record.sentinel.Origin {
			s.Origin = k.record.origin
		}
	}
	return s
}

// appliedBy lists what was applied and what the history will not show after a commit that begins a new execution. Nil means that nothing changes.
func (b *Backend) appliedBy(k *commit) []wire.Applied {
	r := k.record
	if !k.renewed && r.sentinel.ExecutionID == k.after.ExecutionID {
		return nil
	}
	shown := map[string]bool{}
	for _, e := range k.checkpoint.Events {
		shown[e.Head().ActivityID] = true
	}
	applied := []wire.Applied{}
	listed := map[string]bool{}
	add := func(id string, at time.Time) {
		if id != "" && !shown[id] && !listed[id] {
			listed[id] = true
			applied = append(applied, wire.Applied{ID: id, At: at})
		}
	}
	b.mu.Lock()
	r.prune(k.now)
	recent := r.recent
	b.mu.Unlock()
	for _, a := range recent {
		add(a.ID, a.At)
	}
	if k.renewed {
		for _, m := range k.receipt.messages {
			if forAny(m.wire.Event) {
				add(m.wire.ActivityID, k.appliedAt(m.wire.ActivityID))
			}
		}
	}
	if over := len(applied) - wire.MaxApplied; over > 0 { // only by what came in one piece of work
		applied = applied[over:]
	}
	if len(applied) == 0 && len(r.sentinel.Applied) == 0 && len(r.before) == 0 {
		return nil
	}
	return applied
}

// tookPlace finds out whether a batch that was sent has been stored, and under which ETag the session goes on.
func (b *Backend) tookPlace(ctx context.Context, k *commit, part *batch) (bool, error) {
	row, _, err := b.history.Get(ctx, part.first)
	if account.NotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	first, err := wire.DecodeHistoryRow(row)
	if err != nil {
		return false, err
	}
	if first.CommitID != k.id {
		return false, nil
	}
	s, err := b.readSentinel(ctx, part.first.Partition)
	if account.NotFound(err) {
		return false, backend.ErrSessionLost
	}
	if err != nil {
		return false, err
	}
	want := b.sentinelOf(k, part)
	// A .NET worker leaves CommitID as it is, but not the time.
	if s.CommitID != k.id || s.ExecutionID != want.ExecutionID || !want.Completed.IsZero() && !s.Completed.Equal(want.Completed) {
		k.overrun = true
		return true, nil
	}
	b.mu.Lock()
	k.record.sentinel = s
	b.mu.Unlock()
	return true, nil
}
