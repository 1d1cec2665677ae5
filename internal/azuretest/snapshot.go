package azuretest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// State is the content of an account: what Snapshot returns and Load takes. Its JSON is that of the recordings
// of the reference, so that they can be loaded too (ParseState).
type State struct {
	TakenAt    time.Time                 `json:"takenAt"`
	Note       string                    `json:"note,omitempty"`
	Endpoints  map[Kind]string           `json:"endpoints,omitempty"`
	Tables     map[string][]Entity       `json:"tables"`
	Queues     map[string][]Message      `json:"queues"`
	Containers map[string]ContainerState `json:"blobContainers"`
}

// Entity is a row of a table.
type Entity struct {
	PartitionKey, RowKey string
	ETag                 string // kept by Load; empty means a new one
	Properties           []Property
}

// Property is a property of an entity, without a name twice.
type Property struct {
	Name  string
	Type  string // Edm.String, Edm.Int32, …
	Value string // as text: true, 12, 2026-01-02T03:04:05.1234567Z, base64
}

// Message is a message of a queue, in the order in which they become visible.
type Message struct {
	ID          string    `json:"messageId"`
	Inserted    time.Time `json:"insertionTime"`
	Expires     time.Time `json:"expirationTime"`
	NextVisible time.Time `json:"timeNextVisible"`
	Dequeued    int       `json:"dequeueCount"`
	PopReceipt  string    `json:"popReceipt,omitempty"`
	Text        string    `json:"messageText"`
}

// ContainerState is a container with its blobs. Leases are shown, and not loaded: their ids belong to who holds them.
type ContainerState struct {
	LeaseState string      `json:"leaseState,omitempty"`
	Blobs      []BlobState `json:"blobs"`
}

// BlobState is a blob.
type BlobState struct {
	Name        string            `json:"name"`
	ContentType string            `json:"contentType,omitempty"`
	LeaseState  string            `json:"leaseState,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Content     []byte            `json:"-"` // in JSON: body, or bodyBase64 if it is no text
}

// String writes a state in JSON with lines that a person can read and compare.
func (st *State) String() string {
	text, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Snapshot returns the account's whole content, in a fixed order.
func (s *Service) Snapshot() *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now().UTC()
	st := &State{
		TakenAt: now, Endpoints: map[Kind]string{Blob: s.Endpoint(Blob), Queue: s.Endpoint(Queue), Table: s.Endpoint(Table)},
		Tables: map[string][]Entity{}, Queues: map[string][]Message{}, Containers: map[string]ContainerState{},
	}
	for _, t := range s.tables {
		entities := []Entity{}
		for _, p := range t.partitions {
			for _, r := range p.rows {
				entities = append(entities, r.state())
			}
		}
		st.Tables[t.name] = entities
	}
	for name, q := range s.queues {
		q.expire(now)
		sorted := slices.SortedFunc(slices.Values(q.order), func(a, b *message) int {
			if c := a.visible.Compare(b.visible); c != 0 {
				return c
			}
			return int(a.seq) - int(b.seq)
		})
		messages := []Message{}
		for _, m := range sorted {
			messages = append(messages, Message{
				ID: m.id, Inserted: m.inserted.UTC(), Expires: m.expires.UTC(), NextVisible: m.visible.UTC(),
				Dequeued: m.dequeues, PopReceipt: m.receipt, Text: m.text,
			})
		}
		st.Queues[name] = messages
	}
	for name, c := range s.containers {
		cs := ContainerState{LeaseState: c.lease.state(now), Blobs: []BlobState{}}
		for _, key := range slices.Sorted(maps.Keys(c.blobs)) {
			if b := c.blobs[key]; b.committed {
				cs.Blobs = append(cs.Blobs, BlobState{b.name, b.headers["Content-Type"], b.lease.state(now), maps.Clone(b.metadata), b.content})
			}
		}
		st.Containers[name] = cs
	}
	return st
}

func (r *row) state() Entity {
	e := Entity{PartitionKey: r.pk, RowKey: r.rk, ETag: r.etag()}
	for i := range r.properties {
		p := &r.properties[i]
		e.Properties = append(e.Properties, Property{p.name, edmNames[p.typ], p.value.String()})
	}
	return e
}

// String writes a value as text that valueOf reads.
func (v *value) String() string {
	switch v.typ {
	case edmInt32, edmInt64:
		return fmt.Sprint(v.num)
	case edmBoolean:
		return fmt.Sprint(v.num != 0)
	case edmDouble:
		return strings.Trim(string(appendDouble(nil, v.real)), `"`)
	}
	return v.text
}

