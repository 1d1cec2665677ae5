package hosttest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Storage is the account behind triggers and outputs: queues, blobs and tables, in memory. Hosts that share one are instances of one app.
type Storage struct {
	mu      sync.Mutex
	queues  map[string][]*Message
	blobs   map[string][]byte
	rows    map[string][]string
	notes   map[string][]string
	changed chan struct{} // closed with every change
	count   int
}

// NewStorage makes an empty account.
func NewStorage() *Storage {
	return &Storage{
		queues: map[string][]*Message{}, blobs: map[string][]byte{}, rows: map[string][]string{}, notes: map[string][]string{},
		changed: make(chan struct{}),
	}
}

// Message is a message on a queue.
type Message struct {
	id, receipt, text string
	queue             string
	inserted, visible time.Time
	dequeued          int
	ended             chan struct{}
	poisoned          bool
}

// lease is how long a message that a host works on is invisible to others; retention how long messages live.
const (
	lease     = 10 * time.Minute
	retention = 7 * 24 * time.Hour
)

// Done is closed when the message has left its queue: deleted after a success, or moved to the poison queue.
func (m *Message) Done() <-chan struct{} { return m.ended }

// Poisoned reports, after Done, whether the message went to the poison queue.
func (m *Message) Poisoned() bool {
	select {
	case <-m.ended:
		return m.poisoned
	default:
		return false
	}
}

// notify wakes whoever waits for a change. The lock is held.
func (s *Storage) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait returns a channel that is closed with the next change.
func (s *Storage) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// put adds a message with a text as it is on the wire.
func (s *Storage) put(queue, wire string) *Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &Message{id: newGUID(), text: wire, queue: queue, inserted: time.Now(), ended: make(chan struct{})}
	s.queues[queue] = append(s.queues[queue], m)
	s.notify()
	return m
}

// receive takes up to n visible messages. next is when another becomes visible; zero if none will by itself.
func (s *Storage) receive(queue string, n int) (taken []received, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, m := range s.queues[queue] {
		if m.visible.After(now) {
			if next.IsZero() || m.visible.Before(next) {
				next = m.visible
			}
			continue
		}
		if len(taken) == n {
			return taken, now
		}
		s.count++
		m.dequeued++
		m.visible = now.Add(lease)
		m.receipt = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s%06d", now.UTC().Format("02Jan200615:04:05"), s.count))
		taken = append(taken, received{m, m.receipt, m.dequeued, m.visible})
	}
	return taken, next
}

// received is a message as a host has got it.
type received struct {
	*Message
	receipt  string
	dequeued int
	next     time.Time
}

// end deletes a message, unless it has been taken by another since.
func (s *Storage) end(m received, poison bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.queues[m.queue], m.Message)
	if i < 0 || m.Message.receipt != m.receipt {
		return
	}
	s.queues[m.queue] = slices.Delete(s.queues[m.queue], i, i+1)
	if poison {
		name := m.queue + "-poison"
		s.queues[name] = append(s.queues[name], &Message{id: newGUID(), text: m.text, queue: name, inserted: time.Now(), ended: make(chan struct{})})
	}
	m.poisoned = poison
	close(m.ended)
	s.notify()
}

// release makes a message visible after a delay.
func (s *Storage) release(m received, delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Message.receipt == m.receipt {
		m.visible = time.Now().Add(delay)
		s.notify()
	}
}

// Expire lets time pass for messages that a host held when it ended: they become visible, as they do on Azure after ten minutes.
func (s *Storage) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, messages := range s.queues {
		for _, m := range messages {
			m.visible, m.receipt = time.Time{}, ""
		}
	}
	s.notify()
}

// Queue returns the texts of the messages on a queue as they are on the wire, the oldest first, whether they are visible or not.
func (s *Storage) Queue(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.queues[name]))
	for _, m := range s.queues[name] {
		out = append(out, m.text)
	}
	return out
}

// PutBlob writes a blob; path is container/name. No function hears of it: see [Host.PutBlob].
func (s *Storage) PutBlob(path string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[strings.Trim(path, "/")] = slices.Clone(content)
	s.notify()
}

// Blob returns a blob; ok is false if there is none.
func (s *Storage) Blob(path string) (content []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok = s.blobs[strings.Trim(path, "/")]
	return slices.Clone(content), ok
}

// Rows returns what was written to a table, each row as JSON.
func (s *Storage) Rows(table string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rows[table])
}

// Outputs returns what was written through bindings of other types: by "type/name", as JSON.
func (s *Storage) Outputs() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.notes)
}

func (s *Storage) addRow(table, row string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[table] = append(s.rows[table], row)
	s.notify()
}

func (s *Storage) note(binding, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes[binding] = append(s.notes[binding], content)
	s.notify()
}
