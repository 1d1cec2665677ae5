package wire

import (
	"encoding/json"
	"fmt"
	"time"
)

// SentinelKey is the RowKey of sentinels. It sorts behind those of all events.
const SentinelKey = "sentinel"

// Sentinel is the row of the history table that fences an instance: whoever commits must know its ETag.
type Sentinel struct {
	// PartitionKey is the escaped instance id (EscapeKey).
	PartitionKey string
	// ExecutionID is the current execution.
	ExecutionID string
	// Complete is false if the batch that wrote the row was not the last of its checkpoint.
	Complete bool
	// Completed is when the last checkpoint was complete; zero in a batch that is not its checkpoint's last.
	Completed time.Time
	// CommitID names the checkpoint, if one of our workers wrote it. A checkpoint of .NET leaves it as it was.
	CommitID string
	// Applied are the messages that were applied and that the history no longer shows.
	Applied []Applied
	// Origin is the execution id of the last start that was accepted.
	Origin string
	// ETag is set by decoding and not written.
	ETag string

	extra []Member
}

// RowKeyOf returns the RowKey of a row of any kind, or the empty string. It tells sentinels from events.
func RowKeyOf(row json.RawMessage) string {
	if checkObject(row) != nil {
		return ""
	}
	for name, value := range members(row) {
		if string(name) == rowKey {
			text, _ := unquote(value)
			return text
		}
	}
	return ""
}

// DecodeSentinel reads a sentinel as the table service returns it.
func DecodeSentinel(data json.RawMessage) (Sentinel, error) {
	var s Sentinel
	err := checkObject(data)
	if err == nil {
		s.extra, err = eachColumn(data, s.set)
	}
	if err != nil {
		return Sentinel{}, fmt.Errorf("decode sentinel of %q: %w", s.PartitionKey, err)
	}
	return s, nil
}

const completedColumn = "CheckpointCompletedTimestamp"

func (s *Sentinel) set(name, value []byte) (bool, error) {
	switch string(name) {
	case partitionKey:
		return true, setValue(&s.PartitionKey, value)
	case rowKey, completedColumn + annotation, appliedColumn + annotation:
		return true, nil
	case executionID:
		return true, setValue(&s.ExecutionID, value)
	case "IsCheckpointComplete":
		return true, setValue(&s.Complete, value)
	case completedColumn:
		return true, setValue(&s.Completed, value)
	case "CommitId":
		return true, setValue(&s.CommitID, value)
	case appliedColumn:
		return true, setApplied(&s.Applied, value)
	case "Origin":
		return true, setValue(&s.Origin, value)
	case etagMember:
		return true, setValue(&s.ETag, value)
	}
	return false, nil
}

// Encode returns the row, for an insert or for a merge. A merge leaves alone what is not in it: an empty CommitID, Applied
// or Origin changes nothing. Applied that is not nil but has no entries empties the column.
func (s *Sentinel) Encode() json.RawMessage {
	dst := append(make([]byte, 0, 256), '{')
	dst = appendString(appendName(dst, partitionKey), s.PartitionKey)
	dst = appendString(appendName(dst, rowKey), SentinelKey)
	dst = appendTextColumn(dst, executionID, s.ExecutionID)
	dst = appendColumn(dst, "IsCheckpointComplete", &s.Complete, false)
	dst = appendTimeColumn(dst, completedColumn, s.Completed)
	dst = appendTextColumn(dst, "CommitId", s.CommitID)
	dst = appendAppliedColumn(dst, s.Applied)
	dst = appendTextColumn(dst, "Origin", s.Origin)
	dst = appendMembers(dst, s.extra)
	return append(dst, '}')
}
