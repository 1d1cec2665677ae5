package entity

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/history"
)

// newCaller returns the caller of orchestration o, whose clock stands, and counts the ids that it makes.
func newCaller() (*Caller, *int) {
	ids := new(int)
	return NewCaller(history.Instance{ID: "o", ExecutionID: "o's"}, DefaultReorderWindow, func() time.Time { return noon }, func() string {
		*ids++
		return guid(*ids)
	}), ids
}

func counterID(key string) history.EntityID { return history.EntityID{Name: "counter", Key: key} }

func must(t *testing.T, s Sending, err error) Sending {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCallAndSignal(t *testing.T) {
	t.Parallel()
	c, _ := newCaller()
	s, err := c.Call(counterID("a"), "get", nil)
	want := Sending{
		To: "@counter@a", Event: "op", Answer: guid(1),
		Input: `{"op":"get","id":"` + guid(1) + `","parent":"o","parentExecution":"o's","Timestamp":"2026-05-01T12:00:00Z","Predecessor":"0001-01-01T00:00:00",` +
			`"IsLockRequest":false,"createTrace":false,"requestTime":"2026-05-01T12:00:00+00:00"}`,
	}
	if diff := gocmp.Diff(want, must(t, s, err)); diff != "" {
		t.Error(diff)
	}
	s, err = c.Signal(counterID("a"), "add", new("5"), time.Time{})
	want = Sending{
		To: "@counter@a", Event: "op",
		Input: `{"op":"add","signal":true,"input":"5","id":"` + guid(2) + `","parent":"o","parentExecution":"o's","Timestamp":"2026-05-01T12:00:00.0000001Z",` +
			`"Predecessor":"2026-05-01T12:00:00Z","IsLockRequest":false,"createTrace":false,"requestTime":"2026-05-01T12:00:00+00:00"}`,
	}
	if diff := gocmp.Diff(want, must(t, s, err)); diff != "" {
		t.Error(diff)
	}
}

func TestClientSignal(t *testing.T) {
	t.Parallel()
	got := ClientSignal(guid(1), counterID("a"), "add", new("5"), time.Time{}, noon)
	want := Sending{
		To: "@counter@a", Event: "op", Input: `{"op":"add","signal":true,"input":"5","id":"` + guid(1) +
			`","Timestamp":"0001-01-01T00:00:00","Predecessor":"0001-01-01T00:00:00","IsLockRequest":false,"createTrace":false,"requestTime":"2026-05-01T12:00:00+00:00"}`,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Recorded: due in ten days, it is sent for three days.
	if s := ClientSignal(guid(1), counterID("far2"), "add", nil, noon.Add(10*24*time.Hour), noon); s.Event != "op@2026-05-04T12:00:00.0000000Z" {
		t.Errorf("it is sent as %s", s.Event)
	}
}

func TestScheduledSignal(t *testing.T) {
	t.Parallel()
	c, _ := newCaller()
	for due, event := range map[time.Time]string{
		noon.Add(time.Nanosecond):               "op@2026-05-01T12:00:00.0000001Z",
		noon.Add(-time.Hour):                    "op@2026-05-01T11:00:00.0000000Z",
		noon.Add(maxDelay):                      "op@2026-05-07T12:00:00.0000000Z",
		noon.Add(maxDelay + history.Resolution): "op@2026-05-04T12:00:00.0000000Z", // by the orchestration's clock, so that replay repeats it
	} {
		s, err := c.Signal(counterID("a"), "add", nil, due)
		if must(t, s, err); s.Event != event {
			t.Errorf("due at %v it is sent as %s, want %s", due, s.Event, event)
		}
		var r history.EntityRequest
		_ = decode(raise("op", s.Input), &r)
		if r.Due.Before(due) || !r.Timestamp.IsZero() {
			t.Errorf("it is due at %v, want %v; its label is %v", r.Due, due, r.Timestamp)
		}
	}
}

func TestLockSendsOneRequestToTheFirstOfTheSet(t *testing.T) {
	t.Parallel()
	c, ids := newCaller()
	s, err := c.Lock(counterID("b"), history.EntityID{Name: "account", Key: "z"}, counterID("a"), counterID("b"))
	want := Sending{
		To: "@account@z", Event: "op", Answer: guid(1),
		Input: `{"op":null,"id":"` + guid(1) + `","parent":"o","parentExecution":"o's","Timestamp":"2026-05-01T12:00:00Z","Predecessor":"0001-01-01T00:00:00",` +
			`"lockset":[{"name":"account","key":"z"},{"name":"counter","key":"a"},{"name":"counter","key":"b"}],"IsLockRequest":true,"createTrace":false}`,
	}
	if diff := gocmp.Diff(want, must(t, s, err)); diff != "" {
		t.Error(diff)
	}
	if c.Locked() != nil {
		t.Error("the locks are held before they are granted")
	}
	c.Granted()
	if len(c.Locked()) != 3 || *ids != 1 {
		t.Errorf("locked are %v", c.Locked())
	}
	release := `{"parent":"o","id":"` + guid(1) + `"}`
	if diff := gocmp.Diff([]Sending{
		{To: "@account@z", Event: "release", Input: release},
		{To: "@counter@a", Event: "release", Input: release},
		{To: "@counter@b", Event: "release", Input: release},
	}, c.Unlock()); diff != "" {
		t.Error(diff)
	}
	if c.Unlock() != nil || c.Locked() != nil {
		t.Error("the locks are given back twice")
	}
}

// TestRulesOfCriticalSections goes through every attempt in every phase of a critical section.
func TestRulesOfCriticalSections(t *testing.T) {
	t.Parallel()
	type phase struct {
		name string
		make func(t *testing.T, c *Caller)
	}
	lock := func(t *testing.T, c *Caller) {
		t.Helper()
		s, err := c.Lock(counterID("a"), counterID("b"))
		must(t, s, err)
	}
	hold := func(t *testing.T, c *Caller) { t.Helper(); lock(t, c); c.Granted() }
	phases := []phase{
		{"outside", func(*testing.T, *Caller) {}},
		{"asked", lock},
		{"holding", hold},
		{"calling a", func(t *testing.T, c *Caller) {
			t.Helper()
			hold(t, c)
			s, err := c.Call(counterID("a"), "x", nil)
			must(t, s, err)
		}},
		{"answered", func(t *testing.T, c *Caller) {
			t.Helper()
			hold(t, c)
			s, err := c.Call(counterID("a"), "x", nil)
			c.Answered(must(t, s, err).Answer)
		}},
		{"released", func(t *testing.T, c *Caller) { t.Helper(); hold(t, c); c.Unlock() }},
	}
	attempts := []struct {
		name  string
		try   func(c *Caller) error
		wants map[string]error // by phase; nil where it is allowed
	}{
		{"lock", func(c *Caller) error { _, err := c.Lock(counterID("c")); return err }, map[string]error{
			"asked": ErrNestedSection, "holding": ErrNestedSection, "calling a": ErrNestedSection, "answered": ErrNestedSection,
		}},
		{"lock nothing", func(c *Caller) error { _, err := c.Lock(); return err }, map[string]error{
			"outside": ErrNothingToLock, "asked": ErrNestedSection, "holding": ErrNestedSection, "calling a": ErrNestedSection,
			"answered": ErrNestedSection, "released": ErrNothingToLock,
		}},
		{"sub-orchestration", (*Caller).StartChild, map[string]error{
			"asked": ErrChildWhileLocked, "holding": ErrChildWhileLocked, "calling a": ErrChildWhileLocked, "answered": ErrChildWhileLocked,
		}},
		{"signal a", func(c *Caller) error { _, err := c.Signal(counterID("a"), "x", nil, time.Time{}); return err }, map[string]error{
			"asked": ErrSignalToLocked, "holding": ErrSignalToLocked, "calling a": ErrSignalToLocked, "answered": ErrSignalToLocked,
		}},
		{"signal c", func(c *Caller) error { _, err := c.Signal(counterID("c"), "x", nil, time.Time{}); return err }, nil},
		{"call a", func(c *Caller) error { _, err := c.Call(counterID("a"), "x", nil); return err }, map[string]error{
			"asked": ErrCallBeforeGrant, "calling a": ErrCallWhilePending,
		}},
		{"call b", func(c *Caller) error { _, err := c.Call(counterID("b"), "x", nil); return err }, map[string]error{"asked": ErrCallBeforeGrant}},
		{"call c", func(c *Caller) error { _, err := c.Call(counterID("c"), "x", nil); return err }, map[string]error{
			"asked": ErrCallBeforeGrant, "holding": ErrCallToUnlocked, "calling a": ErrCallToUnlocked, "answered": ErrCallToUnlocked,
		}},
	}
	for _, p := range phases {
		for _, a := range attempts {
			c, ids := newCaller()
			p.make(t, c)
			before := *ids
			if err := a.try(c); !errors.Is(err, a.wants[p.name]) {
				t.Errorf("%s, %s: %v, want %v", p.name, a.name, err, a.wants[p.name])
			} else if err != nil && *ids != before {
				t.Errorf("%s, %s: an attempt that is refused makes an id", p.name, a.name)
			}
		}
	}
}

func TestUnlockGivesUpWhatWasNotGranted(t *testing.T) {
	t.Parallel()
	c, _ := newCaller()
	s, err := c.Lock(counterID("a"))
	must(t, s, err)
	if n := len(c.Unlock()); n != 1 {
		t.Errorf("%d releases", n)
	}
	if c.Granted(); c.Locked() != nil {
		t.Error("an answer that comes too late locks")
	}
}

func TestLateAnswerDoesNotCountInTheNextSection(t *testing.T) {
	t.Parallel()
	c, _ := newCaller()
	call := func() string {
		s, err := c.Lock(counterID("a"))
		must(t, s, err)
		c.Granted()
		s, err = c.Call(counterID("a"), "x", nil)
		return must(t, s, err).Answer
	}
	late := call()
	c.Unlock()
	call()
	c.Answered(late)
	if _, err := c.Call(counterID("a"), "x", nil); !errors.Is(err, ErrCallWhilePending) {
		t.Errorf("a second call is sent: %v", err)
	}
}

// TestTransfer lets an orchestration and two entities play the example of two locked transfers.
func TestTransfer(t *testing.T) {
	t.Parallel()
	c, _ := newCaller()
	states := map[string]history.EntityState{}
	answers := map[string]string{}
	var deliver func(to string, e history.Event)
	deliver = func(to string, e history.Event) {
		if !history.IsEntity(to) {
			r := e.(*history.EventRaised)
			answers[r.Name] = *r.Input
			return
		}
		b := Begin(Work{Instance: history.Instance{ID: to}, State: states[to], Events: []history.Event{e}, Now: noon}, Options{ReorderWindow: DefaultReorderWindow})
		for op, ok := b.Next(); ok; op, ok = b.Next() {
			b.Done(counter(op, false))
		}
		commit := b.Commit(noon)
		states[to] = commit.State
		for _, m := range commit.Messages {
			deliver(m.Target.ID, m.Event)
		}
	}
	send := func(s Sending, err error) Sending {
		deliver(must(t, s, err).To, raise(s.Event, s.Input))
		return s
	}
	lock := send(c.Lock(counterID("y"), counterID("x")))
	if answers[lock.Answer] == "" || states["@counter@x"].LockedBy != "o" || states["@counter@y"].LockedBy != "o" {
		t.Fatalf("the locks were not granted: %v", answers)
	}
	c.Granted()
	for key, amount := range map[string]string{"x": "-10", "y": "10"} {
		call := send(c.Call(counterID(key), "add", &amount))
		c.Answered(call.Answer)
		if result, failure, err := Outcome(new(answers[call.Answer])); err != nil || failure != nil || *result != amount {
			t.Errorf("%v %v %v", result, failure, err)
		}
	}
	deliver("@counter@x", operation("add", "1"))
	for _, s := range c.Unlock() {
		send(s, nil)
	}
	if s := states["@counter@x"]; *s.State != "-9" || s.LockedBy != "" || *states["@counter@y"].State != "10" {
		t.Errorf("states %+v", states)
	}
}
