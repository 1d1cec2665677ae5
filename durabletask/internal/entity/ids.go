package entity

import (
	"crypto/sha1" //nolint:gosec // RFC 4122 version 5 identifiers are defined by SHA-1
	"encoding/hex"
	"strconv"
	"strings"
)

// space is the namespace of the ids that batches make; nobody else interprets them.
var space = [16]byte{0x2e, 0x6b, 0xd2, 0x8f, 0x51, 0x0c, 0x4a, 0x3e, 0x8d, 0x19, 0xf4, 0x73, 0x0b, 0xa6, 0x5e, 0xc7}

// derive makes an id of what it is for: a re-run of the same batch repeats it, another batch never does.
func (b *Batch) derive(kind, of string, n int) string {
	h := sha1.New() //nolint:gosec // see above
	h.Write(space[:])
	for _, part := range []string{b.instance.ID, b.seed, kind, of, strconv.Itoa(n)} {
		h.Write(strconv.AppendQuote(nil, part))
	}
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	digits := hex.EncodeToString(u)
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}
