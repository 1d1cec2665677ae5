package bindings_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/google/go-cmp/cmp"
)

func nothing(http.ResponseWriter, *http.Request, *bindings.DurableClient) {}

// panicOf is what fn panics with.
func panicOf(fn func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	fn()
	return ""
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][]string{
		"":                                   {"/Name"},
		"items":                              {"/items"},
		"/items/{id}/":                       {"/items/{id}"},
		"orchestrators/{name}/{instanceId?}": {"/orchestrators/{name}", "/orchestrators/{name}/{instanceId}"},
		"{a?}/{b?}":                          {"", "/{a}", "/{a}/{b}"},
		"items/{id:int}":                     {"/items/{id:-?[0-9]+}"},
		"files/{*rest}":                      {"/files/*"},
	} {
		if got := bindings.HTTP("Name", bindings.Route{Pattern: pattern}, nothing).Paths(); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
	for pattern, want := range map[string]string{
		"a/{b": "neither a word nor a {parameter}", "a//b": "neither a word", "{a?}/b": "behind an optional parameter",
		"{a?}/{b}": "behind an optional parameter", "{a:datetime}": "constraint that is not supported",
	} {
		text := panicOf(func() { bindings.HTTP("Name", bindings.Route{Pattern: pattern}, nothing) })
		if !strings.Contains(text, want) || !strings.Contains(text, "orchestrators/{name}/{instanceId?}") {
			t.Errorf("%q: panic %q, want %q and what to write", pattern, text, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	app := durabletask.New(
		durabletask.NewOrchestrator(func(durabletask.Context, any) (any, error) { return nil, nil }, durabletask.Named("Order")),
		durabletask.NewActivity(func(context.Context, any) (any, error) { return nil, nil }, durabletask.Named("Pay")))
	table := bindings.NewTable()
	for _, f := range app.Orchestrators() {
		table.Register(bindings.Orchestration(f))
	}
	for _, f := range app.Activities() {
		table.Register(bindings.Activity(f))
	}
	if _, ok := table.Orchestration("ORDER"); !ok {
		t.Error("names are not compared without regard to case")
	}
	if _, ok := table.Orchestration("pay"); ok {
		t.Error("an activity is found as an orchestrator")
	}
	if names := table.Names(bindings.TypeActivity); !slices.Equal(names, []string{"Pay"}) {
		t.Errorf("activities %q", names)
	}
	text := panicOf(func() { table.Register(bindings.HTTP("order", bindings.Route{}, nothing)) })
	if strings.Count(text, "bindings_test.go:") != 2 || !strings.Contains(text, "another name") {
		t.Errorf("a duplicate panics with %q, want both places and what to do", text)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	client := bindings.NewDurableClient(nil, bindings.Links{Hub: "Hub", Connection: "Storage", Path: "/hook", Key: "k+/="})
	r := httptest.NewRequest(http.MethodGet, "http://host:99/x", nil)
	r.Header.Set("X-Forwarded-Host", "elsewhere")
	got := client.CreateHTTPManagementPayload(r, "a b~'@+%ü")
	base, query := "http://host:99/hook/instances/a+b%7E%27%40%2B%25%C3%BC", "taskHub=Hub&connection=Storage&code=k%2B%2F%3D"
	want := bindings.HTTPManagementPayload{
		ID: "a b~'@+%ü", StatusQueryGetURI: base + "?" + query, SendEventPostURI: base + "/raiseEvent/{eventName}?" + query,
		TerminatePostURI: base + "/terminate?reason={text}&" + query, RewindPostURI: base + "/rewind?reason={text}&" + query,
		PurgeHistoryDeleteURI: base + "?" + query, RestartPostURI: base + "/restart?" + query,
		SuspendPostURI: base + "/suspend?reason={text}&" + query, ResumePostURI: base + "/resume?reason={text}&" + query,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestForwardedHost(t *testing.T) {
	t.Parallel()
	links := bindings.Links{ForwardedHost: true}
	for _, c := range []struct{ host, proto, want string }{
		{"elsewhere, proxy", "https", "https://elsewhere"},
		{"elsewhere:8080", "HTTPS, http", "https://elsewhere:8080"},
		{"", "", "http://host"},
		{"evil/path", "gopher", "http://host"},
		{"user@evil", "", "http://host"},
		{"evil?x", "", "http://host"},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://host/", nil)
		r.Header.Set("X-Forwarded-Host", c.host)
		r.Header.Set("X-Forwarded-Proto", c.proto)
		if got := links.Origin(r); got != c.want {
			t.Errorf("%q %q: %s, want %s", c.host, c.proto, got, c.want)
		}
	}
}

// TestHistoryView shows every kind of event (http-api.md §7.2).
func TestHistoryView(t *testing.T) {
	t.Parallel()
	text, at := func(s string) *string { return &s }, time.Date(2024, 10, 23, 16, 58, 46, 120_000_000, time.UTC)
	head := func(id int) history.Header { return history.Header{ID: id, Time: at} }
	none := head(history.NoID)
	events := []history.Event{
		&history.OrchestratorStarted{Header: none},
		&history.ExecutionStarted{Header: none, Name: "Order", Input: text(`{"a":1}`), ScheduledStart: at},
		&history.TaskScheduled{Header: head(0), Name: "Pay"},
		&history.TaskScheduled{Header: head(1), Name: "Ship", Input: text("[1]")},
		&history.SubOrchestrationInstanceCreated{Header: head(2), Name: "Child", InstanceID: "c"},
		&history.SubOrchestrationInstanceCreated{Header: head(3), Name: "Lost", InstanceID: "l"},
		&history.TimerCreated{Header: head(4), FireAt: at},
		&history.EventSent{Header: head(5), InstanceID: "o", Name: "n", Input: text("1")},
		&history.OrchestratorCompleted{Header: none},
		&history.TaskCompleted{Header: none, TaskID: 0, Result: text("not JSON")},
		&history.TaskFailed{Header: none, TaskID: 9, Reason: "boom", Failure: &history.FailureDetails{
			ErrorType: "T", ErrorMessage: "boom", StackTrace: "s", Inner: &history.FailureDetails{ErrorType: "I"},
		}},
		&history.SubOrchestrationInstanceCompleted{Header: none, TaskID: 2, Result: text("2")},
		&history.TimerFired{Header: none, TimerID: 4, FireAt: at},
		&history.EventRaised{Header: none, Name: "e", Input: text("3")},
		&history.ExecutionSuspended{Header: none, Reason: text("p")},
		&history.ExecutionResumed{Header: none},
		&history.GenericEvent{Header: none, Data: text("d")},
		&history.ExecutionTerminated{Header: none, Reason: text("r")},
		&history.ContinueAsNew{Header: head(6), Result: text("4")},
		&history.ExecutionCompleted{Header: head(7), Status: history.Completed, Result: text("[5]")},
	}
	const time = `"Timestamp":"2024-10-23T16:58:46.12Z"`
	want := strings.ReplaceAll(`{"EventType":"ExecutionStarted","Input":"{\"a\":1}","Correlation":null,"ParentTraceContext":null,"ScheduledStartTime":"2024-10-23T16:58:46.12Z","Generation":null,"GenerateNewTrace":false,@,"FunctionName":"Order"}
{"EventType":"TaskScheduled","Name":"Ship","Input":"[1]","ParentTraceContext":null,"Tags":null,@}
{"EventType":"SubOrchestrationInstanceCreated","Name":"Lost","InstanceId":"l","Input":null,"ClientSpanId":null,"Tags":null,@}
{"EventType":"TimerCreated","FireAt":"2024-10-23T16:58:46.12Z",@}
{"EventType":"EventSent","InstanceId":"o","Name":"n","Input":"1",@}
{"EventType":"TaskCompleted","Result":"not JSON",@,"ScheduledTime":"2024-10-23T16:58:46.12Z","FunctionName":"Pay","Input":null}
{"EventType":"TaskFailed","Reason":"boom","Details":null,"FailureDetails":{"ErrorType":"T","ErrorMessage":"boom","StackTrace":"s","InnerFailure":{"ErrorType":"I","ErrorMessage":"","StackTrace":null,"InnerFailure":null,"IsNonRetriable":false},"IsNonRetriable":false},@}
{"EventType":"SubOrchestrationInstanceCompleted","Result":2,@,"ScheduledTime":"2024-10-23T16:58:46.12Z","FunctionName":"Child","InstanceId":"c","Input":null}
{"EventType":"TimerFired","FireAt":"2024-10-23T16:58:46.12Z",@}
{"EventType":"EventRaised","Name":"e","Input":"3","ParentTraceContext":null,@}
{"EventType":"ExecutionSuspended","Reason":"p",@}
{"EventType":"ExecutionResumed","Reason":null,@}
{"EventType":"GenericEvent","Data":"d",@}
{"EventType":"ExecutionTerminated","Input":"r",@}
{"EventType":"ContinueAsNew","OrchestrationStatus":2,"Result":"4","FailureDetails":null,@}
{"EventType":"ExecutionCompleted","OrchestrationStatus":"Completed","Result":[5],"FailureDetails":null,@}`, "@", time)
	compare := func(view bindings.HistoryView, want string) {
		t.Helper()
		var lines []string
		for _, r := range view.Show(events) {
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(line))
		}
		if diff := cmp.Diff(strings.Split(want, "\n"), lines); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", view, diff)
		}
	}
	compare(bindings.HistoryView{Outputs: true, Inputs: true}, want)
	for _, hidden := range []string{`"Result":"not JSON",`, `"Result":2,`, `"Result":[5],`} {
		want = strings.ReplaceAll(want, hidden, "")
	}
	compare(bindings.HistoryView{Inputs: true}, want)
	for _, hidden := range []string{`"Input":"{\"a\":1}",`, `"Input":"[1]",`, `"Input":"1",`, `"Input":"3",`, `"Input":"r",`, `"Input":null,`, `,"Input":null`} {
		want = strings.ReplaceAll(want, hidden, "")
	}
	compare(bindings.HistoryView{}, want)
}
