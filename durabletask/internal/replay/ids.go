package replay

import (
	"crypto/sha1" //nolint:gosec // RFC 4122 version 5 identifiers are defined by SHA-1
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// UUID is an RFC 4122 identifier.
type UUID [16]byte

// String returns the usual form, 8-4-4-4-12 hex digits.
func (u UUID) String() string {
	var out [36]byte
	hex.Encode(out[0:8], u[0:4])
	hex.Encode(out[9:13], u[4:6])
	hex.Encode(out[14:18], u[6:8])
	hex.Encode(out[19:23], u[8:10])
	hex.Encode(out[24:36], u[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

var (
	// orchestrationSpace is the namespace of NewUUID in the Functions extension (ext: GuidManager.cs).
	orchestrationSpace = UUID{0x9e, 0x95, 0x29, 0x59, 0x5e, 0x33, 0x4d, 0xaf, 0x82, 0x7f, 0x2f, 0xa1, 0x29, 0x37, 0xb8, 0x75}
	// messageSpace is the namespace of the ids of messages that episodes make; nobody else interprets them.
	messageSpace = UUID{0x6d, 0x1f, 0x5a, 0x0e, 0x3b, 0x52, 0x4c, 0x8e, 0x9a, 0x77, 0x41, 0x0c, 0xd6, 0x2b, 0x90, 0xe3}
)

// uuid5 is the name-based identifier of RFC 4122, version 5.
func uuid5(space UUID, name string) UUID {
	h := sha1.New() //nolint:gosec // see above
	h.Write(space[:])
	h.Write([]byte(name))
	var u UUID
	copy(u[:], h.Sum(nil))
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}

// roundTrip is .NET's round-trip format: always seven digits of the second.
const roundTrip = "2006-01-02T15:04:05.0000000Z"

// NewUUID makes the next identifier of the orchestration: the one .NET would make at this point, byte for byte.
func (x *Execution) NewUUID() UUID {
	name := x.start.Instance.ID + "_" + x.now.UTC().Format(roundTrip) + "_" + strconv.Itoa(x.uuids)
	x.uuids++
	return uuid5(orchestrationSpace, name)
}

// messageID derives the id of a message from the decision that makes it: a re-run of the same decision repeats it, another
// decision never does.
func (x *Execution) messageID(a *action) string {
	input := ""
	if a.input != nil {
		input = *a.input
	}
	sum := sha1.Sum([]byte(input)) //nolint:gosec // no secret; it tells inputs apart
	var b []byte
	for _, part := range []string{x.start.Instance.ExecutionID, strconv.Itoa(a.id), a.kind.String(), a.target, a.name, a.fireAt.Format(time.RFC3339Nano)} {
		b = strconv.AppendQuote(b, part)
	}
	return uuid5(messageSpace, string(append(b, sum[:]...))).String()
}

// derivedExecution derives the execution id of a child, or of the next generation (no child), from the decision that starts it: 32 hex
// digits, as the reference's random ones.
func derivedExecution(executionID string, id int, child string) string {
	name := strconv.AppendQuote(nil, executionID)
	name = strconv.AppendInt(name, int64(id), 10)
	return strings.ReplaceAll(uuid5(messageSpace, string(strconv.AppendQuote(name, child))).String(), "-", "")
}
