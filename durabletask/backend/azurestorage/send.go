package azurestorage

import (
	"context"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Send delivers a message to an instance. An event for an entity that there is not makes it.
func (b *Backend) Send(ctx context.Context, m history.Message) error {
	if err := b.send(ctx, m); err != nil {
		return fmt.Errorf("send %v to instance %q: %w", m.Event.Type(), m.Target.ID, err)
	}
	return nil
}

func (b *Backend) send(ctx context.Context, m history.Message) error {
	if err := b.alive(ctx); err != nil {
		return err
	}
	row, err := b.readRow(ctx, m.Target.ID)
	if err != nil {
		return err
	}
	_, raises := m.Event.(*history.EventRaised)
	entity := history.IsEntity(m.Target.ID)
	switch {
	case row == nil && !(entity && raises), row != nil && !entity && m.Target.ExecutionID != "" && !isOf(row, m.Target.ExecutionID):
		return backend.ErrInstanceNotFound
	case row != nil && row.Status != nil && row.Status.Terminal():
		return backend.ErrInstanceFinished
	}
	m.Event = withID(m.Event)
	return b.deliver(ctx, b.outbound(m, wire.Client()))
}

// OrderedDelivery is false: queues deliver at least once, and in no order to speak of.
func (*Backend) OrderedDelivery() bool { return false }
