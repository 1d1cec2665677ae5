package azurestorage

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// repair makes the row of an instance show what its history tells, where a crash between the two has left it behind. It is called whenever a history is
// read, so also for instances that go on. (DTFx: UpdateInstanceStatusForCompletedOrchestrationAsync looks only at those that have ended.)
func (b *Backend) repair(ctx context.Context, id string, r *record, row *wire.InstanceRow) (rowState, error) {
	known := rowState{row: row, known: true}
	start := startOf(r.past)
	if start == nil {
		return known, nil
	}
	status, reason := statusOf(r)
	if !behindHistory(row, r, start, status) {
		return known, nil
	}
	s := &backend.InstanceState{}
	if row != nil {
		var err error
		if s, err = b.stateOf(ctx, row, false); err != nil {
			return known, err
		}
	}
	if row == nil || !isOf(row, r.execution) {
		s.Input = start.Input
	}
	s.Instance = history.Instance{ID: id, ExecutionID: r.execution}
	s.Name, s.Version, s.Tags, s.Status, s.Created, s.Updated = start.Name, start.Version, start.Tags, status, start.Time, r.last
	if start.Parent != nil {
		s.Parent = start.Parent
	}
	switch {
	case r.end != nil:
		s.Output, s.Failure, s.Completed = r.end.Result, r.end.Failure, r.end.Time
	case reason != nil:
		s.Output = reason
	}
	if history.IsEntity(id) {
		s.CustomStatus = entityStatus(start.Input)
	}
	known, err := b.writeRow(ctx, s, known, "repair "+r.sentinel.ETag, func(there *wire.InstanceRow) bool {
		return isOf(there, r.execution) || row != nil && row.ExecutionID != nil && isOf(there, *row.ExecutionID)
	})
	if err == nil && status.Terminal() {
		b.mu.Lock()
		b.wakeWaiters(id, nil)
		b.mu.Unlock()
	}
	return known, err
}

func startOf(past []history.Event) *history.ExecutionStarted {
	for _, e := range past {
		if start, ok := e.(*history.ExecutionStarted); ok {
			return start
		}
	}
	return nil
}

// statusOf returns the state in which the history leaves the instance, and the reason that goes with it.
func statusOf(r *record) (status history.Status, reason *string) {
	if r.end != nil {
		return r.end.Status, nil
	}
	status = history.Running
	for _, e := range r.past {
		switch e := e.(type) {
		case *history.ExecutionSuspended:
			status, reason = history.Suspended, e.Reason
		case *history.ExecutionResumed:
			status, reason = history.Running, e.Reason
		}
	}
	return status, reason
}

// behindHistory reports whether the row shows less than the history tells.
func behindHistory(row *wire.InstanceRow, r *record, start *history.ExecutionStarted, status history.Status) bool {
	if row == nil || row.Status == nil {
		return true
	}
	if !isOf(row, r.execution) { // a new start's, or that of a generation before
		return row.CreatedTime.Before(start.Time)
	}
	if status.Terminal() || *row.Status != history.Pending {
		return *row.Status != status && (status.Terminal() || !row.Status.Terminal())
	}
	return !rewoundHistory(r.past) // one that was rewound is Pending until it goes on
}

func rewoundHistory(past []history.Event) bool {
	for _, e := range past {
		if g, ok := e.(*history.GenericEvent); ok && strings.HasPrefix(g.Reason, "Rewound: ") {
			return true
		}
	}
	return false
}

// entityStatus is what an entity with this record shows of itself.
func entityStatus(input *string) *string {
	var state history.EntityState
	if input == nil || json.Unmarshal([]byte(*input), &state) != nil {
		return nil
	}
	text, err := json.Marshal(history.EntityStatus{Exists: state.State != nil, QueueSize: len(state.Queue), LockedBy: state.LockedBy})
	if err != nil {
		return nil
	}
	return new(string(text))
}
