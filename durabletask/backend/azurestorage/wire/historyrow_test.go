package wire

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/history"
)

// timeColumns are the columns whose type the recorder left out of what was written.
var timeColumns = []string{
	"_Timestamp", "FireAt", "ScheduledStartTime", "CheckpointCompletedTimestamp", "CreatedTime", "LastUpdatedTime", "CompletedTime",
}

// stored returns a recorded row as the service would store it: nulls have no column, times have a type, and its own
// columns are not written. The order of columns means nothing.
func stored(t *testing.T, body []byte) object {
	t.Helper()
	row := columns(t, body).without(func(name string, value any) bool {
		return value == nil || name == "Timestamp" || strings.HasPrefix(name, "odata.")
	})
	for _, m := range row {
		if slices.Contains(timeColumns, m.Name) && row.get(m.Name+"@odata.type") == nil {
			row = append(row, object{{m.Name + "@odata.type", "Edm.DateTime"}}...)
		}
	}
	return row.sorted()
}

// columns returns a row with its columns, and its tags, in the order of their names, which means nothing.
func columns(t *testing.T, body []byte) object {
	t.Helper()
	row := parse(t, body).(object)
	for i, m := range row {
		if tags, ok := m.Value.(string); ok && m.Name == "Tags" && tags != "" && tags != "null" {
			row[i].Value = parse(t, []byte(tags)).(object).sorted()
		}
	}
	return row.sorted()
}

// Every recorded row decodes, and what is encoded stores the same.
func TestRecordedHistoryRows(t *testing.T) {
	t.Parallel()
	n := tally{}
	for _, r := range recordings(t, "history-rows") {
		row, err := DecodeHistoryRow(r.Body)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, r.Body)
			continue
		}
		form, _, _ := strings.Cut(r.From, " ")
		n[form+" "+row.Event.Type().String()]++
		if len(row.Blobs) > 0 {
			n["with a blob"]++
		}
		if len(row.extra) > 0 {
			n["rewound"]++
		}
		same(t, r.From, stored(t, r.Body), columns(t, row.Encode()))
	}
	n.is(t, tally{
		"rewound": 26, "stored EventRaised": 76, "stored EventSent": 66, "stored ExecutionCompleted": 260,
		"stored ExecutionResumed": 6, "stored ExecutionStarted": 337, "stored ExecutionSuspended": 8,
		"stored ExecutionTerminated": 7, "stored GenericEvent": 16, "stored OrchestratorCompleted": 781,
		"stored OrchestratorStarted": 775, "stored SubOrchestrationInstanceCompleted": 16,
		"stored SubOrchestrationInstanceCreated": 24, "stored SubOrchestrationInstanceFailed": 3,
		"stored TaskCompleted": 351, "stored TaskFailed": 21, "stored TaskScheduled": 378, "stored TimerCreated": 41,
		"stored TimerFired": 31, "with a blob": 35, "written EventRaised": 55, "written EventSent": 55,
		"written ExecutionCompleted": 140, "written ExecutionResumed": 2, "written ExecutionStarted": 420,
		"written ExecutionSuspended": 3, "written ExecutionTerminated": 5, "written GenericEvent": 13,
		"written OrchestratorCompleted": 660, "written OrchestratorStarted": 654,
		"written SubOrchestrationInstanceCompleted": 6, "written SubOrchestrationInstanceCreated": 17,
		"written SubOrchestrationInstanceFailed": 1, "written TaskCompleted": 151, "written TaskFailed": 15,
		"written TaskScheduled": 210, "written TimerCreated": 33, "written TimerFired": 21,
	})
}

func TestRecordedSentinels(t *testing.T) {
	t.Parallel()
	n := tally{}
	for _, r := range recordings(t, "sentinels") {
		if key := RowKeyOf(r.Body); key != SentinelKey {
			t.Errorf("%s: the RowKey is %q", r.From, key)
		}
		s, err := DecodeSentinel(r.Body)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, r.Body)
			continue
		}
		form, _, _ := strings.Cut(r.From, " ")
		if s.Complete {
			n[form+" complete"]++
		} else {
			n[form+" incomplete"]++
		}
		same(t, r.From, stored(t, r.Body), columns(t, s.Encode()))
	}
	n.is(t, tally{
		"stored complete": 355, "written complete": 654, "written incomplete": 2,
	})
}

