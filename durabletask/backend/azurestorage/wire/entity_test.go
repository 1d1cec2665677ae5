package wire

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Our form of an entity's JSON differs from the recorded ones by rule: members have their usual names in their usual case
// and none that nobody knows, every time has a zone, texts are texts; requests say what Core's do, and states exist if
// there is one. The functions below apply these rules to what was recorded.

var requestNames = strings.Fields(`op signal input id parent parentExecution due Timestamp Predecessor lockset pos IsLockRequest
	parentTraceContext createTrace requestTime`)

// known returns the members that have one of the names in any case, under that name; those that are null are dropped.
func known(o object, names []string) object {
	var kept object
	for _, m := range o {
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, m.Name) })
		if i >= 0 && m.Value != nil {
			kept = append(kept, object{{names[i], m.Value}}...)
		}
	}
	return kept
}

// set gives a member a value; one that is not there goes to the end.
func (o object) set(name string, value any) object {
	for i, m := range o {
		if m.Name == name {
			o[i].Value = value
			return o
		}
	}
	return append(o, object{{name, value}}...)
}

func zoned(t *testing.T, text string) string {
	t.Helper()
	if strings.HasPrefix(text, "0001-01-01T00:00:00") {
		return zeroForm
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(time.RFC3339, text+"Z")
	}
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC().Format(time.RFC3339Nano)
}

func wantRequest(t *testing.T, recorded any) object {
	t.Helper()
	o := known(recorded.(object), requestNames)
	locks, isLock := o.get("lockset").([]any)
	for i, l := range locks {
		locks[i] = known(l.(object), []string{"name", "key"})
	}
	if isLock {
		o = o.set("op", nil)
	}
	for _, name := range []string{"due", "Timestamp", "Predecessor"} {
		text, _ := o.get(name).(string)
		switch {
		case text != "":
			o = o.set(name, zoned(t, text))
		case name != "due":
			o = o.set(name, zeroForm)
		}
	}
	if n, ok := o.get("input").(json.Number); ok {
		o = o.set("input", n.String())
	}
	if trace, ok := o.get("parentTraceContext").(object); ok {
		parent := trace.get("traceParent")
		o = o.set("parentTraceContext", object{{"TraceParent", parent}, {"TraceState", nil}, {"Id", nil}, {"SpanId", nil}, {"ActivityStartTime", nil}})
	}
	if o.get("createTrace") == nil {
		o = o.set("createTrace", false)
	}
	return o.set("IsLockRequest", isLock)
}

// ordered fails if members of both objects stand in another order in got.
func ordered(t *testing.T, from string, recorded, got object) {
	t.Helper()
	last := -1
	for _, m := range recorded {
		i := slices.IndexFunc(got, func(g struct {
			Name  string
			Value any
		},
		) bool {
			return g.Name == m.Name
		})
		if i >= 0 && i < last {
			t.Errorf("%s: %s does not stand where it was recorded", from, m.Name)
		}
		last = max(last, i)
	}
}

// byHand reports whether a request was made to see what the reference accepts.
func byHand(r recording) bool { return strings.HasPrefix(r.From, "ext/entity-wire") }

func TestRecordedEntityRequests(t *testing.T) {
	t.Parallel()
	n := tally{}
	for _, r := range recordings(t, "entity-requests") {
		text := r.text(t)
		request, err := DecodeEntityRequest(text)
		if err != nil {
			if !byHand(r) {
				t.Errorf("%s: %v\n%s", r.From, err, text)
			}
			_, reason, _ := strings.Cut(err.Error(), ": ")
			n["refused: "+reason]++
			continue
		}
		switch {
		case request.LockSet != nil:
			n["lock"]++
		case request.Signal:
			n["signal"]++
		default:
			n["call"]++
		}
		recorded, got := parse(t, []byte(text)).(object), parse(t, []byte(EncodeEntityRequest(&request))).(object)
		same(t, r.From, wantRequest(t, recorded).sorted(), got.sorted())
		if !byHand(r) {
			ordered(t, r.From, recorded, got)
		}
	}
	n.is(t, tally{
		"call": 45, "lock": 9, "signal": 122,
		"refused: a request without id": 4, "refused: input: the input is neither text nor a number": 2, "refused: not a JSON object": 3,
	})
}

func TestRecordedEntityStates(t *testing.T) {
	t.Parallel()
	n := tally{}
	for _, r := range recordings(t, "entity-states") {
		text := r.text(t)
		state, err := DecodeEntityState(&text)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, text)
			continue
		}
		recorded, got := parse(t, []byte(text)).(object), parse(t, []byte(EncodeEntityState(&state))).(object)
		want := wantState(t, recorded)
		same(t, r.From, want.sorted(), withSortedSources(got).sorted())
		ordered(t, r.From, recorded, got)
		for name, there := range map[string]bool{
			"in all": true, "exists": state.State != nil, "queue": state.Queue != nil, "locked": state.LockedBy != "", "suspended": state.Suspended,
			"received": state.Sorter.Received != nil, "sent": state.Sorter.LastSent != nil,
		} {
			if there {
				n[name]++
			}
		}
	}
	n.is(t, tally{"in all": 124, "exists": 117, "queue": 15, "locked": 26, "suspended": 4, "received": 80, "sent": 6})
}

