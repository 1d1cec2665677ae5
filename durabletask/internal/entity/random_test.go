package entity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// TestSorterAnyOrder delivers what three senders have sent in any order, in batches of any size, and some of it twice.
func TestSorterAnyOrder(t *testing.T) {
	t.Parallel()
	const senders, each = 3, 12
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		var mail []history.Event
		for s := range senders {
			c := NewCaller(history.Instance{ID: fmt.Sprint("o", s), ExecutionID: "x"}, DefaultReorderWindow, func() time.Time { return noon }, func() string { return guid(s + 1) })
			for i := range each {
				s, err := c.Signal(counterID("a"), fmt.Sprint("o", s), new(strconv.Itoa(i)), time.Time{})
				must(t, s, err)
				mail = append(mail, raise(s.Event, s.Input))
				if random.IntN(3) == 0 {
					mail = append(mail, raise(s.Event, s.Input))
				}
			}
		}
		random.Shuffle(len(mail), func(i, j int) { mail[i], mail[j] = mail[j], mail[i] })
		e := setup(t)
		for len(mail) > 0 {
			n := min(1+random.IntN(8), len(mail))
			e.receive(mail[:n]...)
			mail = mail[n:]
		}
		for s := range senders {
			var got []string
			for _, o := range e.order {
				if name, n, _ := strings.Cut(o, " "); name == fmt.Sprint("o", s) {
					got = append(got, n)
				}
			}
			if len(got) != each || !slices.IsSortedFunc(got, func(a, b string) int { x, _ := strconv.Atoi(a); y, _ := strconv.Atoi(b); return x - y }) {
				t.Fatalf("seed %d: of sender %d came %q", seed, s, got)
			}
		}
		for id, source := range e.state.Sorter.Received {
			if len(source.Buffered) != 0 {
				t.Fatalf("seed %d: %s is still waiting: %v", seed, id, source.Buffered)
			}
		}
	}
}

// locker is an orchestration that locks some entities, adds 1 to each of them twice, and gives them back.
type locker struct {
	*Caller
	keys   []string
	queue  []history.EntityID // entities still to call
	answer string             // what it waits for
	asked  bool
	done   bool
}

// TestLocksExclude has orchestrations lock overlapping sets while messages are delivered in any order.
func TestLocksExclude(t *testing.T) {
	t.Parallel()
	sets := [][]string{{"a", "b"}, {"b", "c"}, {"c", "a"}, {"c", "b", "a"}, {"b"}}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1))
		type envelope struct {
			to    string
			event history.Event
		}
		var mail []envelope
		post := func(s Sending) { mail = append(mail, envelope{s.To, raise(s.Event, s.Input)}) }
		lockers, ids := map[string]*locker{}, 0
		for i, keys := range sets {
			name := fmt.Sprint("o", i)
			l := &locker{keys: keys}
			l.Caller = NewCaller(history.Instance{ID: name, ExecutionID: name}, DefaultReorderWindow, func() time.Time { return noon }, func() string { ids++; return guid(ids) })
			var targets []history.EntityID
			for _, k := range keys {
				targets = append(targets, counterID(k))
			}
			l.queue = slices.Concat(targets, targets)
			s, err := l.Lock(targets...)
			post(must(t, s, err))
			l.answer = s.Answer
			lockers[name] = l
		}
		states, holder, batches := map[string]history.EntityState{}, map[string]string{}, 0
		for len(mail) > 0 {
			i := random.IntN(len(mail))
			m := mail[i]
			mail = slices.Delete(mail, i, i+1)
			if l, ok := lockers[m.to]; ok {
				if l.answer != m.event.(*history.EventRaised).Name {
					t.Fatalf("seed %d: %s got an answer that it does not wait for", seed, m.to)
				}
				if !l.asked {
					l.asked = true
					l.Granted()
					for _, k := range l.keys {
						if h := holder[k]; h != "" {
							t.Fatalf("seed %d: %s and %s hold %s", seed, h, m.to, k)
						}
						holder[k] = m.to
					}
				}
				l.Answered(l.answer)
				if len(l.queue) > 0 {
					s, err := l.Call(l.queue[0], "add", new("1"))
					post(must(t, s, err))
					l.answer, l.queue = s.Answer, l.queue[1:]
					continue
				}
				for _, k := range l.keys {
					holder[k] = ""
				}
				for _, s := range l.Unlock() {
					post(s)
				}
				l.done = true
				continue
			}
			batches++
			b := Begin(Work{
				Instance: history.Instance{ID: m.to, ExecutionID: strconv.Itoa(batches)}, State: states[m.to], Events: []history.Event{m.event}, Now: noon,
			}, Options{ReorderWindow: DefaultReorderWindow, MaxOperations: 1})
			for op, ok := b.Next(); ok; op, ok = b.Next() {
				if key := m.to[len(m.to)-1:]; holder[key] != op.Parent {
					t.Fatalf("seed %d: %s runs an operation of %s while %q holds it", seed, m.to, op.Parent, holder[key])
				}
				b.Done(counter(op, false))
			}
			c := b.Commit(noon)
			states[m.to] = c.State
			for _, out := range c.Messages {
				mail = append(mail, envelope{out.Target.ID, out.Event})
			}
		}
		for name, l := range lockers {
			if !l.done {
				t.Fatalf("seed %d: %s never got its locks", seed, name)
			}
		}
		for key, want := range map[string]string{"a": "6", "b": "8", "c": "6"} {
			if s := states["@counter@"+key]; *s.State != want || s.LockedBy != "" || len(s.Queue) != 0 {
				t.Fatalf("seed %d: %s ends as %s", seed, key, encode(s))
			}
		}
	}
}

// FuzzBegin gives the scheduler any state and any message.
func FuzzBegin(f *testing.F) {
	f.Add(`{"exists":true,"state":"5","sorter":{}}`, "op", *operation("add", "1", from("o"), labelled(2, 1)).Input)
	f.Add(`{"lockedBy":"o"}`, "release", `{"parent":"o"}`)
	f.Add(`{"suspended":true}`, "continue", ``)
	f.Add(`{}`, "op", *lockRequest("o", 1, "a", "b").Input)
	f.Add(`{"queue":[{"id":"00000000-0000-0000-0000-000000000001","lockset":[],"pos":-3}]}`, "op@2026-05-01", `{}`)
	f.Fuzz(func(t *testing.T, state, name, input string) {
		e := setup(t)
		if decode(raise("", state), &e.state) != nil {
			return
		}
		e.run = func(op Operation) Result { return Result{State: op.State} }
		for op, ok := e.begin(raise(name, input)).Next(); ok; op, ok = e.batch.Next() {
			e.batch.Done(e.run(op))
		}
		e.commit()
	})
}
