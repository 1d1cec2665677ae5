package wire

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Applied names a message that was applied, and when.
type Applied struct {
	// ID is the message's ActivityID.
	ID string
	At time.Time
}

const (
	appliedColumn = "Applied"
	// appliedSize is the size of an entry: an id of 16 bytes, and the time as 100 ns since 1970, big-endian. The column is
	// binary because 2,000 entries of text would not fit into the 64 KiB of a column.
	appliedSize = 16 + 8
)

// MaxApplied is how many entries the column holds: the limit of the protocol, and less than what fits in a column.
const MaxApplied = 2000

func setApplied(p *[]Applied, value []byte) error {
	text, err := unquote(value)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data)%appliedSize != 0 {
		return fmt.Errorf("not a list of entries of %d bytes", appliedSize)
	}
	entries := make([]Applied, 0, len(data)/appliedSize)
	for entry := range slices.Chunk(data, appliedSize) {
		id, err := parseGUID(hex.EncodeToString(entry[:16]))
		if err != nil {
			return err
		}
		ticks := int64(binary.BigEndian.Uint64(entry[16:]))
		entries = append(entries, Applied{ID: id, At: time.Unix(ticks/ticksPerSecond, ticks%ticksPerSecond*100).UTC()})
	}
	*p = entries
	return nil
}

const ticksPerSecond = 10_000_000

func appendAppliedColumn(dst []byte, entries []Applied) []byte {
	if entries == nil {
		return dst
	}
	data := make([]byte, 0, len(entries)*appliedSize)
	for _, e := range entries {
		data = append(data, guidBytes(e.ID)...)
		ticks := e.At.Unix()*ticksPerSecond + int64(e.At.Nanosecond()/100)
		data = binary.BigEndian.AppendUint64(data, uint64(ticks))
	}
	dst = appendString(appendName(dst, appliedColumn), base64.StdEncoding.EncodeToString(data))
	return appendString(appendName(dst, appliedColumn+annotation), edmBinary)
}

// guidBytes returns the 16 bytes of an id in the order of its digits; zeros for what is not an id, which is never a repeat.
func guidBytes(id string) []byte {
	data, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(data) != 16 {
		return make([]byte, 16)
	}
	return data
}