func wantState(t *testing.T, recorded object) object {
	t.Helper()
	o := known(recorded, strings.Fields("state queue lockedBy suspended sorter"))
	if n, ok := o.get("state").(json.Number); ok {
		o = o.set("state", n.String())
	}
	if o.get("state") != nil {
		o = o.set("exists", true)
	}
	if queue, ok := o.get("queue").([]any); ok {
		for i := range queue {
			queue[i] = inCoreOrder(wantRequest(t, queue[i]))
		}
	}
	sorter, _ := o.get("sorter").(object)
	for i, m := range sorter {
		switch v := m.Value.(type) {
		case string:
			sorter[i].Value = zoned(t, v)
		case object:
			for j, source := range v {
				v[j].Value = wantSource(t, source.Value)
			}
			sorter[i].Value = v.sorted()
		}
	}
	return o.set("sorter", sorter)
}

func wantSource(t *testing.T, recorded any) any {
	t.Helper()
	if text, ok := recorded.(string); ok {
		return zoned(t, text)
	}
	source := recorded.(object)
	source = source.set("Last", zoned(t, source.get("Last").(string)))
	buffered, _ := source.get("Buffered").(object)
	for i, m := range buffered {
		buffered[i].Name = zoned(t, m.Name)
		buffered[i].Value = inCoreOrder(wantRequest(t, m.Value))
	}
	return source
}

func inCoreOrder(o object) object {
	slices.SortFunc(o, func(a, b struct {
		Name  string
		Value any
	},
	) int {
		return slices.Index(requestNames, a.Name) - slices.Index(requestNames, b.Name)
	})
	return o
}

// withSortedSources puts what is written in the order of names by Go's rules into the order of the tests.
func withSortedSources(state object) object {
	sorter := state.get("sorter").(object)
	for i, m := range sorter {
		if o, ok := m.Value.(object); ok {
			sorter[i].Value = o.sorted()
		}
	}
	return state
}

func TestRecordedEntityAnswers(t *testing.T) {
	t.Parallel()
	n := tally{}
	untyped := func(name string, _ any) bool { return name == typeName }
	for _, r := range recordings(t, "entity-responses") {
		text := r.text(t)
		response, err := DecodeEntityResponse(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, text)
			continue
		}
		n["response"]++
		if response.Failure != nil {
			n["failure"]++
		}
		same(t, r.From, parse(t, []byte(text)).(object).without(untyped), parse(t, []byte(EncodeEntityResponse(&response))))
	}
	for _, r := range recordings(t, "entity-releases") {
		text := r.text(t)
		release, err := DecodeEntityRelease(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, text)
			continue
		}
		n["release"]++
		same(t, r.From, parse(t, []byte(text)).(object).without(untyped), parse(t, []byte(EncodeEntityRelease(release))))
	}
	for _, r := range recordings(t, "entity-statuses") {
		text := r.text(t)
		status, err := DecodeEntityStatus(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, text)
			continue
		}
		n["status"]++
		same(t, r.From, parse(t, []byte(text)), parse(t, []byte(EncodeEntityStatus(status))))
	}
	n.is(t, tally{"response": 22, "failure": 1, "release": 4, "status": 15})
}

func TestEntityStateIsComplete(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 17, 35, 30, 806440200, time.UTC)
	request := history.EntityRequest{
		ID: "6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d", Operation: "add", Signal: true, Input: new("5"), Parent: "p", ParentExecution: "x", Due: at, Timestamp: at,
		Predecessor: at, LockSet: []history.EntityID{{Name: "counter", Key: "a"}}, Position: 1, ParentTraceContext: &history.TraceContext{TraceParent: "00-a-b-01"},
		CreateTrace: true, RequestTime: at,
	}
	want := history.EntityState{
		State: new("5"), Queue: []history.EntityRequest{request}, LockedBy: "p", Suspended: true,
		Sorter: history.EntitySorter{
			LastSent: map[string]time.Time{"@counter@a": at},
			Received: map[string]history.EntitySource{
				"p": {Last: at, ExecutionID: "x", Buffered: []history.EntityRequest{request}}, "q": {Buffered: []history.EntityRequest{}},
			},
			ReceiveHorizon: at, SendHorizon: at,
		},
	}
	text := EncodeEntityState(&want)
	got, err := DecodeEntityState(&text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	for _, input := range []*string{nil, new(""), new("null")} {
		if s, err := DecodeEntityState(input); err != nil || !cmp.Equal(s, history.EntityState{}) {
			t.Errorf("no input is the state %+v, %v", s, err)
		}
	}
	if got := EncodeEntityState(&history.EntityState{}); got != `{"sorter":{}}` {
		t.Errorf("a new entity is %s", got)
	}
}

func TestDelayedOperations(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	name := DelayedOperationEvent(at)
	if name != "op@2026-01-02T03:04:05.0000000Z" {
		t.Errorf("the event is called %s", name)
	}
	if due, ok := DelayOf(name); !ok || !due.Equal(at) {
		t.Errorf("%s is due at %v, %v", name, due, ok)
	}
	for _, name := range []string{"", "op", "op@", "op@nonsense", "operation@2026-01-02T03:04:05Z"} {
		if _, ok := DelayOf(name); ok {
			t.Errorf("%q is delayed", name)
		}
	}
}
