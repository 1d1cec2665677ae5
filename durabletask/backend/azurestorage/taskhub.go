package azurestorage

import (
	"context"
	"errors"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// CreateTaskHub makes what is missing of the hub, in the order of the reference. A *lease.PartitionCountError says that it was made with another
// number of partitions.
func (b *Backend) CreateTaskHub(ctx context.Context) error {
	if err := b.createTaskHub(ctx); err != nil {
		return fmt.Errorf("create task hub %q: %w", b.o.Hub, err)
	}
	return nil
}

func (b *Backend) createTaskHub(ctx context.Context) error {
	if err := b.alive(ctx); err != nil {
		return err
	}
	if err := b.member.App().EnsureCreated(ctx); err != nil {
		return err
	}
	if err := b.member.Owners().EnsureCreated(ctx); err != nil {
		return err
	}
	queues := []*account.Queue{b.workItems.Queue}
	for n := range b.o.Partitions {
		queues = append(queues, b.o.Account.Queue(lease.ControlQueue(b.o.Hub, n)))
	}
	tables := []*account.Table{b.history, b.rows}
	if err := parallel(tables, func(t *account.Table) error { _, err := t.Create(ctx); return err }); err != nil {
		return err
	}
	return parallel(queues, func(q *account.Queue) error { _, err := q.Create(ctx); return err })
}

var errStarted = errors.New("it has been started: open it anew and delete it before Start")

// DeleteTaskHub removes the hub with everything in it.
func (b *Backend) DeleteTaskHub(ctx context.Context) error {
	if err := b.deleteTaskHub(ctx); err != nil {
		return fmt.Errorf("delete task hub %q: %w", b.o.Hub, err)
	}
	return nil
}

func (b *Backend) deleteTaskHub(ctx context.Context) error {
	b.mu.Lock()
	stage := b.stage
	b.mu.Unlock()
	if stage != opened {
		return errStarted
	}
	partitions := b.o.Partitions
	queues := []*account.Queue{b.workItems.Queue, b.o.Account.Queue(b.names.poison)}
	for n := range partitions {
		queues = append(queues, b.o.Account.Queue(lease.ControlQueue(b.o.Hub, n)))
	}
	if err := parallel(queues, func(q *account.Queue) error { _, err := q.Delete(ctx); return err }); err != nil {
		return err
	}
	for _, t := range []*account.Table{b.history, b.rows} {
		if _, err := t.Delete(ctx); err != nil {
			return err
		}
	}
	if err := b.member.Owners().Delete(ctx); err != nil {
		return err
	}
	if err := b.member.App().Delete(ctx); err != nil {
		return err
	}
	_, err := b.blobs.Delete(ctx, "")
	return err
}
