package backendtest

import (
	"errors"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func rewinds() []testCase {
	return []testCase{
		{name: "a rewind takes the failures back and wakes the instance", run: rewindWakes},
		{name: "a rewind goes through failed children and wakes them alone", run: rewindChildren},
		{name: "only what has failed can be rewound", run: rewindRefused},
		{name: "a rewind outlives a crash", run: rewindOutlivesCrash, crash: true},
	}
}

// fail runs an instance to its end: one activity that failed, or a child that did.
func (h *hub) fail(id, child string) {
	h.Helper()
	w := h.nextOf(id)
	events := []history.Event{w.Messages[0].Event}
	if child == "" {
		events = append(events, &history.TaskScheduled{Header: history.Header{ID: 0}, Name: "Bad"}, &history.TaskFailed{Header: h.header(), TaskID: 0})
	} else {
		events = append(events, &history.SubOrchestrationInstanceCreated{Header: history.Header{ID: 0}, InstanceID: child},
			&history.SubOrchestrationInstanceFailed{Header: h.header(), TaskID: 0})
	}
	events = append(events, &history.ExecutionCompleted{Header: history.Header{ID: 1}, Status: history.Failed})
	c := backend.Checkpoint{Events: events}
	h.status(w, history.Failed)(&c)
	c.State.Failure = &history.FailureDetails{ErrorType: "E", ErrorMessage: "oh no"}
	h.must(h.Checkpoint(h.ctx(), w, c))
}

// rewound takes the work of an instance that a rewind has woken, and looks at its history.
func (h *hub) rewound(id string, reason *string, want ...history.Type) *backend.InstanceWork {
	h.Helper()
	w := h.nextOf(id)
	wake, ok := w.Messages[0].Event.(*history.GenericEvent)
	if !ok || len(w.Messages) != 1 {
		h.Fatalf("messages %+v, want a GenericEvent", w.Messages)
	}
	h.same("reasons", wake.Data, reason)
	events, err := h.LoadHistory(h.ctx(), w)
	h.must(err)
	var got []history.Type
	for _, e := range events {
		got = append(got, e.Type())
	}
	h.same("histories", got, want)
	return w
}

func rewindWakes(h *hub) {
	h.create("one")
	h.fail("one", "")
	h.must(h.Rewind(h.ctx(), "one", new("again")))
	s, err := h.Get(h.ctx(), "one")
	h.must(err)
	if s.Status != history.Pending || s.Failure != nil || s.Output != nil {
		h.Errorf("after the rewind: %+v", s)
	}
	w := h.rewound("one", new("again"), history.TypeExecutionStarted, history.TypeGenericEvent, history.TypeGenericEvent, history.TypeGenericEvent)
	h.raise("one", "it takes messages again")
	h.commit(w, h.status(w, history.Completed))
	h.nothing()
}

func rewindChildren(h *hub) {
	h.create("child")
	h.fail("child", "")
	h.create("parent")
	h.fail("parent", "child")
	h.must(h.Rewind(h.ctx(), "parent", nil))
	w := h.rewound("child", nil, history.TypeExecutionStarted, history.TypeGenericEvent, history.TypeGenericEvent, history.TypeGenericEvent)
	h.commit(w, h.status(w, history.Completed))
	h.nothing()
	s, err := h.Get(h.ctx(), "parent")
	h.must(err)
	if s.Status != history.Pending {
		h.Errorf("the parent is %v", s.Status)
	}
}

func rewindRefused(h *hub) {
	h.mustBe(h.Rewind(h.ctx(), "nope", nil), backend.ErrInstanceNotFound)
	h.create("one")
	var not *backend.NotFailedError
	if err := h.Rewind(h.ctx(), "one", nil); !errors.As(err, &not) || not.Status != history.Pending {
		h.Errorf("rewinding a pending one: %v", err)
	}
}

func rewindOutlivesCrash(h *hub) {
	h.create("one")
	h.fail("one", "")
	h.must(h.Rewind(h.ctx(), "one", new("r")))
	h.crash()
	h.rewound("one", new("r"), history.TypeExecutionStarted, history.TypeGenericEvent, history.TypeGenericEvent, history.TypeGenericEvent)
}
