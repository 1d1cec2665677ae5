package backend

import (
	"container/list"
	"sync"
)

// Session keeps what belongs to an instance between two pieces of its work: the parked orchestration, if there is one.
type Session struct {
	instanceID string
	// All fields below are guarded by the table's lock.
	body  Body
	size  int64
	busy  bool // the work is out
	ended bool // forgotten by the table while the work was out
	idle  *list.Element
}

// Body is what a worker parks in a session.
type Body interface {
	// Size is about how many bytes the body keeps in memory.
	Size() int64
	// End unloads the body. It is called once, without locks held, and never while the work is out.
	End()
}

// Body returns what is parked in the session, or nil. For whoever has the work.
func (s *Session) Body() Body { return s.body }

// Park puts a body into the session, or takes it out (nil). For whoever has the work. The former body is not ended.
func (s *Session) Park(b Body) { s.body = b }

// Sessions is the table of a backend's sessions. It keeps idle bodies until together they exceed a limit, and then ends
// those that have been idle longest.
type Sessions struct {
	limit int64

	mu    sync.Mutex
	size  int64 // of the idle bodies
	table map[string]*Session
	idle  list.List // of *Session with a body, the longest idle first
}

// DefaultSessionLimit is how many bytes of idle bodies a backend keeps by default.
const DefaultSessionLimit = 256 << 20

// NewSessions makes a table that keeps up to limit bytes of idle bodies; 0 means DefaultSessionLimit, less than 0 none.
func NewSessions(limit int64) *Sessions {
	if limit == 0 {
		limit = DefaultSessionLimit
	}
	return &Sessions{limit: limit, table: make(map[string]*Session)}
}

// Take returns the session of an instance whose work goes out.
func (t *Sessions) Take(instanceID string) *Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.table[instanceID]
	if !ok {
		s = &Session{instanceID: instanceID}
		t.table[instanceID] = s
	}
	s.busy = true
	t.unlist(s)
	return s
}

// Return takes the session back when the work is over. The bodies that have to go are left to the caller, who may hold locks that no user code
// must run under.
func (t *Sessions) Return(s *Session) Evicted {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out Evicted
	s.busy = false
	switch {
	case s.ended:
		out = appendBody(out, s)
	case s.body == nil:
		delete(t.table, s.instanceID)
	default:
		s.size = s.body.Size()
		t.size += s.size
		s.idle = t.idle.PushBack(s)
	}
	for t.size > t.limit && t.idle.Len() > 0 {
		out = t.forget(out, t.idle.Front().Value.(*Session))
	}
	return out
}

// Forget forgets the session of an instance. A body whose work is out is let go of when that comes back.
func (t *Sessions) Forget(instanceID string) Evicted {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.table[instanceID]
	if !ok {
		return nil
	}
	return t.forget(nil, s)
}

// EndAll forgets every session and ends the bodies.
func (t *Sessions) EndAll() {
	var out Evicted
	t.mu.Lock()
	for _, s := range t.table {
		out = t.forget(out, s)
	}
	t.mu.Unlock()
	out.End()
}

// Evicted are bodies that their sessions have let go of. Somebody has to end them, holding no locks.
type Evicted []Body

// End unloads the bodies.
func (e Evicted) End() {
	for _, b := range e {
		b.End()
	}
}

// forget takes s out of the table and adds its body to out, unless its work is out.
func (t *Sessions) forget(out Evicted, s *Session) Evicted {
	delete(t.table, s.instanceID)
	t.unlist(s)
	if s.busy {
		s.ended = true
		return out
	}
	return appendBody(out, s)
}

func (t *Sessions) unlist(s *Session) {
	if s.idle != nil {
		t.idle.Remove(s.idle)
		t.size -= s.size
		s.idle = nil
	}
}

func appendBody(out Evicted, s *Session) Evicted {
	if s.body != nil {
		out = append(out, s.body)
		s.body = nil
	}
	return out
}
