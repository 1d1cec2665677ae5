package backend_test

import (
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func TestRewound(t *testing.T) {
	t.Parallel()
	id := func(n int) history.Header { return history.Header{ID: n} }
	events := []history.Event{
		&history.TaskScheduled{Header: id(0), Name: "Good"},
		&history.TaskScheduled{Header: id(1), Name: "Bad"},
		&history.SubOrchestrationInstanceCreated{Header: id(2), InstanceID: "child"},
		&history.TaskCompleted{Header: id(-1), TaskID: 0},
		&history.TaskFailed{Header: id(-1), TaskID: 1},
		&history.SubOrchestrationInstanceFailed{Header: id(-1), TaskID: 2},
		&history.ExecutionCompleted{Header: id(3), Status: history.Failed},
		&history.OrchestratorCompleted{},
	}
	rewound, children := backend.Rewound(events)
	var got []string
	for _, e := range rewound {
		name := e.Type().String()
		if g, ok := e.(*history.GenericEvent); ok {
			name = g.Reason
		}
		got = append(got, name)
	}
	want := "TaskScheduled, Rewound: TaskScheduled, SubOrchestrationInstanceCreated, TaskCompleted, Rewound: TaskFailed, " +
		"Rewound: SubOrchestrationInstanceFailed, Rewound: ExecutionCompleted, OrchestratorCompleted"
	if g := strings.Join(got, ", "); g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
	if strings.Join(children, ",") != "child" {
		t.Errorf("children %v", children)
	}
}
