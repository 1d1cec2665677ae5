package lease

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// leaseContent is what stands in the blob of a partition: who took its lease, and under which id, so that others can take it over (DTFx: BlobPartitionLease).
type leaseContent struct {
	PartitionID string  `json:"PartitionId"`
	Owner       *string `json:"Owner"` // who; nil for nobody
	Token       *string `json:"Token"` // the lease's id
	Epoch       int64   `json:"Epoch"` // how often it changed hands
}

func parseLeaseContent(data []byte) (leaseContent, error) {
	var c leaseContent
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &c); err != nil {
		return leaseContent{}, fmt.Errorf("lease blob: %w", err)
	}
	return c, nil
}

func (c leaseContent) json() []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(c); err != nil {
		panic(err) // texts and a number
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (c *leaseContent) owner() string { return deref(c.Owner) }
func (c *leaseContent) token() string { return deref(c.Token) }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// seenLease is a blob as it was read.
type seenLease struct {
	partition string
	leaseContent
	leased bool
}

// ours reports whether it is ours, perhaps from before a stop that did not end.
func (s *seenLease) ours(me string) bool { return s.leased && strings.EqualFold(s.owner(), me) }

// free reports whether anybody may take it, or we.
func (s *seenLease) free(gone func(string) bool) bool {
	return !s.leased || strings.TrimSpace(s.owner()) == "" || gone(s.owner())
}

// newLeaseID draws a GUID.
func newLeaseID(r *rand.Rand) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], r.Uint64())
	binary.BigEndian.PutUint64(b[8:], r.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
