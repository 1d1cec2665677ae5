package entity

import (
	"slices"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

func add(n string, with ...func(*history.EntityRequest)) *history.EventRaised {
	return operation("add", n, append([]func(*history.EntityRequest){from("o")}, with...)...)
}

func TestSorterPutsRequestsInOrder(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("2", labelled(2, 1)))
	e.ran()
	e.receive(add("3", labelled(3, 2)))
	e.ran()
	e.receive(add("1", labelled(1, 0)))
	e.ran("add 1", "add 2", "add 3")
}

func TestSorterDropsRepeats(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("1", labelled(1, 0)), add("1", labelled(1, 0)), add("2", labelled(2, 1)))
	e.receive(add("2", labelled(2, 1)), add("1", labelled(1, 0)))
	e.ran("add 1", "add 2")
}

func TestSorterDropsRepeatsOfBufferedRequests(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("2", labelled(2, 1)), add("2", labelled(2, 1)), add("1", labelled(1, 0)))
	e.ran("add 1", "add 2")
}

func TestSorterLeavesTheStateItWasGivenAlone(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("5", labelled(5, 4)), add("6", labelled(6, 5)))
	source := e.state.Sorter.Received["o"]
	source.Buffered = slices.Grow(source.Buffered, 5) // as a state that stays in memory
	e.state.Sorter.Received["o"] = source
	before := encode(e.state)
	e.begin(add("3", labelled(3, 2)), add("55", labelled(5, 4)), add("1", labelled(1, 0)))
	if after := encode(e.state); after != before {
		t.Errorf("%s became %s", before, after)
	}
}

func TestSorterDoesNotMixSources(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("2", labelled(2, 1)), add("10", from("p"), labelled(1, 0)))
	e.ran("add 10")
}

func TestSorterLetsClientsAndForwardedLocksAndDelayedSignalsThrough(t *testing.T) {
	t.Parallel()
	e := setup(t)
	client := operation("add", "1", labelled(5, 4))
	e.receive(client, client, add("2", labelled(5, 4), func(r *history.EntityRequest) { r.Due = noon }))
	e.ran("add 1", "add 1", "add 2")
	e.receive(operation("", "0", from("o"), labelled(9, 8), func(r *history.EntityRequest) {
		r.LockSet, r.Position = []history.EntityID{{Name: "counter", Key: "0"}, {Name: "counter", Key: "a"}}, 1
	}))
	if e.state.LockedBy != "o" {
		t.Errorf("a forwarded lock request waits for its predecessor: %v, %s", e.batch.Dropped(), encode(e.state))
	}
}

func TestSorterTakesRequestsWithoutLabelAsTheyCome(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("1"), add("2"))
	e.ran("add 1", "add 2")
}

func TestSorterOffWithoutWindow(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.options.ReorderWindow = 0
	e.run = func(op Operation) Result {
		return Result{State: op.State, Actions: []Action{Signal{Target: history.EntityID{Name: "counter", Key: "b"}, Operation: "add"}}}
	}
	e.receive(add("2", labelled(2, 1)), add("2", labelled(2, 1)))
	e.ran("add 2", "add 2")
	if e.state.Sorter.Received != nil || e.state.Sorter.LastSent != nil {
		t.Errorf("something was remembered: %+v", e.state.Sorter)
	}
}

func TestSorterNewExecutionLetsTheOldOnesRequestsThrough(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("3", labelled(3, 2)), add("2", labelled(2, 1)))
	e.receive(add("9", labelled(1, 0), func(r *history.EntityRequest) { r.ParentExecution = "next" }))
	e.ran("add 2", "add 3", "add 9")
	e.receive(add("10", labelled(2, 1), func(r *history.EntityRequest) { r.ParentExecution = "next" }))
	e.ran("add 10")
}

func TestSorterMovesItsHorizon(t *testing.T) {
	t.Parallel()
	const minute = 60
	e := setup(t)
	e.receive(add("1", labelled(1, 0)), add("3", labelled(3, 2)), add("4", from("p"), labelled(1, 0)), add("5", from("quiet"), labelled(1, 0)))
	e.order = nil
	e.receive(add("6", from("p"), labelled(11, 1))) // ten seconds are the least time between clean-ups
	e.ran("add 6")
	e.receive(add("7", from("p"), labelled(30*minute+50, 11)))
	e.ran("add 3", "add 7")
	if _, ok := e.state.Sorter.Received["quiet"]; ok || len(e.state.Sorter.Received) != 1 {
		t.Errorf("sources behind the horizon are remembered: %+v", e.state.Sorter.Received)
	}
	for range 2 { // too old: no order, no check for repeats
		e.receive(add("8", labelled(5, 4)))
	}
	e.ran("add 8", "add 8")
}

func TestSorterOnlyWaitsForPredecessorsWithinTheHorizon(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("1", from("p"), labelled(3600, 0)))
	e.receive(add("2", labelled(3601, 60)))
	e.ran("add 1", "add 2")
}

func TestSorterFutureLabelMovesTheHorizon(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(add("1", from("p"), func(r *history.EntityRequest) { r.Timestamp = noon.AddDate(70, 0, 0) }))
	e.receive(add("2", labelled(2, 1)), add("2", labelled(2, 1)))
	e.ran("add 1", "add 2", "add 2") // nothing is lost; order and repeats are no longer looked at
}

func TestLabelsGrow(t *testing.T) {
	t.Parallel()
	s := newSorter(history.EntitySorter{}, DefaultReorderWindow)
	label := func(to string, now time.Time) history.EntityRequest {
		var r history.EntityRequest
		s.label(&r, to, now)
		return r
	}
	first := label("@c@a", noon.Add(time.Nanosecond))
	if !first.Timestamp.Equal(noon) || !first.Predecessor.IsZero() {
		t.Errorf("the first label is %v after %v", first.Timestamp, first.Predecessor)
	}
	for _, now := range []time.Time{noon, noon.Add(-time.Hour), noon.Add(time.Second)} {
		next := label("@c@a", now)
		if !next.Timestamp.After(first.Timestamp) || !next.Predecessor.Equal(first.Timestamp) {
			t.Errorf("at %v the label is %v after %v, the last was %v", now, next.Timestamp, next.Predecessor, first.Timestamp)
		}
		first = next
	}
	if other := label("@c@A", noon); !other.Predecessor.IsZero() {
		t.Errorf("another entity's label has a predecessor")
	}
	// After the window the sender forgets.
	if late := label("@c@a", noon.Add(31*time.Minute)); !late.Predecessor.IsZero() || len(s.LastSent) != 1 {
		t.Errorf("after the window the label has predecessor %v, and %v is remembered", late.Predecessor, s.LastSent)
	}
}
