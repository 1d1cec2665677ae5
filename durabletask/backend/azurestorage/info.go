package azurestorage

import (
	"context"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// Info says what waits in the queues, and who owns them. It takes a request for each queue and one or some for the owners; instances it doesn't count, which
// would mean to read the whole table.
func (b *Backend) Info(ctx context.Context) (backend.HubInfo, error) {
	info, err := b.info(ctx)
	if err != nil {
		return backend.HubInfo{}, fmt.Errorf("look at task hub %q: %w", b.o.Hub, err)
	}
	return info, nil
}

func (b *Backend) info(ctx context.Context) (info backend.HubInfo, err error) {
	if err := b.alive(ctx); err != nil {
		return info, err
	}
	info = backend.HubInfo{
		Store:  backend.StoreAzureStorage,
		Place:  fmt.Sprintf("task hub %s in the storage account %s", b.o.Hub, b.o.Account.Connection().AccountName()),
		Format: "DurableTask.AzureStorage 2.x",
	}
	owned, err := b.member.Owners().Ownership(ctx)
	if err != nil {
		return info, err
	}
	for _, o := range owned {
		info.Partitions = append(info.Partitions, backend.PartitionInfo{Name: o.Partition, Owner: o.Owner, Next: o.Next, Expires: o.Expires})
	}
	names := []string{b.names.workItems, b.names.poison}
	for n := range b.o.Partitions {
		names = append(names, lease.ControlQueue(b.o.Hub, n))
	}
	lengths := make([]int, len(names))
	all := make([]int, len(names))
	for n := range all {
		all[n] = n
	}
	err = parallel(all, func(n int) (err error) {
		if lengths[n], err = b.o.Account.Queue(names[n]).Length(ctx); account.NotFound(err) {
			return nil
		}
		return err
	})
	for n, name := range names {
		if name == b.names.poison {
			info.Poison = lengths[n]
			continue
		}
		info.Queues = append(info.Queues, backend.QueueInfo{Name: name, Length: lengths[n]})
	}
	return info, err
}
