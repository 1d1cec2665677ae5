package azurestorage

import (
	"context"
	"errors"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

var errStopped = errors.New("the backend has been stopped: open it anew")

// alive refuses calls after Stop.
func (b *Backend) alive(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stage == stopped {
		return errStopped
	}
	return ctx.Err()
}

// Get returns the state of an instance.
func (b *Backend) Get(ctx context.Context, instanceID string) (*backend.InstanceState, error) {
	s, err := b.get(ctx, instanceID)
	if err != nil {
		return nil, fmt.Errorf("read instance %q: %w", instanceID, err)
	}
	return s, nil
}

func (b *Backend) get(ctx context.Context, instanceID string) (*backend.InstanceState, error) {
	if err := b.alive(ctx); err != nil {
		return nil, err
	}
	if instanceID == "" {
		return nil, backend.ErrInstanceNotFound
	}
	row, err := b.readRow(ctx, instanceID)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, backend.ErrInstanceNotFound
	}
	return b.stateOf(ctx, row, false)
}

// History returns the committed history of the instance's present execution.
func (b *Backend) History(ctx context.Context, instanceID string) ([]history.Event, error) {
	events, err := b.committed(ctx, instanceID)
	if err != nil {
		return nil, fmt.Errorf("read history of instance %q: %w", instanceID, err)
	}
	return events, nil
}

func (b *Backend) committed(ctx context.Context, instanceID string) ([]history.Event, error) {
	if err := b.alive(ctx); err != nil {
		return nil, err
	}
	row, err := b.readRow(ctx, instanceID)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, backend.ErrInstanceNotFound
	}
	events, sentinel, _, err := b.readHistory(ctx, instanceID, "")
	// A row that waits for its first episode has no history: what is there is an older execution's.
	if err != nil || !isOf(row, sentinel.ExecutionID) && row.Status != nil && *row.Status == history.Pending {
		return nil, err
	}
	return events, nil
}
