package history

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var at = time.Date(2026, 11, 23, 17, 35, 30, 806440200, time.UTC)

func fullRequest() EntityRequest {
	return EntityRequest{
		ID: "6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d", Operation: "add", Signal: true, Input: new("5"), Parent: "p", ParentExecution: "x", Due: at, Timestamp: at,
		Predecessor: at, LockSet: []EntityID{{"counter", "a"}}, Position: 1, ParentTraceContext: &TraceContext{TraceParent: "00-a-b-01", ActivityStartTime: at},
		CreateTrace: true, RequestTime: at,
	}
}

func TestEntityStateRoundTrip(t *testing.T) {
	t.Parallel()
	request := fullRequest()
	state := EntityState{
		State: new("5"), Queue: []EntityRequest{request}, LockedBy: "p", Suspended: true,
		Sorter: EntitySorter{
			LastSent:       map[string]time.Time{"@counter@a": at},
			Received:       map[string]EntitySource{"p": {Last: at, ExecutionID: "x", Buffered: []EntityRequest{request}}, "q": {Buffered: []EntityRequest{}}},
			ReceiveHorizon: at, SendHorizon: at,
		},
	}
	for _, s := range []EntityState{{}, state} {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back EntityState
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, back); diff != "" {
			t.Errorf("the state changes on its way through the store (-written +read):\n%s", diff)
		}
	}
	if id := request.LockSet[0].InstanceID(); id != "@counter@a" {
		t.Errorf("the entity is the instance %s", id)
	}
}

func TestEntityJSONIsTheReferences(t *testing.T) {
	t.Parallel()
	const requestText = `{"op":"add","signal":true,"input":"5","id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","parent":"p","parentExecution":"x",` +
		`"due":"2026-11-23T17:35:30.8064402Z","Timestamp":"2026-11-23T17:35:30.8064402Z","Predecessor":"2026-11-23T17:35:30.8064402Z",` +
		`"lockset":[{"name":"counter","key":"a"}],"pos":1,"IsLockRequest":true,"parentTraceContext":{"TraceParent":"00-a-b-01","TraceState":null,` +
		`"Id":null,"SpanId":null,"ActivityStartTime":"2026-11-23T17:35:30.8064402+00:00"},"createTrace":true,"requestTime":"2026-11-23T17:35:30.8064402+00:00"}`
	failure := &FailureDetails{
		ErrorType: "T", ErrorMessage: "<m>", StackTrace: "s", Inner: &FailureDetails{ErrorType: "I"}, NonRetriable: true,
		Properties: map[string]string{"a": `{"b":1}`, "bad": "<no JSON"},
	}
	lock := EntityRequest{ID: "6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d", LockSet: []EntityID{}}
	for want, v := range map[string]any{
		requestText: fullRequest(),
		`{"op":"","id":"00000000-0000-0000-0000-000000000000","Timestamp":"0001-01-01T00:00:00","Predecessor":"0001-01-01T00:00:00",` +
			`"IsLockRequest":false,"createTrace":false}`: EntityRequest{},
		`{"op":null,"id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","Timestamp":"0001-01-01T00:00:00","Predecessor":"0001-01-01T00:00:00",` +
			`"lockset":[],"IsLockRequest":true,"createTrace":false}`: lock,
		`{"result":null}`:         EntityResponse{},
		`{"result":"<"}`:          EntityResponse{Result: new("<")},
		`{"parent":"p","id":"i"}`: EntityRelease{"p", "i"},
		`{"result":null,"exceptionType":"E","failureDetails":{"ErrorType":"T","ErrorMessage":"<m>","StackTrace":"s","InnerFailure":{"ErrorType":"I",` +
			`"ErrorMessage":"","StackTrace":null,"InnerFailure":null,"IsNonRetriable":false,"Properties":null},"IsNonRetriable":true,` +
			`"Properties":{"a":{"b":1},"bad":"<no JSON"}}}`: EntityResponse{Exception: new("E"), Failure: failure},
		`{}`: EntityStatus{},
		`{"entityExists":true,"queueSize":2,"lockedBy":"p"}`: EntityStatus{true, 2, "p"},
		`{"sorter":{}}`: EntityState{},
		`{"exists":true,"state":"5","lockedBy":"p","suspended":true,` +
			`"sorter":{"LastSentToInstance":{"@c@a":"2026-11-23T17:35:30.8064402Z"},"ReceivedFromInstance":{"p":{"Last":"0001-01-01T00:00:00",` +
			`"ExecutionId":"x","Buffered":{}},"q":{"Last":"2026-11-23T17:35:30.8064402Z"}},"SendHorizon":"2026-11-23T17:35:30.8064402Z"}}`: EntityState{
			State: new("5"), LockedBy: "p", Suspended: true, Sorter: EntitySorter{
				LastSent: map[string]time.Time{"@c@a": at}, SendHorizon: at,
				Received: map[string]EntitySource{"p": {ExecutionID: "x", Buffered: []EntityRequest{}}, "q": {Last: at}},
			},
		},
	} {
		got, err := marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%T is written as\n%s, %v\nwant\n%s", v, got, err, want)
		}
	}
}

