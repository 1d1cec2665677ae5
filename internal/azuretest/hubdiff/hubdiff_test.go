package hubdiff_test

import (
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/hubdiff"
)

// hub is a small hub in which ids and times are those of one run.
func hub(t *testing.T, id, child, at, nonce string) *azuretest.State {
	t.Helper()
	text := strings.NewReplacer("{id}", id, "{child}", child, "{at}", at, "{nonce}", nonce).Replace(`{
		"takenAt": "{at}",
		"tables": {
			"hubInstances": [
				{"PartitionKey":"a","RowKey":"","ExecutionId":"{id}","RuntimeStatus":"Completed","LastUpdatedTime":{"DateTime":"{at}"},"Output":"{\"x\":1,\"y\":[2.50]}"},
				{"PartitionKey":"{id}:0","RowKey":"","ExecutionId":"{child}","RuntimeStatus":"Completed"}
			],
			"hubHistory": [
				{"PartitionKey":"a","RowKey":"0000000000000000","EventType":"OrchestratorStarted","EventId":-1,"ExecutionId":"{id}"},
				{"PartitionKey":"a","RowKey":"0000000000000001","EventType":"SubOrchestrationInstanceCreated","EventId":0,"InstanceId":"{id}:0","ExecutionId":"{id}"},
				{"PartitionKey":"a","RowKey":"sentinel","ExecutionId":"{id}","IsCheckpointComplete":true},
				{"PartitionKey":"{id}:0","RowKey":"0000000000000000","EventType":"ExecutionStarted","EventId":-1,"ExecutionId":"{child}"}
			],
			"otherInstances": [{"PartitionKey":"b","RowKey":"","Name":"{child}"}]
		},
		"queues": {
			"hub-control-00": [{"messageId":"m","messageText":{"ActivityId":"{child}","TaskMessage":{"Event":{"EventType":11,"TimerId":3,"FireAt":"{at}"}}}}]
		},
		"blobContainers": {
			"hub-largemessages": {"blobs":[{"name":"a/history-0000000000000001-ExecutionStarted-{nonce}-Input.json.gz","bodyGunzipped":"\"large\""}]}
		}
	}`)
	state, err := azuretest.ParseState([]byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func one(t *testing.T) *azuretest.State {
	t.Helper()
	return hub(t, "11111111111111111111111111111111", "22222222222222222222222222222222", "2026-01-02T03:04:05.1Z", "AAAAAAAA")
}

func other(t *testing.T) *azuretest.State {
	t.Helper()
	return hub(t, "99999999999999999999999999999999", "88888888888888888888888888888888", "2027-02-03T04:05:06Z", "BBBBBBBB")
}

// Two runs differ in ids, times and random names, and in nothing else.
func TestTheSame(t *testing.T) {
	t.Parallel()
	report := hubdiff.Compare(one(t), other(t), hubdiff.Options{Hub: "hub"})
	if len(report.Findings) > 0 || report.String() != "no difference that is not documented\n" {
		t.Error(report)
	}
}

// Each change is found, and the report says what it is.
func TestChanges(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(s *azuretest.State)
		want   string
	}{
		"a column is missing": {
			func(s *azuretest.State) { set(s, "hubInstances", 0, "RuntimeStatus", nil) }, "- Instances a row RuntimeStatus: String Completed",
		},
		"a column is new": {
			func(s *azuretest.State) {
				set(s, "hubInstances", 0, "New", &azuretest.Property{Type: "Edm.Int32", Value: "1"})
			}, "+ Instances a row New: Int32 1",
		},
		"another type": {
			func(s *azuretest.State) {
				set(s, "hubHistory", 1, "EventId", &azuretest.Property{Type: "Edm.String", Value: "0"})
			},
			"~ History a 1:SubOrchestrationInstanceCreated EventId (type)\n    recorded Int32 0\n    ours     String 0",
		},
		"another value": {
			func(s *azuretest.State) {
				set(s, "hubInstances", 0, "Output", &azuretest.Property{Type: "Edm.String", Value: `{"x":2,"y":[2.50]}`})
			},
			"~ Instances a row Output (value)",
		},
		"the same JSON, spelt otherwise": {
			func(s *azuretest.State) {
				set(s, "hubInstances", 0, "Output", &azuretest.Property{Type: "Edm.String", Value: `{"y":[2.5], "x":1}`})
			},
			"~ Instances a row Output (spelling)",
		},
		"the same JSON, without the type in .NET": {
			func(s *azuretest.State) {
				set(s, "hubInstances", 0, "Output", &azuretest.Property{Type: "Edm.String", Value: `{"$type":"T","x":1,"y":[2.50]}`})
			},
			"~ Instances a row Output (annotation)",
		},
		"another id than elsewhere": {
			func(s *azuretest.State) {
				set(s, "hubHistory", 2, "ExecutionId", &azuretest.Property{Type: "Edm.String", Value: "88888888888888888888888888888888"})
			},
			"~ History a sentinel ExecutionId (value)",
		},
		"an event is missing": {
			func(s *azuretest.State) { s.Tables["hubHistory"] = s.Tables["hubHistory"][1:] }, "- History a :OrchestratorStarted:",
		},
		"an instance is missing": {
			func(s *azuretest.State) { s.Tables["hubInstances"] = s.Tables["hubInstances"][:1] }, "- Instances 11111111111111111111111111111111:0: row",
		},
		"an instance is new": {
			func(s *azuretest.State) {
				s.Tables["hubInstances"] = append(s.Tables["hubInstances"], azuretest.Entity{PartitionKey: "z"})
			},
			"+ Instances z: row",
		},
		"a table is missing": {func(s *azuretest.State) { delete(s.Tables, "hubHistory") }, "- table hubHistory: hubHistory"},
		"a message is missing": {
			func(s *azuretest.State) { s.Queues["hub-control-00"] = nil }, "- queue hub-control-00 11///3/:",
		},
		"another message": {
			func(s *azuretest.State) {
				m := &s.Queues["hub-control-00"][0]
				m.Text = strings.Replace(m.Text, `"FireAt"`, `"Fire"`, 1)
			},
			"+ queue hub-control-00 11///3/ TaskMessage.Event.Fire: 2027",
		},
		"a queue is new":  {func(s *azuretest.State) { s.Queues["hub-poison"] = nil }, "+ queue hub-poison: 0 messages"},
		"a blob is gone":  {func(s *azuretest.State) { s.Containers["hub-largemessages"] = azuretest.ContainerState{} }, "- blob hub-largemessages a/history-"},
		"another content": {func(s *azuretest.State) { s.Containers["hub-largemessages"].Blobs[0].Content = []byte("x") }, "    recorded \"large\"\n    ours     x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours := other(t)
			row.change(ours)
			report := hubdiff.Compare(one(t), ours, hubdiff.Options{Hub: "hub"})
			if !strings.Contains(report.String(), row.want) || len(report.Findings) == 0 {
				t.Errorf("the report is\n%swant\n%s", report, row.want)
			}
		})
	}
}

