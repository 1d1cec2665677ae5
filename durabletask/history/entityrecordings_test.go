package history

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What the reference wrote is read, and written again as the same value. Our form differs from the recorded ones by rule:
// members have their usual names in their usual case and none that nobody knows, every time has a zone, texts are texts;
// requests say what Core's do, and states exist if there is one. The want functions apply these rules to what was recorded.

// recording is a line of a file in testdata.
type recording struct {
	From string `json:"from"`
	Body string `json:"body"`
}

func recordings(tb testing.TB, kind string) []recording {
	tb.Helper()
	f, err := os.Open("testdata/" + kind + ".jsonl.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var found []recording
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			tb.Fatal(err)
		}
		found = append(found, r)
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return found
}

// byHand reports whether a request was made to see what the reference accepts.
func (r recording) byHand() bool { return strings.HasPrefix(r.From, "ext/entity-wire") }

// tally counts what was read of each kind.
type tally map[string]int

// is fails if the recordings that were read are not those that there are.
func (n tally) is(t *testing.T, want tally) {
	t.Helper()
	if diff := cmp.Diff(want, n); diff != "" {
		t.Errorf("recordings read (-there are +were read):\n%s", diff)
	}
}

func TestRecordedEntityRequests(t *testing.T) {
	t.Parallel()
	n := tally{}
	for _, r := range recordings(t, "entity-requests") {
		var request EntityRequest
		if err := json.Unmarshal([]byte(r.Body), &request); err != nil {
			if !r.byHand() {
				t.Errorf("%s: %v\n%s", r.From, err, r.Body)
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
		got := written(t, request)
		same(t, r, wantRequest(t, parse(t, r.Body)), got)
		if !r.byHand() {
			ordered(t, r, got)
		}
	}
	n.is(t, tally{
		"call": 45, "lock": 9, "signal": 122,
		"refused: a request without id": 4, "refused: the input is neither text nor a number": 2, "refused: not a JSON object": 3,
	})
}

func TestRecordedEntityStates(t *testing.T) {
	t.Parallel()
	n := tally{}
	for _, r := range recordings(t, "entity-states") {
		var state EntityState
		if err := json.Unmarshal([]byte(r.Body), &state); err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, r.Body)
			continue
		}
		got := written(t, state)
		same(t, r, wantState(t, parse(t, r.Body)), got)
		ordered(t, r, got)
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

func TestRecordedEntityAnswers(t *testing.T) {
	t.Parallel()
	n := tally{}
	again := func(r recording, v any) {
		if err := json.Unmarshal([]byte(r.Body), v); err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, r.Body)
			return
		}
		want := parse(t, r.Body)
		delete(want, "$type")
		got := written(t, v)
		same(t, r, want, got)
		ordered(t, r, got)
	}
	for _, r := range recordings(t, "entity-responses") {
		var response EntityResponse
		again(r, &response)
		n["response"]++
		if response.Failure != nil {
			n["failure"]++
		}
	}
	for _, r := range recordings(t, "entity-releases") {
		again(r, new(EntityRelease))
		n["release"]++
	}
	for _, r := range recordings(t, "entity-statuses") {
		again(r, new(EntityStatus))
		n["status"]++
	}
	n.is(t, tally{"response": 22, "failure": 1, "release": 4, "status": 15})
}

type object = map[string]any

func parse(t *testing.T, text string) object {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	return o
}

func written(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%+v: %v", v, err)
	}
	return string(text)
}

func same(t *testing.T, r recording, want object, got string) {
	t.Helper()
	if diff := cmp.Diff(want, parse(t, got)); diff != "" {
		t.Errorf("%s: (-recorded +written)\n%s", r.From, diff)
	}
}

// ordered fails if members that were recorded stand in another order in got.
func ordered(t *testing.T, r recording, got string) {
	t.Helper()
	names, last := memberNames(t, got), -1
	for _, name := range memberNames(t, r.Body) {
		i := slices.Index(names, name)
		if i >= 0 && i < last {
			t.Errorf("%s: %s does not stand where it was recorded", r.From, name)
		}
		last = max(last, i)
	}
}

func memberNames(t *testing.T, text string) []string {
	t.Helper()
	var names []string
	if err := eachEntry([]byte(text), func(name string, _ json.RawMessage) error {
		names = append(names, name)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

// known returns the members that have one of the names in any case, under that name; those that are null are dropped.
func known(o object, names ...string) object {
	kept := object{}
	for name, value := range o {
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
		if i >= 0 && value != nil {
			kept[names[i]] = value
		}
	}
	return kept
}

// numberAsText makes a member that is a number a text.
func numberAsText(o object, name string) {
	if n, ok := o[name].(json.Number); ok {
		o[name] = n.String()
	}
}

func zoned(t *testing.T, text string) string {
	t.Helper()
	if strings.HasPrefix(text, zeroForm) {
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
	o := known(recorded.(object), "op", "signal", "input", "id", "parent", "parentExecution", "due", "Timestamp", "Predecessor", "lockset", "pos",
		"parentTraceContext", "createTrace", "requestTime")
	locks, isLock := o["lockset"].([]any)
	for i, l := range locks {
		locks[i] = known(l.(object), "name", "key")
	}
	if o["IsLockRequest"] = isLock; isLock {
		o["op"] = nil
	}
	for _, name := range []string{"due", "Timestamp", "Predecessor"} {
		text, _ := o[name].(string)
		switch {
		case text != "":
			o[name] = zoned(t, text)
		case name != "due":
			o[name] = zeroForm
		}
	}
	numberAsText(o, "input")
	if trace, ok := o["parentTraceContext"].(object); ok {
		o["parentTraceContext"] = object{"TraceParent": trace["traceParent"], "TraceState": nil, "Id": nil, "SpanId": nil, "ActivityStartTime": nil}
	}
	if o["createTrace"] == nil {
		o["createTrace"] = false
	}
	return o
}

func wantState(t *testing.T, recorded any) object {
	t.Helper()
	o := known(recorded.(object), "state", "queue", "lockedBy", "suspended", "sorter")
	if numberAsText(o, "state"); o["state"] != nil {
		o["exists"] = true
	}
	queue, _ := o["queue"].([]any)
	for i := range queue {
		queue[i] = wantRequest(t, queue[i])
	}
	sorter, ok := o["sorter"].(object)
	if !ok {
		o["sorter"] = object{}
	}
	for name, value := range sorter {
		switch v := value.(type) {
		case string:
			sorter[name] = zoned(t, v)
		case object:
			for id, source := range v {
				v[id] = wantSource(t, source)
			}
		}
	}
	return o
}

// wantSource is for what was received from an instance, and for the time that was last sent to one.
func wantSource(t *testing.T, recorded any) any {
	t.Helper()
	if text, ok := recorded.(string); ok {
		return zoned(t, text)
	}
	source := recorded.(object)
	source["Last"] = zoned(t, source["Last"].(string))
	buffered, ok := source["Buffered"].(object)
	if !ok {
		return source
	}
	zonedNames := object{}
	for name, request := range buffered {
		zonedNames[zoned(t, name)] = wantRequest(t, request)
	}
	source["Buffered"] = zonedNames
	return source
}
