package history

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEntityStateRoundTrip(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 17, 35, 30, 806440200, time.UTC)
	text := "5"
	request := EntityRequest{
		ID: "r", Operation: "add", Signal: true, Input: &text, Parent: "p", ParentExecution: "x", Due: at, Timestamp: at, Predecessor: at,
		LockSet: []EntityID{{"counter", "a"}}, Position: 1, ParentTraceContext: &TraceContext{TraceParent: "00-a-b-01"}, CreateTrace: true, RequestTime: at,
	}
	state := EntityState{
		State: &text, Queue: []EntityRequest{request}, LockedBy: "p", Suspended: true,
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