func TestRecordedInstanceRows(t *testing.T) {
	t.Parallel()
	n := tally{}
	for _, r := range recordings(t, "instance-rows") {
		row, err := DecodeInstanceRow(r.Body)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, r.Body)
			continue
		}
		form, _, _ := strings.Cut(r.From, " ")
		status := "no status"
		if row.Status != nil {
			status = row.Status.String()
		}
		n[form+" "+status]++
		if len(row.extra) > 0 {
			t.Errorf("%s: unknown columns %v", r.From, row.extra)
		}
		if form == "read" && row.ETag == "" {
			t.Errorf("%s: no ETag", r.From)
		}
		want := stored(t, r.Body)
		if want.get("RowKey") == nil { // a projection without it
			want = append(want, object{{"RowKey", ""}}...).sorted()
		}
		same(t, r.From, want, columns(t, row.Encode()))
	}
	n.is(t, tally{
		"read Completed": 10, "read Failed": 2, "read Pending": 133, "read Running": 11, "read Suspended": 1,
		"read Terminated": 2, "stored Completed": 268, "stored Failed": 33, "stored Pending": 17, "stored Running": 94,
		"stored Suspended": 6, "stored Terminated": 6, "written Completed": 213, "written Failed": 32,
		"written Pending": 239, "written Running": 425, "written Suspended": 8, "written Terminated": 7,
		"written no status": 259,
	})
}

