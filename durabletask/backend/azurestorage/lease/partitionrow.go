package lease

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/history"
)

// partitionRow is a row of the partitions table: a partition and who owns it (DTFx: TablePartitionLease).
type partitionRow struct {
	name, etag string
	// owner has it, next wants it; empty for nobody. Compared with case.
	owner, next string
	// since, renewed and expires are by the clock of who wrote them, and keep their values after a release.
	since, renewed, expires time.Time
	// written is when the row was last written, by the service's clock.
	written  time.Time
	draining bool
}

// rowTime is how the reference's table client writes times.
const rowTime = "2006-01-02T15:04:05.0000000Z"

// maxLeaseRead bounds what a row may say about the length of its lease, so that nonsense in it blocks the partition not for long.
const maxLeaseRead = 5 * time.Minute

func parsePartitionRow(data json.RawMessage) (partitionRow, error) {
	var columns struct {
		ETag         string  `json:"odata.etag"`
		RowKey       string  `json:"RowKey"`
		CurrentOwner *string `json:"CurrentOwner"`
		NextOwner    *string `json:"NextOwner"`
		OwnedSince   *string `json:"OwnedSince"`
		LastRenewal  *string `json:"LastRenewal"`
		ExpiresAt    *string `json:"ExpiresAt"`
		Timestamp    *string `json:"Timestamp"`
		IsDraining   *bool   `json:"IsDraining"`
	}
	if err := json.Unmarshal(data, &columns); err != nil {
		return partitionRow{}, fmt.Errorf("row of the partitions table: %w", err)
	}
	if columns.RowKey == "" || columns.ETag == "" {
		return partitionRow{}, fmt.Errorf("row of the partitions table: no key or ETag: %.200s", data)
	}
	r := partitionRow{name: columns.RowKey, etag: columns.ETag}
	if columns.CurrentOwner != nil {
		r.owner = *columns.CurrentOwner
	}
	if columns.NextOwner != nil {
		r.next = *columns.NextOwner
	}
	r.draining = columns.IsDraining != nil && *columns.IsDraining
	for _, column := range []struct {
		text *string
		to   *time.Time
	}{{columns.OwnedSince, &r.since}, {columns.LastRenewal, &r.renewed}, {columns.ExpiresAt, &r.expires}, {columns.Timestamp, &r.written}} {
		if column.text == nil {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, *column.text)
		if err != nil {
			return partitionRow{}, fmt.Errorf("row %q of the partitions table: %q is not a time", r.name, *column.text)
		}
		*column.to = t.UTC()
	}
	return r, nil
}

// ends is when others may take the partition, by the service's clock: the lease counts from when the service stored the row, and is as long as
// its writer meant. (DTFx compares the writer's ExpiresAt with the reader's clock. Differs because either may be wrong.)
func (r *partitionRow) ends(lease time.Duration) time.Time {
	if r.expires.IsZero() {
		return time.Time{}
	}
	length := r.expires.Sub(r.renewed)
	if length <= 0 || length > maxLeaseRead {
		length = lease
	}
	if r.written.IsZero() {
		return r.expires
	}
	return r.written.Add(length)
}

// columns returns the row as it is stored: all columns, empty ones as nulls, as in the recordings.
func (r *partitionRow) columns() json.RawMessage {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	at := func(t time.Time) (value, kind *string) {
		if t.IsZero() {
			return nil, nil
		}
		return text(t.UTC().Truncate(history.Resolution).Format(rowTime)), text("Edm.DateTime")
	}
	row := struct {
		PartitionKey    string  `json:"PartitionKey"`
		RowKey          string  `json:"RowKey"`
		CurrentOwner    *string `json:"CurrentOwner"`
		NextOwner       *string `json:"NextOwner"`
		OwnedSince      *string `json:"OwnedSince"`
		OwnedSinceKind  *string `json:"OwnedSince@odata.type,omitempty"`
		LastRenewal     *string `json:"LastRenewal"`
		LastRenewalKind *string `json:"LastRenewal@odata.type,omitempty"`
		ExpiresAt       *string `json:"ExpiresAt"`
		ExpiresAtKind   *string `json:"ExpiresAt@odata.type,omitempty"`
		IsDraining      bool    `json:"IsDraining"`
	}{RowKey: r.name, CurrentOwner: text(r.owner), NextOwner: text(r.next), IsDraining: r.draining}
	row.OwnedSince, row.OwnedSinceKind = at(r.since)
	row.LastRenewal, row.LastRenewalKind = at(r.renewed)
	row.ExpiresAt, row.ExpiresAtKind = at(r.expires)
	data, err := json.Marshal(row)
	if err != nil {
		panic(err) // there is nothing in it that JSON can't say
	}
	return data
}

// write is the operation that stores the row over the version that we know.
func (r *partitionRow) write() account.Op {
	return account.Op{Action: account.Replace, Key: account.Key{Row: r.name}, ETag: r.etag, Row: r.columns()}
}

func (r *partitionRow) renew(now time.Time, lease time.Duration) {
	r.renewed, r.expires = now, now.Add(lease)
}

func (r *partitionRow) claim(me string, now time.Time, lease time.Duration) {
	r.owner, r.next, r.draining, r.since = me, "", false, now
	r.renew(now, lease)
}

func (r *partitionRow) release() { r.owner, r.draining = "", false }
