package azurestorage

import (
	"context"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Rewind takes back the failures of an instance and of its failed children. (DTFx: AzureTableTrackingStore.RewindHistoryAsync.)
func (b *Backend) Rewind(ctx context.Context, instanceID string, reason *string) error {
	if err := b.rewind(ctx, instanceID, reason); err != nil {
		return fmt.Errorf("rewind instance %q: %w", instanceID, err)
	}
	return nil
}

func (b *Backend) rewind(ctx context.Context, id string, reason *string) error {
	if err := b.alive(ctx); err != nil {
		return err
	}
	row, err := b.readRow(ctx, id)
	switch {
	case err != nil:
		return err
	case row == nil:
		return backend.ErrInstanceNotFound
	case row.Status == nil || *row.Status != history.Failed:
		status := history.Pending
		if row.Status != nil {
			status = *row.Status
		}
		return &backend.NotFailedError{Status: status}
	}
	return b.revive(ctx, id, row, reason)
}

// revive rewinds one instance, and its children that have failed.
func (b *Backend) revive(ctx context.Context, id string, row *wire.InstanceRow, reason *string) error {
	children, err := b.rewindHistory(ctx, id)
	if err != nil {
		return err
	}
	leaf := true
	for _, child := range children {
		there, err := b.failedRow(ctx, child)
		if err != nil {
			return err
		}
		if there == nil { // purged, or going on already
			continue
		}
		leaf = false
		if err := b.revive(ctx, child, there, reason); err != nil {
			return err
		}
	}
	if err := b.rewindRow(ctx, row); err != nil {
		return err
	}
	if !leaf {
		return nil
	}
	wake := &history.GenericEvent{
		Header: history.Header{ID: history.NoID, Time: b.env.Now(), ActivityID: b.freshGUID("rewind", id, b.nextSerial())}, Data: reason,
	}
	return b.deliver(ctx, b.outbound(history.Message{Target: history.Instance{ID: id}, Event: wake}, wire.Client()))
}

// How long failedRow waits for the row of a child that has just failed: twice as long each time.
const (
	firstLag = 100 * time.Millisecond
	lastLag  = 2 * time.Second
)

// failedRow returns the row of an instance that has failed, and nil for any other. The row is written after the history, and a parent may hear of the
// failure in between; if nobody writes the row, its writer is gone, and the row is mended.
func (b *Backend) failedRow(ctx context.Context, id string) (*wire.InstanceRow, error) {
	for lag := firstLag; ; lag *= 2 {
		row, err := b.readRow(ctx, id)
		switch {
		case err != nil || row == nil || row.Status == nil:
			return nil, err
		case *row.Status == history.Failed:
			return row, nil
		case row.Status.Terminal():
			return nil, nil
		}
		rec, err := b.readRecord(ctx, id, "")
		if err != nil || !rec.ended() {
			return nil, err
		}
		if lag > lastLag {
			mended, err := b.repair(ctx, id, rec, row)
			if err != nil || mended.row == nil || mended.row.Status == nil || *mended.row.Status != history.Failed {
				return nil, err
			}
			return mended.row, nil
		}
		if !sleep(ctx, lag) {
			return nil, ctx.Err() //nolint:wrapcheck // Rewind says of what
		}
	}
}

// rewindRow makes the row that of an instance which is about to go on.
func (b *Backend) rewindRow(ctx context.Context, row *wire.InstanceRow) error {
	pending := *row
	pending.Status, pending.LastUpdatedTime = new(history.Pending), b.env.Now()
	pending.Output, pending.Failure, pending.Result, pending.CompletedTime = nil, nil, nil, time.Time{}
	_, err := b.rows.Write(ctx, account.Op{Action: account.Replace, Key: account.Key{Partition: row.PartitionKey}, ETag: row.ETag, Row: pending.Encode()})
	return err
}

// rewindHistory rewrites the rows that a rewind changes, each batch under the sentinel's ETag, and returns the children to rewind.
func (b *Backend) rewindHistory(ctx context.Context, id string) (children []string, err error) {
	rows, sentinel, err := b.readRows(ctx, id, "")
	if err != nil {
		return nil, err
	}
	events := make([]history.Event, len(rows))
	for n := range rows {
		events[n] = rows[n].Event
	}
	rewound, children := backend.Rewound(events)
	var changed []wire.HistoryRow
	for n, e := range rewound {
		if e != events[n] {
			if e.Head().ActivityID = ""; rows[n].Event.Head().ActivityID != "" { // the message counts as never applied: the next one may have its id
				e.Head().ActivityID = b.freshGUID("rewound", id, rows[n].RowKey, b.nextSerial())
			}
			changed = append(changed, wire.HistoryRow{PartitionKey: rows[n].PartitionKey, RowKey: rows[n].RowKey, ExecutionID: rows[n].ExecutionID, Event: e})
		}
	}
	etag := sentinel.ETag
	for _, part := range batchesOf(changed, "") {
		for n := range part.ops { // the other columns stay, as in DTFx, and show what was there
			part.ops[n].Action = account.InsertOrMerge
		}
		s := wire.Sentinel{PartitionKey: part.first.Partition, ExecutionID: sentinel.ExecutionID, Complete: sentinel.Complete, Completed: sentinel.Completed}
		op := account.Op{Action: account.Merge, Key: account.Key{Partition: s.PartitionKey, Row: wire.SentinelKey}, ETag: etag, Row: s.Encode()}
		if etag == "" {
			op.Action = account.Insert
		}
		etags, err := b.history.Submit(ctx, append(part.ops, op))
		if err != nil {
			return nil, err
		}
		etag = etags[len(etags)-1]
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.outdate(id)
	return children, nil
}
