package lease

import (
	"context"
	"fmt"
	"time"
)

// Owners says which control queues this worker owns, and sees to it that all are owned by somebody and that workers have their share.
//
// It can be started again after it was stopped. All methods may be called from many goroutines, except that Start and Stop take turns.
type Owners interface {
	// EnsureCreated makes what the manager needs and an entry for each partition; what is there stays. A *[PartitionCountError]
	// says that the hub has another number of partitions; then nothing is made.
	EnsureCreated(ctx context.Context) error
	// Delete removes what EnsureCreated makes. Nothing may be started.
	Delete(ctx context.Context) error
	// Start begins to acquire partitions and returns at once. The context's values are kept; its end is not.
	Start(ctx context.Context, r Receiver)
	// Stop drains all partitions, gives them away, and waits until nothing runs any more. When ctx ends first, the rest is Lost and its
	// leases expire by themselves; the error says how many. A context that has ended already makes no request.
	Stop(ctx context.Context, why Reason) error
	// Owns reports whether the partition is ours, and until when that is certain by the service's clock unless it is renewed meanwhile. It
	// makes no request and is cheap. It also holds while a Drain runs.
	Owns(partition string) (until time.Time, ok bool)
	// Ownership reads who owns what, in the order of the partitions' names. account.NotFound if the hub does not exist.
	Ownership(ctx context.Context) ([]Ownership, error)
	// Partitions reads how many partitions the hub has; 0 if it has none yet or does not exist.
	Partitions(ctx context.Context) (int, error)
}

// Receiver hears which partitions it may receive from. Calls about one partition come one at a time, in order, and without locks.
type Receiver interface {
	// Acquired says that the partition is ours. Its queue may not exist: a partition of a larger hub, or a hub half made.
	Acquired(partition string)
	// Drain asks to stop receiving, to give back what nobody works on, and to let running work end. When it returns, the partition is given away. An error means
	// that work is still out; then Lost follows. It must return soon after ctx has ended: then the time is over, or the ownership gone.
	Drain(ctx context.Context, partition string, why Reason) error
	// Lost says that the partition is no longer ours: nothing may be received or committed any more.
	Lost(partition string)
}

// Reason says why a partition is drained.
type Reason int

const (
	// Wanted means that another worker takes its share.
	Wanted Reason = iota + 1
	// Stopping means that this worker stops.
	Stopping
	// AppLeaseLost means that another application has the hub.
	AppLeaseLost
)

// String says the reason in words.
func (r Reason) String() string {
	switch r {
	case Wanted:
		return "another worker takes its share"
	case Stopping:
		return "this worker stops"
	case AppLeaseLost:
		return "another application has the hub"
	default:
		return fmt.Sprintf("reason %d", int(r))
	}
}

// Ownership is who owns a partition.
type Ownership struct {
	Partition string
	// Owner is the worker id; empty if nobody owns it. Next is the worker that waits for it.
	Owner, Next string
	// Expires is when others may take it, by the service's clock; zero if it is not known.
	Expires time.Time
	// Draining reports whether the owner is about to give it away.
	Draining bool
}

// PartitionCountError says that a hub was made with another number of partitions, which is for ever: instance ids are spread by it.
type PartitionCountError struct {
	Hub        string
	Have, Want int
}

// Error says what to do.
func (e *PartitionCountError) Error() string {
	return fmt.Sprintf("task hub %q has %d partitions, not %d: set storageProvider.partitionCount to %[2]d, or use another hub", e.Hub, e.Have, e.Want)
}
