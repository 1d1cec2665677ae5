package azurestorage

import (
	"context"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// kindTaken is the kind of the failure that a parent sees whose child could not be started.
const kindTaken = "InstanceExists"

// refuse answers the start of a child whose id is in use, for the parent that waits. The lock is held.
//
// Differs from DTFx, where the start replaces the execution that is running.
func (b *Backend) refuse(m *message, e *history.ExecutionStarted, status history.Status) {
	reason := (&backend.InstanceExistsError{InstanceID: m.wire.Target.InstanceID, Status: status}).Error()
	answer := history.Message{Target: e.Parent.Instance, Event: &history.SubOrchestrationInstanceFailed{
		Header: history.Header{ID: history.NoID, Time: b.env.Now(), ActivityID: m.wire.ActivityID},
		TaskID: e.Parent.TaskID, Reason: reason,
		Failure: &history.FailureDetails{ErrorType: kindTaken, ErrorMessage: reason, NonRetriable: true},
	}}
	b.goes("refuse "+m.held.id, func(ctx context.Context) {
		o := b.outbound(answer, wire.Address{InstanceID: m.wire.Target.InstanceID})
		if err := b.deliver(ctx, o); err != nil {
			b.log.Warn("could not tell a parent that its child was refused; trying again", "parent", e.Parent.Instance.ID, "error", err)
			b.putBack(ctx, m, backOff(m.held.dequeue))
			return
		}
		b.delete(ctx, m.held)
	})
}

// terminateUnstarted ends an instance whose start is still to come: nothing has begun that could be told. The start finds that, and is dropped.
// The lock is held.
//
// Differs from DTFx, which marks the row and lets the delayed start run all the same.
func (b *Backend) terminateUnstarted(i *instance, m *message, e *history.ExecutionTerminated) {
	id := i.id
	i.record = nil // the row changes
	b.goes("terminate "+m.held.id, func(ctx context.Context) {
		row, err := b.readRow(ctx, id)
		if err == nil && row != nil && row.Status != nil && *row.Status == history.Pending {
			var state *backend.InstanceState
			if state, err = b.stateOf(ctx, row, false); err == nil {
				state.Status, state.Output, state.Updated, state.Completed = history.Terminated, e.Reason, e.Time, b.env.Now()
				ours := func(r *wire.InstanceRow) bool { return r.Status != nil && *r.Status == history.Pending }
				_, err = b.writeRow(ctx, state, rowState{row: row, known: true}, m.held.id, ours)
			}
		}
		if err != nil {
			b.log.Warn("could not terminate an instance that has not begun; trying again", "instance", id, "error", err)
			b.putBack(ctx, m, backOff(m.held.dequeue))
			return
		}
		b.mu.Lock()
		b.wakeWaiters(id, nil)
		b.mu.Unlock()
		b.delete(ctx, m.held)
	})
}
