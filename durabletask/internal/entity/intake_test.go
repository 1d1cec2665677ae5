package entity

import (
	"testing"

	"github.com/azdurable/azdurable/durabletask/history"
)

func TestIntakeGoesByTheBeginningOfNames(t *testing.T) {
	t.Parallel()
	e := setup(t)
	request := *operation("add", "1").Input
	e.receive(raise("op2", request), raise("open", request), raise("op@nonsense", request), raise("op@2000-01-01T00:00:00Z", request),
		raise("OP", request), raise("hello", request), raise("Release", request))
	e.ran("add 1", "add 1", "add 1", "add 1")
	if d := e.batch.Dropped(); len(d) != 0 {
		t.Errorf("dropped %v", d)
	}
}

func TestIntakeDropsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(
		raise("op", `5`), raise("op", `null`), raise("open", `{"a":1}`), raise("op", `{"op":"add"}`),
		raise("op", `{"op":"add","id":"00000000-0000-0000-0000-000000000007","input":{"x":1}}`), &history.EventRaised{Name: "op"},
		raise("release", `"o"`), raise("op", `{"id":"00000000-0000-0000-0000-000000000007","lockset":[]}`),
		raise("op", `{"id":"00000000-0000-0000-0000-000000000007","parent":"o","pos":-5,"lockset":[{"name":"counter","key":"a"}]}`),
		&history.TimerFired{}, operation("add", "1"),
	)
	e.ran("add 1")
	if d := e.batch.Dropped(); len(d) != 10 {
		t.Errorf("%d events were dropped: %v", len(d), d)
	}
}

func TestIntakeOfNothingKeepsTheState(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(operation("add", "3"))
	before := encode(e.state)
	if e.receive(); encode(e.state) != before || len(e.last.Messages) != 0 {
		t.Errorf("%s became %s", before, encode(e.state))
	}
}

func TestSuspendedEntityOnlyQueues(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.state.Suspended, e.stored = true, noon
	e.receive(operation("add", "1"))
	e.ran()
	e.sends()
	e.receive(raise("continue", ""))
	e.ran("add 1")
	if e.state.Suspended {
		t.Error("it is still suspended")
	}
}

func TestSuspendedEntityGoesOnAfterTenSeconds(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.state.Suspended, e.stored = true, noon.Add(-lostContinue)
	e.receive(operation("add", "1"))
	e.ran()
	e.state.Suspended, e.stored = true, noon.Add(-lostContinue-1)
	e.receive(operation("add", "2"))
	e.ran("add 1", "add 2")
}
