package wire

import (
	"encoding/json"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/history"
)

// HistoryRow is a row of the history table that holds an event. (The other kind of row there is the [Sentinel].)
type HistoryRow struct {
	// PartitionKey is the escaped instance id (EscapeKey).
	PartitionKey string
	// RowKey is the place of the event in its execution (RowKey).
	RowKey string
	// ExecutionID is the execution the event belongs to. Rows behind the end of the current one may be of an older.
	ExecutionID string
	// Event is an *UnknownEvent if the kind is not known.
	Event history.Event
	// Blobs are the columns that stand in blobs. In a decoded row they are empty until Restore has been called for each.
	Blobs []BlobColumn
	// CommitID stands on the first row of each batch that we write; empty elsewhere.
	CommitID string

	extra []Member
}

// DecodeHistoryRow reads a row as the table service returns it. An event of an unknown kind is no error. Columns that the
// kind does not have (a rewind leaves some) are kept. The row shares no memory with data.
func DecodeHistoryRow(data json.RawMessage) (HistoryRow, error) {
	if err := checkObject(data); err != nil {
		return HistoryRow{}, fmt.Errorf("decode history row: %w", err)
	}
	r, err := decodeHistoryRow(data)
	if err != nil {
		return HistoryRow{}, fmt.Errorf("decode history row %q: %w", r.RowKey, err)
	}
	return r, nil
}

func decodeHistoryRow(data []byte) (HistoryRow, error) {
	var r HistoryRow
	name, err := eventType(data)
	if err != nil {
		return r, err
	}
	k := kindsByName[name]
	unknown := k == nil
	if unknown {
		k = &kind{}
		r.Event = &UnknownEvent{Kind: name}
	} else {
		r.Event = k.create()
	}
	extra, err := eachColumn(data, func(name, value []byte) (bool, error) { return r.set(k, name, value) })
	if err != nil {
		return r, err
	}
	if unknown {
		r.Event.(*UnknownEvent).Members = extra
	} else {
		r.extra = extra
	}
	return r, nil
}

func eventType(data []byte) (string, error) {
	for name, value := range members(data) {
		if string(name) == "EventType" {
			return unquote(value)
		}
	}
	return "", errNoEvent
}

func (r *HistoryRow) set(k *kind, name, value []byte) (bool, error) {
	head := r.Event.Head()
	switch string(name) {
	case partitionKey:
		return true, setValue(&r.PartitionKey, value)
	case rowKey:
		return true, setValue(&r.RowKey, value)
	case executionID:
		return true, setValue(&r.ExecutionID, value)
	case "EventType", "_Timestamp" + annotation:
		return true, nil
	case "EventId":
		return true, setValue(&head.ID, value)
	case "IsPlayed":
		return true, setValue(&head.IsPlayed, value)
	case "_Timestamp":
		return true, setValue(&head.Time, value)
	case "ActivityId":
		return true, setValue(&head.ActivityID, value)
	case "CommitId":
		return true, setValue(&r.CommitID, value)
	}
	for f := range k.all() {
		switch {
		case f.name == string(name):
			return true, setColumn(f.ref(r.Event), value)
		case timeType(name, f.name):
			return true, nil
		case f.isBlobOf(name, r.Event):
			b := BlobColumn{Column: f.name}
			r.Blobs = append(r.Blobs, b)
			return true, setValue(&r.Blobs[len(r.Blobs)-1].Blob, value)
		}
	}
	return false, nil
}

// Encode returns the row for an insert or replace. Null columns are left out, which stores the same.
func (r *HistoryRow) Encode() json.RawMessage {
	dst := append(make([]byte, 0, 512), '{')
	dst = appendString(appendName(dst, partitionKey), r.PartitionKey)
	dst = appendString(appendName(dst, rowKey), r.RowKey)
	dst = appendTextColumn(dst, executionID, r.ExecutionID)
	dst = r.appendEvent(dst)
	h := r.Event.Head()
	dst = appendInt(appendName(dst, "EventId"), h.ID)
	dst = appendColumn(dst, "IsPlayed", &h.IsPlayed, false)
	dst = appendTimeColumn(dst, "_Timestamp", h.Time)
	dst = appendTextColumn(dst, "ActivityId", h.ActivityID)
	dst = appendTextColumn(dst, "CommitId", r.CommitID)
	dst = appendMembers(dst, r.extra)
	return append(dst, '}')
}

func (r *HistoryRow) appendEvent(dst []byte) []byte {
	if u, ok := r.Event.(*UnknownEvent); ok {
		dst = appendString(appendName(dst, "EventType"), u.Kind)
		return appendMembers(dst, u.Members)
	}
	k := spell(r.Event)
	if k == nil {
		panic(fmt.Sprintf("wire: no way to write a %T", r.Event))
	}
	dst = appendString(appendName(dst, "EventType"), k.name)
	for f := range k.all() {
		if blob := r.blobOf(f.name); blob != "" {
			dst = appendString(appendName(dst, f.name), "")
			dst = appendString(appendName(dst, f.name+blobName), blob)
			continue
		}
		dst = appendColumn(dst, f.name, f.ref(r.Event), f.optional)
	}
	return dst
}