// A rule takes the findings that it covers out of the report, and is counted.
func TestRules(t *testing.T) {
	t.Parallel()
	ours := other(t)
	set(ours, "hubInstances", 0, "New", &azuretest.Property{Type: "Edm.Int32", Value: "1"})
	rules := []hubdiff.Rule{{Name: "new things", Covers: func(f *hubdiff.Finding) bool { return f.Kind == hubdiff.Extra }}}
	report := hubdiff.Compare(one(t), ours, hubdiff.Options{Hub: "hub", Rules: rules})
	if len(report.Findings) > 0 || !strings.Contains(report.String(), "documented, 1 times: new things") {
		t.Error(report)
	}
	set(ours, "hubInstances", 0, "RuntimeStatus", nil)
	report = hubdiff.Compare(one(t), ours, hubdiff.Options{Hub: "hub", Rules: rules, Without: []string{"a"}})
	if len(report.Findings) > 0 {
		t.Error(report)
	}
}

// set changes a column, takes it away, or adds it.
func set(s *azuretest.State, table string, row int, name string, to *azuretest.Property) {
	e := &s.Tables[table][row]
	var rest []azuretest.Property
	for _, p := range e.Properties {
		if p.Name != name {
			rest = append(rest, p)
		}
	}
	if to != nil {
		to.Name = name
		rest = append(rest, *to)
	}
	e.Properties = rest
}

// A comparison of nothing finds nothing.
func TestEmpty(t *testing.T) {
	t.Parallel()
	empty := &azuretest.State{TakenAt: time.Time{}}
	if report := hubdiff.Compare(empty, empty, hubdiff.Options{Hub: "hub"}); len(report.Findings) > 0 {
		t.Error(report)
	}
}
