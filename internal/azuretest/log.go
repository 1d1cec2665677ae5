package azuretest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// DefaultLogSize is how many requests Log remembers unless Options says otherwise.
const DefaultLogSize = 10_000

// Record is one request in the log, in the order in which they ended.
type Record struct {
	Client        string
	N             int // the how many-th of its client, from 1
	Op            Op
	Resource      string
	Key, Row      string
	Status        int    // 0 when the client got no answer
	Code          string // x-ms-error-code
	Err           error  // what the client got instead of an answer
	BytesSent     int    // of the request's body
	BytesReceived int    // of the answer's body
}

// String writes a record on one line.
func (r Record) String() string {
	var b strings.Builder
	if r.Client != "" {
		b.WriteString(r.Client + " ")
	}
	fmt.Fprintf(&b, "%s %s", r.Op, r.Resource)
	if r.Key != "" || r.Row != "" {
		fmt.Fprintf(&b, " %q %q", r.Key, r.Row)
	}
	if r.Err != nil {
		fmt.Fprintf(&b, ": %v", r.Err)
		return b.String()
	}
	fmt.Fprintf(&b, ": %d", r.Status)
	if r.Code != "" {
		b.WriteString(" " + r.Code)
	}
	return b.String()
}

// requestLog is the youngest records in a ring, and counts of all.
type requestLog struct {
	size int

	mu     sync.Mutex
	ring   []Record
	next   int // where the next one goes once the ring is full
	counts map[Op]int
}

func (l *requestLog) add(x *exchange, res *response, err error) {
	r := Record{Client: x.Client, N: x.N, Op: x.Op, Resource: x.Resource, Key: x.Key, Row: x.Row, Err: err, BytesSent: len(x.Body)}
	if res != nil {
		r.Status, r.BytesReceived = res.status, len(res.body)
		if code := res.header["X-Ms-Error-Code"]; len(code) > 0 {
			r.Code = code[0]
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[Op]int{}
	}
	l.counts[x.Op]++
	if len(l.ring) < l.size {
		l.ring = append(l.ring, r)
		return
	}
	l.ring[l.next] = r
	l.next = (l.next + 1) % l.size
}

// Log returns the youngest requests, the oldest of them first.
func (s *Service) Log() []Record {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return append(slices.Clone(s.log.ring[s.log.next:]), s.log.ring[:s.log.next]...)
}

// Counts returns how many requests of each kind there were since the start or ResetLog.
func (s *Service) Counts() map[Op]int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return maps.Clone(s.log.counts)
}

// ResetLog forgets all requests and counts.
func (s *Service) ResetLog() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.ring, s.log.next, s.log.counts = nil, 0, nil
}
