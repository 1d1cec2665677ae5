package backend

import "github.com/azdurable/azdurable/durabletask/history"

// Rewound returns a history without its failures, event for event: those that record one, and the decisions whose outcome one was, have become
// GenericEvents, which replay passes over, so the orchestrator decides them again. A failed child stays as it was started; children lists the
// instances that have to be rewound instead, in the order of their failures (DTFx: AzureTableTrackingStore.RewindHistoryAsync, wire §11.1).
func Rewound(events []history.Event) (rewound []history.Event, children []string) {
	tasks, subs := map[int]int{}, map[int]int{}
	rewound = make([]history.Event, len(events))
	for i, e := range events {
		rewound[i] = e
		switch e := e.(type) {
		case *history.TaskScheduled:
			tasks[e.ID] = i
		case *history.SubOrchestrationInstanceCreated:
			subs[e.ID] = i
		case *history.TaskFailed:
			rewound[i] = tombstone(e)
			if at, ok := tasks[e.TaskID]; ok {
				rewound[at] = tombstone(events[at])
			}
		case *history.SubOrchestrationInstanceFailed:
			rewound[i] = tombstone(e)
			if at, ok := subs[e.TaskID]; ok {
				children = append(children, events[at].(*history.SubOrchestrationInstanceCreated).InstanceID)
			}
		case *history.ExecutionCompleted:
			if e.Status == history.Failed {
				rewound[i] = tombstone(e)
			}
		}
	}
	return rewound, children
}

// tombstone stands where a rewind has taken an event back.
func tombstone(e history.Event) history.Event {
	return &history.GenericEvent{Header: history.Header{ID: e.Head().ID, Time: e.Head().Time}, Reason: "Rewound: " + e.Type().String()}
}
