package entity

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// noon is when most tests take place.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// guid makes an id of a number.
func guid(n int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", n) }

func raise(name, input string) *history.EventRaised {
	return &history.EventRaised{Header: history.Header{ActivityID: "message " + name + input}, Name: name, Input: &input}
}

// operation is a signal of a client, unless with makes something else of it.
func operation(name, input string, with ...func(*history.EntityRequest)) *history.EventRaised {
	r := history.EntityRequest{ID: guid(len(name) + 1), Operation: name, Signal: true, Input: &input}
	for _, w := range with {
		w(&r)
	}
	return raise("op", encode(r))
}

// from makes a request an orchestration's, of an execution that has the same name.
func from(parent string) func(*history.EntityRequest) {
	return func(r *history.EntityRequest) { r.Parent, r.ParentExecution = parent, parent+"'s" }
}

func called(id int) func(*history.EntityRequest) {
	return func(r *history.EntityRequest) { r.ID, r.Signal = guid(id), false }
}

// labelled gives a request its place in the order: seconds after noon.
func labelled(at, after int) func(*history.EntityRequest) {
	return func(r *history.EntityRequest) {
		r.Timestamp = noon.Add(time.Duration(at) * time.Second)
		if after != 0 {
			r.Predecessor = noon.Add(time.Duration(after) * time.Second)
		}
	}
}

func lockRequest(parent string, id int, keys ...string) *history.EventRaised {
	r := history.EntityRequest{ID: guid(id), Parent: parent, ParentExecution: parent + "'s"}
	for _, k := range keys {
		r.LockSet = append(r.LockSet, history.EntityID{Name: "counter", Key: k})
	}
	return raise("op", encode(r))
}

func release(parent string, id int) *history.EventRaised {
	return raise("release", encode(history.EntityRelease{Parent: parent, ID: guid(id)}))
}

// entity is @counter@a, driven the way a dispatcher does it.
type entity struct {
	t       *testing.T
	options Options
	state   history.EntityState
	now     time.Time
	stored  time.Time
	n       int
	run     func(Operation) Result
	// order is what was run, by name and input.
	order []string
	last  Commit
	batch *Batch
}

func setup(t *testing.T) *entity {
	t.Helper()
	return &entity{t: t, options: Options{ReorderWindow: DefaultReorderWindow}, now: noon, run: func(op Operation) Result { return counter(op, false) }}
}

// receive runs a batch.
func (e *entity) receive(events ...history.Event) Commit {
	e.t.Helper()
	e.begin(events...)
	for op, ok := e.batch.Next(); ok; op, ok = e.batch.Next() {
		e.order = append(e.order, op.Operation+" "+*op.Input)
		e.batch.Done(e.run(op))
	}
	return e.commit()
}

func (e *entity) begin(events ...history.Event) *Batch {
	e.batch = Begin(Work{
		Instance: history.Instance{ID: "@counter@a", ExecutionID: "execution " + strconv.Itoa(e.n)}, State: e.state, Started: e.stored, Events: events, Now: e.now,
	}, e.options)
	return e.batch
}

func (e *entity) commit() Commit {
	e.t.Helper()
	e.last = e.batch.Commit(e.now)
	input := e.last.Events[1].(*history.ExecutionStarted).Input
	e.state = readState(e.t, input) // as it is stored
	e.stored = e.now
	e.n++
	return e.last
}

// ran fails unless exactly these operations have been run since it was last called.
func (e *entity) ran(want ...string) {
	e.t.Helper()
	if fmt.Sprint(e.order) != fmt.Sprint(want) {
		e.t.Errorf("%q was run, want %q", e.order, want)
	}
	e.order = nil
}

// is fails unless the state is the text; "-" is none.
func (e *entity) is(want string) {
	e.t.Helper()
	got := "-"
	if e.state.State != nil {
		got = *e.state.State
	}
	if got != want {
		e.t.Errorf("the state is %s, want %s", got, want)
	}
}

// sends fails unless the last batch sent exactly these messages.
func (e *entity) sends(want ...string) {
	e.t.Helper()
	var got []string
	for _, m := range sent(e.last.Messages) {
		got = append(got, m.To+" "+m.Name)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		e.t.Errorf("%q was sent, want %q", got, want)
	}
}

// statusOf is what the entity shows of itself after a batch.
func statusOf(c Commit) (s history.EntityStatus) {
	if err := json.Unmarshal([]byte(Status(&c.State)), &s); err != nil {
		panic(err)
	}
	return s
}