// Load puts a state in the place of everything that the account holds. Messages keep their ids, counts and what was left
// of their invisibility; leases and pop receipts are forgotten unless the state has them (Snapshot's has receipts).
func (s *Service) Load(st *State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now().UTC()
	s.clear()
	for name, entities := range st.Tables {
		t := newTable(name)
		s.tables[strings.ToLower(name)] = t
		for _, e := range entities {
			r, err := e.row()
			if err != nil {
				return fmt.Errorf("azuretest: load table %s: %w", name, err)
			}
			if s.ticks = max(s.ticks, r.tick); r.tick == 0 {
				r.tick = s.tick(now)
			}
			t.put(r)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(st.Queues)) {
		q := newQueue(name, nil)
		s.queues[name] = q
		for _, m := range st.Queues[name] {
			shift := now.Sub(st.TakenAt)
			loaded := &message{id: m.ID, text: m.Text, receipt: m.PopReceipt, inserted: m.Inserted, dequeues: m.Dequeued}
			loaded.visible, loaded.expires = m.NextVisible.Add(shift), never
			if m.Expires.Before(never) && !m.Expires.IsZero() {
				loaded.expires = m.Expires.Add(shift)
			}
			if loaded.id == "" {
				loaded.id = s.newID()
			}
			if loaded.receipt == "" {
				loaded.receipt = s.newReceipt()
			}
			s.ids.next()
			loaded.seq = s.ids.n
			q.add(loaded)
		}
	}
	for name, cs := range st.Containers {
		c := &container{name: name, tick: s.tick(now), modified: now, blobs: map[string]*blob{}}
		s.containers[name] = c
		for _, b := range cs.Blobs {
			headers := map[string]string{"Content-Type": b.ContentType}
			if b.ContentType == "" {
				headers["Content-Type"] = defaultBlobContentType
			}
			c.blobs[b.Name] = &blob{
				name: b.Name, committed: true, content: b.Content, md5: checksum(b.Content), headers: headers, metadata: b.Metadata,
				tick: s.tick(now), created: now, modified: now,
			}
		}
	}
	return nil
}

func (e *Entity) row() (*row, error) {
	r := &row{pk: e.PartitionKey, rk: e.RowKey, tick: tickOf(e.ETag)}
	for _, p := range e.Properties {
		typ, ok := edmOf(p.Type)
		if !ok {
			return nil, fmt.Errorf("property %s of (%q, %q) has the unknown type %s", p.Name, e.PartitionKey, e.RowKey, p.Type)
		}
		v, ok := valueOf(typ, p.Value)
		if !ok {
			return nil, fmt.Errorf("property %s of (%q, %q) is no %s", p.Name, e.PartitionKey, e.RowKey, p.Type)
		}
		r.properties = append(r.properties, property{p.Name, v})
	}
	if f := checkProperties(r.pk, r.rk, r.properties); f != nil {
		return nil, fmt.Errorf("row (%q, %q): %w", e.PartitionKey, e.RowKey, f)
	}
	return r, nil
}

// tickOf reads the moment out of an entity's ETag; 0 when it has none.
func tickOf(etag string) int64 {
	text, ok := strings.CutPrefix(etag, `W/"datetime'`)
	if !ok {
		return 0
	}
	text, err := url.PathUnescape(strings.TrimSuffix(text, `'"`))
	if err != nil {
		return 0
	}
	t, ok := parseEdmTime(text)
	if !ok {
		return 0
	}
	return ticksOf(t)
}
