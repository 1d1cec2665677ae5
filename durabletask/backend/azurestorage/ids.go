package azurestorage

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// fresh makes an identifier that nobody has made before. It depends on what it is for and on a seed of this process, not on which goroutine
// asks first, so that a simulation makes the same ones each time.
func (b *Backend) fresh(parts ...string) [32]byte {
	data := binary.BigEndian.AppendUint64(nil, b.seed)
	for _, p := range parts {
		data = strconv.AppendQuote(data, p)
	}
	return sha256.Sum256(data)
}

// freshGUID is fresh in the form of a random (version 4) GUID.
func (b *Backend) freshGUID(parts ...string) string {
	h := b.fresh(parts...)
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	d := hex.EncodeToString(h[:16])
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:]
}

// freshNumber is fresh as a number of 31 bits, which is what stands in the names of blobs.
func (b *Backend) freshNumber(parts ...string) uint32 {
	h := b.fresh(parts...)
	return binary.BigEndian.Uint32(h[:4])
}

// nextSerial counts, for what has no other name.
func (b *Backend) nextSerial() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial++
	return strconv.FormatUint(b.serial, 10)
}

// nextSequence numbers the messages that this process sends.
func (b *Backend) nextSequence() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sequence++
	return b.sequence
}
