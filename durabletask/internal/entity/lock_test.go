package entity

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

func TestLockOfOneEntityIsGranted(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(lockRequest("o", 1, "a"))
	e.sends("o " + guid(1))
	if m := e.last.Messages[0]; m.Target.ExecutionID != "o's" || *m.Event.(*history.EventRaised).Input != `{"result":"Lock Acquisition Completed"}` {
		t.Errorf("the answer is %+v", m)
	}
	if want := (history.EntityStatus{LockedBy: "o"}); statusOf(e.last) != want {
		t.Errorf("the status is %+v", statusOf(e.last))
	}
}

func TestLockRequestIsForwardedAsItIs(t *testing.T) {
	t.Parallel()
	e := setup(t)
	request := lockRequest("o", 1, "a", "b")
	e.receive(request)
	e.sends("@counter@b op")
	var want, got history.EntityRequest
	_ = decode(request, &want)
	_ = decode(e.last.Messages[0].Event.(*history.EventRaised), &got)
	if want.Position = 1; encode(want) != encode(got) {
		t.Errorf("forwarded\n%s\nwant\n%s", encode(got), encode(want))
	}
	if e.state.LockedBy != "o" {
		t.Error("the entity is not locked")
	}
}

func TestLockRequestEndsTheBatch(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(operation("add", "1"), lockRequest("o", 1, "a"), operation("add", "2"))
	e.ran("add 1")
	e.sends("o " + guid(1))
	if statusOf(e.last).QueueSize != 1 {
		t.Errorf("%d are queued", statusOf(e.last).QueueSize)
	}
}

func TestLockedEntityServesItsOwnerFirst(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(lockRequest("o", 1, "a"))
	e.receive(operation("add", "1"), operation("add", "2", from("o"), called(2)), operation("add", "3", from("p")))
	e.ran("add 2")
	e.receive(operation("add", "4"), release("o", 1))
	e.ran("add 1", "add 3", "add 4")
}

func TestLockStateCountsAtTheMomentOfArrival(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(lockRequest("o", 1, "a"), operation("add", "1"))
	e.receive(release("o", 1), operation("add", "2", from("o")))
	e.ran("add 1", "add 2") // after the release the owner is one of many
}

func TestOwnersRequestsBehindItsLockGoOn(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(lockRequest("o", 1, "a"), operation("add", "1", from("o"), called(2)))
	e.sends("o "+guid(1), "@counter@a continue")
	e.receive(e.last.Messages[1].Event)
	e.ran("add 1")
}

func TestReleaseByAStrangerIsIgnored(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(lockRequest("o", 1, "a"))
	e.receive(release("p", 1))
	if e.state.LockedBy != "o" {
		t.Error("a stranger has broken the lock")
	}
	e.receive(raise("release", `{"parent":"o"}`)) // any id, or none
	if e.state.LockedBy != "" {
		t.Error("the owner can't give the lock back")
	}
	e.receive(release("", 1))
}

func TestOwnerWhoGivesUpTakesItsRequestBack(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(lockRequest("o", 1, "a"), operation("add", "1", from("p"), called(2)), lockRequest("p", 2, "a"), lockRequest("q", 3, "a"))
	e.receive(release("p", 4), release("x", 2))
	if len(e.state.Queue) != 3 {
		t.Error("another request was taken back")
	}
	e.receive(release("p", 2))
	e.receive(release("o", 1))
	e.ran("add 1") // what is no request for a lock stays
	e.sends("p "+guid(2), "q "+guid(3))
}

func TestLockRequestOfTheOwnerIsGrantedAgain(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.receive(lockRequest("o", 1, "a"))
	e.receive(lockRequest("o", 2, "a"))
	e.sends("o " + guid(2))
}

func TestOrphanedLocks(t *testing.T) {
	t.Parallel()
	for status, want := range map[history.Status]bool{
		history.Running: false, history.Suspended: false, history.Pending: false, history.ContinuedAsNew: false,
		history.Completed: true, history.Failed: true, history.Terminated: true, history.Canceled: true,
	} {
		if got := Orphaned(&status); got != want {
			t.Errorf("the lock of an owner that is %s is orphaned: %v", status, got)
		}
	}
	if !Orphaned(nil) {
		t.Error("the lock of an owner that nobody knows is not orphaned")
	}
	e := setup(t)
	e.receive(lockRequest("o", 1, "a"))
	r := OrphanRelease("o")
	if *r.Input != `{"parent":"o","id":"fix-orphaned-lock"}` {
		t.Errorf("the release is %s", *r.Input)
	}
	e.receive(r, operation("add", "1"))
	e.ran("add 1")
}

func TestRemovableEntities(t *testing.T) {
	t.Parallel()
	sorted := Options{ReorderWindow: DefaultReorderWindow}
	late := noon.Add(DefaultReorderWindow + 1)
	for name, c := range map[string]struct {
		state   history.EntityState
		now     time.Time
		options Options
		want    bool
	}{
		"empty":                 {now: late, options: sorted, want: true},
		"empty, too young":      {now: noon.Add(DefaultReorderWindow), options: sorted},
		"empty, ordered store":  {now: noon, want: true},
		"what the sorter knows": {state: history.EntityState{Sorter: history.EntitySorter{ReceiveHorizon: noon}}, now: late, options: sorted, want: true},
		"with a state":          {state: history.EntityState{State: new("0")}, now: late},
		"locked":                {state: history.EntityState{LockedBy: "o"}, now: late},
		"with a queue":          {state: history.EntityState{Queue: make([]history.EntityRequest, 1)}, now: late},
	} {
		if got := Removable(&c.state, noon, c.now, c.options); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestContendersGetTheLocksInTurn has a hundred orchestrations lock the same five entities.
func TestContendersGetTheLocksInTurn(t *testing.T) {
	t.Parallel()
	const contenders = 100
	keys := []string{"a", "b", "c", "d", "e"}
	states, stored, mail := map[string]history.EntityState{}, 0, map[string][]history.Event{}
	var granted []string
	for i := range contenders {
		mail["@counter@a"] = append(mail["@counter@a"], lockRequest(fmt.Sprint("o", i), i+1, keys...))
	}
	for range contenders * len(keys) * 4 {
		for _, k := range keys {
			id := "@counter@" + k
			if len(mail[id]) == 0 {
				continue
			}
			stored++
			b := Begin(Work{Instance: history.Instance{ID: id, ExecutionID: fmt.Sprint(stored)}, State: states[id], Events: mail[id], Now: noon}, Options{})
			mail[id] = nil
			c := b.Commit(noon)
			states[id] = c.State
			for _, m := range c.Messages {
				if history.IsEntity(m.Target.ID) {
					mail[m.Target.ID] = append(mail[m.Target.ID], m.Event)
					continue
				}
				granted = append(granted, m.Target.ID)
				for _, k := range keys {
					mail["@counter@"+k] = append(mail["@counter@"+k], OrphanRelease(m.Target.ID))
				}
			}
		}
	}
	if len(granted) != contenders || !slices.IsSortedFunc(granted, func(a, b string) int { return len(a) - len(b) }) || granted[57] != "o57" {
		t.Errorf("%d of %d got the locks, in the order %q", len(granted), contenders, granted)
	}
}
