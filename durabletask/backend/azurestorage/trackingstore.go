package azurestorage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// readRecord reads what is committed of an instance. If execution is not empty, the events of others are left out.
// (DTFx: AzureTableTrackingStore.GetHistoryEventsAsync.)
func (b *Backend) readRecord(ctx context.Context, id, execution string) (*record, error) {
	past, sentinel, blobs, err := b.readHistory(ctx, id, execution)
	if err != nil {
		return nil, fmt.Errorf("read history of instance %q: %w", id, err)
	}
	now := b.env.Now()
	r := newRecord()
	r.sentinel, r.execution, r.origin, r.blobs = sentinel, sentinel.ExecutionID, sentinel.Origin, blobs
	for _, a := range sentinel.Applied {
		r.before[a.ID] = true
		// How long ago the message was deleted is not known, if it was.
		r.recent = append(r.recent, wire.Applied{ID: a.ID, At: now})
	}
	r.add(past, func(string) time.Time { return now })
	r.past, r.read = past, true
	return r, nil
}

// readHistory reads the events of the present execution, and the sentinel, which is zero if there is none.
func (b *Backend) readHistory(ctx context.Context, id, execution string) ([]history.Event, wire.Sentinel, []string, error) {
	rows, sentinel, err := b.readRows(ctx, id, execution)
	if err != nil {
		return nil, sentinel, nil, err
	}
	var blobs []string
	var events []history.Event
	var all sync.WaitGroup
	limit := make(chan struct{}, maxPuts)
	errs := make([]error, len(rows))
	for n := range rows {
		row := &rows[n]
		for _, c := range row.Blobs {
			blobs = append(blobs, c.Blob)
		}
		if len(row.Blobs) > 0 {
			limit <- struct{}{}
			all.Go(func() {
				defer func() { <-limit }()
				errs[n] = b.restore(ctx, row)
			})
		}
		events = append(events, row.Event)
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, sentinel, nil, err
		}
	}
	return events, sentinel, blobs, nil
}

// readRows reads the rows of the present execution up to the first of an older one.
func (b *Backend) readRows(ctx context.Context, id, execution string) (rows []wire.HistoryRow, sentinel wire.Sentinel, err error) {
	q := account.Query{Filter: "PartitionKey eq " + account.Quote(wire.EscapeKey(id))}
	if execution != "" {
		q.Filter += " and (RowKey eq '" + wire.SentinelKey + "' or ExecutionId eq " + account.Quote(execution) + ")"
	}
	var raw []json.RawMessage
	for {
		page, err := b.history.Query(ctx, q)
		if err != nil {
			return nil, sentinel, err
		}
		raw = append(raw, page.Rows...)
		if q.Next = page.Next; q.Next == "" {
			break
		}
	}
	n := slices.IndexFunc(raw, func(r json.RawMessage) bool { return wire.RowKeyOf(r) == wire.SentinelKey })
	if n >= 0 {
		if sentinel, err = wire.DecodeSentinel(raw[n]); err != nil {
			return nil, sentinel, err
		}
		raw = slices.Delete(raw, n, n+1)
	}
	for i, r := range raw {
		row, err := wire.DecodeHistoryRow(r)
		if err != nil {
			return nil, sentinel, err
		}
		if n < 0 && i == 0 { // a history without a sentinel, of a very old version
			sentinel.ExecutionID = row.ExecutionID
		}
		if row.ExecutionID != sentinel.ExecutionID { // left over from an older, longer execution
			break
		}
		rows = append(rows, row)
	}
	return rows, sentinel, nil
}

// restore reads the columns of a row that stand in blobs.
func (b *Backend) restore(ctx context.Context, row *wire.HistoryRow) error {
	for _, c := range row.Blobs {
		text, err := b.readBlob(ctx, c.Blob)
		if err != nil {
			return err
		}
		if err := row.Restore(c.Column, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// maxPuts is how many requests of one checkpoint or one look-up are under way at once.
const maxPuts = 32

// Limits of one transaction beside the service's: the sentinel is its last operation, and there must be room for the lines around the rows.
const (
	maxBatchRows  = account.MaxOps - 1
	maxBatchBytes = 3 << 20
	rowOverhead   = 512
)

// readSentinel reads the row that fences an instance.
func (b *Backend) readSentinel(ctx context.Context, key string) (wire.Sentinel, error) {
	row, etag, err := b.history.Get(ctx, account.Key{Partition: key, Row: wire.SentinelKey})
	if err != nil {
		return wire.Sentinel{}, err
	}
	s, err := wire.DecodeSentinel(row)
	if etag != "" {
		s.ETag = etag
	}
	return s, err
}
