package entity

import (
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

func due(at time.Time) func(*history.EntityRequest) {
	return func(r *history.EntityRequest) { r.Due = at }
}

func TestDelayedSignalNeverEarly(t *testing.T) {
	t.Parallel()
	e := setup(t)
	at := noon.Add(history.Resolution)
	e.receive(operation("add", "1", due(at)))
	e.ran()
	e.sends("@counter@a op@2026-05-01T12:00:01.0000000Z") // at least a second later, so that it does not spin
	sent := e.last.Messages[0].Event
	e.now = at
	e.receive(sent)
	e.ran("add 1")
	e.sends()
}

func TestDelayedSignalThatComesMuchTooEarlyIsSentOn(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(operation("add", "1", due(noon.Add(time.Hour))))
	e.sends("@counter@a op@2026-05-01T13:00:00.0000000Z")
}

func TestLongDelayTravelsInSteps(t *testing.T) {
	t.Parallel()
	e := setup(t)
	at := noon.Add(10*24*time.Hour + history.Resolution)
	e.receive(operation("add", "1", due(at)))
	e.sends("@counter@a op@2026-05-04T12:00:00.0000000Z")
	steps := 0
	for e.order == nil {
		if steps++; steps > 5 {
			t.Fatal("it is sent for ever")
		}
		m := e.last.Messages[0]
		arrival, ok := history.DeliverAt(m)
		if !ok || arrival.Sub(e.now) > 7*24*time.Hour {
			t.Fatalf("the store can't keep it back until %v", arrival)
		}
		e.now = arrival
		e.receive(m.Event)
	}
	if e.now.Before(at) || steps != 3 {
		t.Errorf("it ran at %v after %d steps", e.now, steps)
	}
}

func TestDelayInTheNameAloneIsNone(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(raise("op@2100-01-01T00:00:00Z", *operation("add", "1").Input))
	e.ran("add 1")
}

func TestDelayedSignalsAreNotLabelled(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.run = func(Operation) Result {
		return Result{Actions: []Action{
			Signal{Target: history.EntityID{Name: "counter", Key: "b"}, Operation: "add", Due: noon.Add(2*time.Second + 1)},
		}}
	}
	e.receive(operation("add", "1"))
	e.sends("@counter@b op@2026-05-01T12:00:02.0000001Z") // rounded up
	var r history.EntityRequest
	_ = decode(e.last.Messages[0].Event.(*history.EventRaised), &r)
	if r.Due.Before(noon.Add(2*time.Second + 1)) {
		t.Errorf("it is due at %v, which is early", r.Due)
	}
	if e.state.Sorter.LastSent != nil {
		t.Error("a delayed signal takes part in the ordering")
	}
}