// Our own columns, an unknown kind and columns that a kind does not have go through.
func TestHistoryRowColumns(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	for _, want := range []string{
		`{"PartitionKey":"i","RowKey":"0000000000000000","ExecutionId":"x","EventType":"OrchestratorStarted","Engine":2,"EventId":-1,"IsPlayed":false,"_Timestamp":"2026-01-02T03:04:05.0000006Z","_Timestamp@odata.type":"Edm.DateTime","CommitId":"c"}`,
		`{"PartitionKey":"i","RowKey":"0000000000000001","ExecutionId":"x","EventType":"GenericEvent","Data":"","DataBlobName":"b","Marker":"record","EventId":-1,"IsPlayed":false,"_Timestamp":"2026-01-02T03:04:05.0000006Z","_Timestamp@odata.type":"Edm.DateTime"}`,
		`{"PartitionKey":"i","RowKey":"0000000000000002","ExecutionId":"x","EventType":"EventRaised","Name":"n","ParentTraceContext":"null","EventId":-1,"IsPlayed":false,"_Timestamp":"2026-01-02T03:04:05.0000006Z","_Timestamp@odata.type":"Edm.DateTime","ActivityId":"a","Other":"5","Other@odata.type":"Edm.Int64"}`,
		`{"PartitionKey":"i","RowKey":"0000000000000003","ExecutionId":"x","EventType":"Novel","Due":"2026-01-02T03:04:05Z","Due@odata.type":"Edm.DateTime","EventId":4,"IsPlayed":false,"_Timestamp":"2026-01-02T03:04:05.0000006Z","_Timestamp@odata.type":"Edm.DateTime"}`,
	} {
		row, err := DecodeHistoryRow([]byte(want))
		if err != nil {
			t.Error(err)
			continue
		}
		if h := row.Event.Head(); !h.Time.Equal(at) {
			t.Errorf("the time is %v", h.Time)
		}
		if diff := cmp.Diff(want, string(row.Encode())); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// A row with the columns of every kind goes through with nothing lost.
func TestHistoryRowOfEachKind(t *testing.T) {
	t.Parallel()
	n := 0
	for _, e := range every() {
		row := HistoryRow{PartitionKey: "i", RowKey: RowKey(10), ExecutionID: "x", Event: e, CommitID: "c"}
		back, err := DecodeHistoryRow(row.Encode())
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(row, back, cmp.AllowUnexported(HistoryRow{})); diff != "" {
			t.Errorf("%v (-written +read)\n%s", e.Type(), diff)
		}
		n++
	}
	if n != len(kinds) {
		t.Errorf("%d kinds went through, there are %d", n, len(kinds))
	}
}

func TestMessageOfEachKind(t *testing.T) {
	t.Parallel()
	for _, e := range every() {
		m := Message{ActivityID: e.Head().ActivityID, Target: To(history.Instance{ID: "i", ExecutionID: "x"}), Event: e, Sender: Client()}
		back, err := DecodeMessage(m.Encode())
		if err != nil {
			t.Error(err)
			continue
		}
		want := m
		switch e := e.(type) { // what only rows have
		case *history.OrchestratorStarted:
			want.Event = &history.OrchestratorStarted{Header: e.Header}
		case *history.GenericEvent:
			want.Event = &history.GenericEvent{Header: e.Header, Data: e.Data}
		}
		if diff := cmp.Diff(want, back, cmp.AllowUnexported(Message{})); diff != "" {
			t.Errorf("%v (-written +read)\n%s", e.Type(), diff)
		}
	}
}

// A field that history gets is noticed here, and then carried by every test of each kind.
func TestEveryFieldIsSet(t *testing.T) {
	t.Parallel()
	for _, e := range every() {
		for field, v := range reflect.ValueOf(e).Elem().Fields() {
			if v.IsZero() || v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct && hasZero(v.Elem()) {
				t.Errorf("%v.%s is empty", e.Type(), field.Name)
			}
		}
	}
}

// hasZero reports whether a field is empty.
func hasZero(v reflect.Value) bool {
	for _, f := range v.Fields() {
		if f.IsZero() {
			return true
		}
	}
	return false
}

// every returns one event of each kind with all its fields set.
func every() []history.Event {
	at := time.Date(2026, 11, 23, 17, 35, 30, 806440200, time.UTC)
	h := history.Header{ID: 3, Time: at, ActivityID: "6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d", IsPlayed: true}
	f := &history.FailureDetails{
		ErrorType: "E", ErrorMessage: "m", StackTrace: "s", NonRetriable: true,
		Properties: map[string]string{"p": `{"x":[1,"2"]}`, "q": "null"}, Inner: &history.FailureDetails{ErrorType: "I", ErrorMessage: "n"},
	}
	i := history.Instance{ID: "i\x00\n\"é", ExecutionID: "x"}
	tags := map[string]string{"k": "v", "": "\uFFFE"}
	trace := &history.TraceContext{TraceParent: "00-a-b-01", TraceState: "s", ID: "i", SpanID: "b", ActivityStartTime: at}
	return []history.Event{
		&history.ExecutionStarted{Header: h, Instance: i, Parent: &history.ParentInstance{Instance: i, Name: "P", Version: new(""), TaskID: 4}, Name: "N", Version: new("1"), Input: new("{}"), Tags: tags, ScheduledStart: at, Generation: new(1), Correlation: new("c"), ParentTraceContext: trace, GenerateNewTrace: true},
		&history.ExecutionCompleted{Header: h, Status: history.Failed, Result: new(""), Failure: f},
		&history.ExecutionTerminated{Header: h, Reason: new("r"), Recurse: true},
		&history.TaskScheduled{Header: h, Name: "A", Version: new(""), Input: new("[1]"), Tags: tags, ParentTraceContext: trace},
		&history.TaskCompleted{Header: h, TaskID: 3, Result: new("1")},
		&history.TaskFailed{Header: h, TaskID: 3, Reason: "r", Details: new("d"), Failure: f},
		&history.TimerCreated{Header: h, FireAt: at},
		&history.TimerFired{Header: h, TimerID: 3, FireAt: at},
		&history.OrchestratorStarted{Header: h, Engine: 1},
		&history.OrchestratorCompleted{Header: h},
		&history.EventRaised{Header: h, Name: "E", Input: new("null"), ParentTraceContext: trace},
		&history.SubOrchestrationInstanceCreated{Header: h, InstanceID: "c", Name: "C", Version: new("2"), Input: new("1"), Tags: tags, ClientSpanID: new("s")},
		&history.SubOrchestrationInstanceCompleted{Header: h, TaskID: 3, Result: new("1")},
		&history.SubOrchestrationInstanceFailed{Header: h, TaskID: 3, Reason: "r", Details: new("d"), Failure: f},
		&history.EventSent{Header: h, InstanceID: "t", Name: "E", Input: new("1")},
		&history.ContinueAsNew{Header: h, Result: new("1"), Failure: f},
		&history.GenericEvent{Header: h, Data: new("d"), Reason: "Rewound: TaskFailed", Marker: "patch"},
		&history.HistoryState{Header: h, State: new(`{"Name":"n"}`)},
		&history.ExecutionSuspended{Header: h, Reason: new("r")},
		&history.ExecutionResumed{Header: h, Reason: new("r")},
		&history.ExecutionRewound{Header: h, Reason: new("r"), ParentExecutionID: new("p"), InstanceID: new("i"), ParentTraceContext: trace},
	}
}

func TestDecodeRowsRefuse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[]`: "not a JSON object",
		`{`:  "not JSON",
		`{}`: "without an event",
		`{"RowKey":"r","EventType":"TimerFired","FireAt":5}`:           `decode history row "r": column FireAt: 5 is not a string`,
		`{"EventType":"TimerFired","TimerId":"5"}`:                     "column TimerId",
		`{"EventType":"TaskFailed","FailureDetails":"{"}`:              "column FailureDetails: not JSON",
		`{"EventType":"TaskFailed","FailureDetails":"[]"}`:             "column FailureDetails: not a JSON object",
		`{"EventType":"ExecutionCompleted","OrchestrationStatus":"X"}`: `status "X" is not known`,
	} {
		if _, err := DecodeHistoryRow([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		`null`:                         "not a JSON object",
		`{"Applied":"AAAA"}`:           "column Applied",
		`{"IsCheckpointComplete":"x"}`: "column IsCheckpointComplete",
	} {
		if _, err := DecodeSentinel([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		`3`:                                     "not a JSON object",
		`{"RuntimeStatus":"Happy"}`:             `status "Happy" is not known`,
		`{"PartitionKey":"p","Tags":"[1]"}`:     `decode instance row "p": column Tags`,
		`{"PartitionKey":"p","Generation":1.5}`: "not a 32-bit number",
	} {
		if _, err := DecodeInstanceRow(json.RawMessage(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
}
