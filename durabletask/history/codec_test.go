package history

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// every returns one event of each kind with all its fields set.
func every() []Event {
	text := func(s string) *string { return &s }
	one := 1
	at := time.Date(2026, 11, 23, 17, 35, 30, 806440200, time.UTC)
	h := Header{ID: 3, Time: at, ActivityID: "m", IsPlayed: true}
	f := &FailureDetails{ErrorType: "E", ErrorMessage: "m", StackTrace: "s", NonRetriable: true, Properties: map[string]string{"p": `{"x": 1}`}, Inner: &FailureDetails{ErrorType: "I", ErrorMessage: "n"}}
	i := Instance{ID: "i\x00\n\"é", ExecutionID: "x"}
	tags := map[string]string{"k": "v"}
	trace := &TraceContext{TraceParent: "00-a-b-01", TraceState: "s", ID: "i", SpanID: "b", ActivityStartTime: at}
	return []Event{
		&ExecutionStarted{Header: h, Instance: i, Parent: &ParentInstance{Instance: i, Name: "P", Version: text(""), TaskID: 4}, Name: "N", Version: text("1"), Input: text("{}"), Tags: tags, ScheduledStart: at, Generation: &one, Correlation: text("c"), ParentTraceContext: trace, GenerateNewTrace: true},
		&ExecutionCompleted{Header: h, Status: Failed, Result: text(""), Failure: f},
		&ExecutionTerminated{Header: h, Reason: text("r"), Recurse: true},
		&TaskScheduled{Header: h, Name: "A", Version: text(""), Input: text("[1]"), Tags: tags, ParentTraceContext: trace},
		&TaskCompleted{Header: h, TaskID: 3, Result: text("1")},
		&TaskFailed{Header: h, TaskID: 3, Reason: "r", Details: text("d"), Failure: f},
		&TimerCreated{Header: h, FireAt: at},
		&TimerFired{Header: h, TimerID: 3, FireAt: at},
		&OrchestratorStarted{Header: h, Engine: 1},
		&OrchestratorCompleted{Header: h},
		&EventRaised{Header: h, Name: "E", Input: text("null"), ParentTraceContext: trace},
		&SubOrchestrationInstanceCreated{Header: h, InstanceID: "c", Name: "C", Version: text("2"), Input: text("1"), Tags: tags, ClientSpanID: text("s")},
		&SubOrchestrationInstanceCompleted{Header: h, TaskID: 3, Result: text("1")},
		&SubOrchestrationInstanceFailed{Header: h, TaskID: 3, Reason: "r", Details: text("d"), Failure: f},
		&EventSent{Header: h, InstanceID: "t", Name: "E", Input: text("1")},
		&ContinueAsNew{Header: h, Result: text("1"), Failure: f},
		&GenericEvent{Header: h, Data: text("d"), Reason: "Rewound: TaskFailed", Marker: "patch"},
		&HistoryState{Header: h, State: text("s")},
		&ExecutionSuspended{Header: h, Reason: text("r")},
		&ExecutionResumed{Header: h, Reason: text("r")},
		&ExecutionRewound{Header: h, Reason: text("r"), ParentExecutionID: text("p"), InstanceID: text("i"), ParentTraceContext: trace},
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	events := every()
	if len(events) != len(kinds) {
		t.Fatalf("the test has %d events, there are %d kinds", len(events), len(kinds))
	}
	data, err := Append(nil, events...)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(events, back); diff != "" {
		t.Errorf("events change on their way through the store (-written +read):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"x":                        "not an event",
		`{"id":1}`:                 "not an event",
		`{"type":"`:                "not an event",
		`{"type":"Novel","id":1}`:  `kind "Novel" is not known to this version`,
		`{"type":"TaskCompleted",`: "decode TaskCompleted event",
	} {
		if _, err := Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, e := range every() {
		data, err := Append(nil, e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Append(nil, events...)
		if err != nil {
			t.Fatalf("what was decoded can't be encoded: %v", err)
		}
		back, err := Decode(again)
		if err != nil {
			t.Fatalf("what was encoded can't be decoded: %v", err)
		}
		if diff := cmp.Diff(events, back); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestStatusNames(t *testing.T) {
	t.Parallel()
	for s := Running; s <= Suspended; s++ {
		if back, ok := ParseStatus(s.String()); !ok || back != s {
			t.Errorf("%d is called %v, which is %d", int(s), s, int(back))
		}
	}
	if _, ok := ParseStatus("running"); ok {
		t.Error("names are case-sensitive")
	}
	if got := Status(-1).String(); got != "Status(-1)" {
		t.Errorf("an unknown state is called %s", got)
	}
}