func TestEntityRequestsAreReadTolerantly(t *testing.T) {
	t.Parallel()
	want := EntityRequest{ID: "6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d", Operation: "add", Input: new("5"), Timestamp: at, Predecessor: at}
	for what, text := range map[string]string{
		"$type, unknown members":   `{"$type":"X, Y","op":"add","id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","input":"5","Timestamp":"2026-11-23T17:35:30.8064402Z","Predecessor":"2026-11-23T17:35:30.8064402Z","new":{"a":[1]}}`,
		"names in Pascal case":     `{"Op":"add","Id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","Input":"5","Timestamp":"2026-11-23T17:35:30.8064402Z","Predecessor":"2026-11-23T17:35:30.8064402Z"}`,
		"times without zone":       `{"op":"add","id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","input":"5","Timestamp":"2026-11-23T17:35:30.8064402","Predecessor":"2026-11-23T17:35:30.8064402"}`,
		"times with offset":        `{"op":"add","id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","input":"5","Timestamp":"2026-11-23T19:35:30.8064402+02:00","Predecessor":"2026-11-23T17:35:30.8064402+00:00"}`,
		"input as a number":        `{"op":"add","id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","input":5,"Timestamp":"2026-11-23T17:35:30.8064402Z","Predecessor":"2026-11-23T17:35:30.8064402Z"}`,
		"id in another form, null": `{"op":"add","id":"{6F1C2A340B574C1E9A5E8D0F4A7B1C2D}","input":"5","parent":null,"due":null,"lockset":null,"parentTraceContext":null,"Timestamp":"2026-11-23T17:35:30.8064402Z","Predecessor":"2026-11-23T17:35:30.8064402Z"}`,
	} {
		var got EntityRequest
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", what, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	for _, text := range []string{
		``, `5`, `null`, `[]`, `"{}"`, `{}`, `{"op":"add"}`, `{"id":"6f1c"}`, `{"id":5}`, `{"id":"00000000-0000-0000-0000-000000000000"}`,
		`{"id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","input":{"x":1}}`, `{"id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","Timestamp":"soon"}`,
	} {
		if err := json.Unmarshal([]byte(text), new(EntityRequest)); err == nil {
			t.Errorf("%s is read as a request", text)
		}
	}
}

func TestDelayedOperations(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 1, 2, 3, 4, 5, 101, time.UTC)
	name := DelayedOperation(due)
	if name != "op@2026-01-02T03:04:05.0000002Z" {
		t.Errorf("the event is called %s", name)
	}
	message := func(to, name string) Message {
		return Message{Target: Instance{ID: to}, Event: &EventRaised{Name: name}}
	}
	if at, ok := DeliverAt(message("@counter@a", name)); !ok || at.Before(due) {
		t.Errorf("%s is delivered at %v, %v", name, at, ok)
	}
	for _, m := range []Message{
		message("orch", name), message("@c@a", ""), message("@c@a", "op"), message("@c@a", "op@"), message("@c@a", "op@nonsense"),
		message("@c@a", "operation@2026-01-02T03:04:05Z"),
		{Target: Instance{ID: "@c@a"}, Event: &ExecutionTerminated{}},
	} {
		if _, ok := DeliverAt(m); ok {
			t.Errorf("%+v is delayed", m)
		}
	}
}

func TestEntityDictionariesAreReadTolerantly(t *testing.T) {
	t.Parallel()
	request := func(id, at string) string { return `{"id":"` + id + `","Timestamp":"` + at + `"}` }
	const first, second, third = "6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d", "7f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d", "8f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d"
	text := `{"sorter":{"LastSentToInstance":{"$type":"D","@c@a":"2026-11-23T17:35:30.8064402"},"ReceivedFromInstance":{"$type":"D","p":{"Buffered":{"$type":"D",` +
		`"2026-11-23T17:35:31Z":` + request(third, "2026-11-23T17:35:31Z") + `,"2026-11-23T17:35:30.8064402":` + request(first, "2026-11-23T17:35:30.8064402") +
		`,"2026-11-23T17:35:30.8064402Z":` + request(second, "2026-11-23T17:35:30.8064402Z") + `}}}}}`
	var got EntityState
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := EntityState{Sorter: EntitySorter{
		LastSent: map[string]time.Time{"@c@a": at},
		Received: map[string]EntitySource{"p": {Buffered: []EntityRequest{
			{ID: second, Timestamp: at}, // the later of two with one time stamp, as in .NET
			{ID: third, Timestamp: time.Date(2026, 11, 23, 17, 35, 31, 0, time.UTC)},
		}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a state with types (-want +got):\n%s", diff)
	}
	var response EntityResponse
	if err := json.Unmarshal([]byte(`{"failureDetails":{"Properties":{"$type":"D","a":1}}}`), &response); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1"}, response.Failure.Properties); diff != "" {
		t.Errorf("the properties of a failure (-want +got):\n%s", diff)
	}
	for _, text := range []string{
		`{"sorter":{"LastSentToInstance":5}}`, `{"sorter":{"LastSentToInstance":{"a":5}}}`, `{"sorter":{"ReceivedFromInstance":{"p":{"Buffered":[]}}}}`,
		`{"sorter":{"ReceivedFromInstance":{"p":{"Buffered":{"a":{}}}}}}`,
	} {
		if err := json.Unmarshal([]byte(text), new(EntityState)); err == nil {
			t.Errorf("%s is read as a state", text)
		}
	}
}
