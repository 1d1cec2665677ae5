package backend_test

import (
	"slices"
	"testing"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// body is parked in a session and notes when it is ended.
type body struct {
	name  string
	size  int64
	ended *[]string
}

func (b *body) Size() int64 { return b.size }
func (b *body) End()        { *b.ended = append(*b.ended, b.name) }

// table is a table of sessions with the words of the tests.
type table struct {
	*testing.T
	*backend.Sessions
	ended []string
}

func setup(t *testing.T, limit int64) *table {
	t.Helper()
	return &table{T: t, Sessions: backend.NewSessions(limit)}
}

// park takes the session of an instance, parks a body of this size, and gives it back.
func (t *table) park(id string, size int64) {
	s := t.Take(id)
	s.Park(&body{id, size, &t.ended})
	t.Return(s).End()
}

func (t *table) mustHaveEnded(want ...string) {
	t.Helper()
	if !slices.Equal(t.ended, want) {
		t.Fatalf("ended %v, want %v", t.ended, want)
	}
}

// parked reports whether the instance has a body, and leaves it there.
func (t *table) parked(id string) bool {
	s := t.Take(id)
	defer func() { t.Return(s).End() }()
	return s.Body() != nil
}

func TestBodyStaysBetweenWorks(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	h.park("a", 1)
	for range 3 {
		if !h.parked("a") {
			t.Error("the body is gone")
		}
	}
	h.mustHaveEnded()
}

func TestSessionWithoutBodyIsForgotten(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	first := h.Take("a")
	h.Return(first).End()
	if h.Take("a") == first {
		t.Error("an empty session was kept")
	}
}

func TestLongestIdleBodiesGoFirst(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	for _, id := range []string{"a", "b", "c"} {
		h.park(id, 3)
	}
	h.parked("a") // "b" has now been idle longest
	h.park("d", 6)
	h.mustHaveEnded("b", "c")
	if h.parked("b") || !h.parked("a") || !h.parked("d") {
		t.Error("wrong bodies are left")
	}
}

func TestBodyAboveLimitEndsAtOnce(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	h.park("a", 11)
	h.mustHaveEnded("a")
}

func TestNegativeLimitKeepsNone(t *testing.T) {
	t.Parallel()
	h := setup(t, -1)
	h.park("a", 0)
	h.park("b", 1)
	h.mustHaveEnded("a", "b")
	h.Return(h.Take("c")).End() // an empty table above its limit
}

func TestBusyBodyIsNotEvicted(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	h.park("a", 5)
	s := h.Take("a")
	h.park("b", 11)
	h.mustHaveEnded("b")
	if s.Body() == nil {
		t.Error("the body at work is gone")
	}
	h.Return(s).End()
	h.mustHaveEnded("b")
}

func TestSizeIsTakenWhenGiven(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	s := h.Take("a")
	b := &body{"a", 1, &h.ended}
	s.Park(b)
	h.Return(s).End()
	h.Take("a")
	b.size = 8
	h.Return(s).End()
	h.park("b", 3)
	h.mustHaveEnded("a")
}

func TestEndOfIdleSession(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	h.park("a", 1)
	h.Forget("a").End()
	h.mustHaveEnded("a")
	h.Forget("a").End()
	h.Forget("nobody").End()
	h.mustHaveEnded("a")
}

func TestEndOfBusySessionWaitsForTheWork(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	h.park("a", 1)
	s := h.Take("a")
	h.Forget("a").End()
	h.mustHaveEnded()
	second := h.Take("a")
	if second == s || second.Body() != nil {
		t.Error("the session that was ended is handed out again")
	}
	second.Park(&body{"second", 1, &h.ended})
	h.Return(s).End()
	h.mustHaveEnded("a")
	h.Return(second).End()
	if !h.parked("a") {
		t.Error("the end of the first took the second with it")
	}
}

func TestBodyTakenOutIsNotEnded(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	h.park("a", 1)
	s := h.Take("a")
	h.Forget("a").End()
	s.Park(nil)
	h.Return(s).End()
	h.mustHaveEnded()
}

func TestEndAll(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	h.park("a", 1)
	h.park("b", 1)
	s := h.Take("c")
	s.Park(&body{"c", 1, &h.ended})
	h.EndAll()
	slices.Sort(h.ended)
	h.mustHaveEnded("a", "b")
	h.Return(s).End()
	h.mustHaveEnded("a", "b", "c")
}

func TestReturnLeavesTheEndToItsCaller(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	h.park("a", 8)
	s := h.Take("b")
	s.Park(&body{"b", 8, &h.ended})
	evicted := h.Return(s)
	h.mustHaveEnded()
	evicted.End()
	h.mustHaveEnded("a")
	evicted = h.Forget("b")
	h.mustHaveEnded("a")
	evicted.End()
	h.mustHaveEnded("a", "b")
}
