package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// blobManager is what the safe and the legacy manager have in common: leases on blobs of a container.
type blobManager struct {
	o         Options
	container *account.Container
	// claims is the folder in which workers take their share; owns the one that says who receives. Legacy has one folder for both.
	claims, owns string
	// ownEvery is the time between two looks for ownerships that can be had.
	ownEvery time.Duration

	mu  sync.Mutex
	run *blobRun
}

var errRenew = errors.New("no answer about a lease in time")

func newBlobManager(o Options, claims, owns string, ownEvery time.Duration) (*blobManager, error) {
	if o.LeaseInterval < account.MinLease || o.LeaseInterval > account.MaxLease {
		return nil, fmt.Errorf("partition manager of hub %q: lease interval %s: %s to %s are possible", o.Hub, o.LeaseInterval, account.MinLease, account.MaxLease)
	}
	return &blobManager{o: o, container: o.Account.Container(strings.ToLower(o.Hub) + "-leases"), claims: claims, owns: owns, ownEvery: ownEvery}, nil
}

// folders returns the folders to make or read.
func (m *blobManager) folders(held *holdings) (claims, owns *leaseFolder) {
	owns = newLeaseFolder(&m.o, m.container, m.owns, held)
	if m.claims == m.owns {
		return owns, owns
	}
	return newLeaseFolder(&m.o, m.container, m.claims, nil), owns
}

// EnsureCreated makes the container, taskhub.json, and the blobs that are missing.
func (m *blobManager) EnsureCreated(ctx context.Context) error {
	ctx = backend.WithLoop(ctx, "create partitions")
	_, err := m.container.Create(ctx)
	if err == nil {
		err = ensureTaskHub(ctx, m.container, &m.o)
	}
	claims, owns := m.folders(nil)
	if err == nil {
		err = claims.create(ctx)
	}
	if err == nil && owns != claims {
		err = owns.create(ctx)
	}
	if err != nil {
		return fmt.Errorf("create partitions of hub %q: %w", m.o.Hub, err)
	}
	return nil
}

// Delete removes the container.
func (m *blobManager) Delete(ctx context.Context) error {
	if _, err := m.container.Delete(ctx, ""); err != nil {
		return fmt.Errorf("delete partitions of hub %q: %w", m.o.Hub, err)
	}
	return nil
}

// Partitions reads taskhub.json.
func (m *blobManager) Partitions(ctx context.Context) (int, error) {
	h, err := readTaskHub(ctx, m.container)
	if account.NotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("count partitions of hub %q: %w", m.o.Hub, err)
	}
	return h.PartitionCount, nil
}

// Ownership reads the blobs. They don't say when leases end.
func (m *blobManager) Ownership(ctx context.Context) ([]Ownership, error) {
	claims, owns := m.folders(nil)
	partitions, err := owns.partitions(ctx)
	var have, want []seenLease
	if err == nil {
		have, err = owns.see(ctx, partitions)
	}
	if err == nil && claims != owns {
		want, err = claims.see(ctx, partitions)
	}
	if err != nil {
		return nil, fmt.Errorf("read partitions of hub %q: %w", m.o.Hub, err)
	}
	next := map[string]string{}
	for _, s := range want {
		if s.leased {
			next[s.partition] = s.owner()
		}
	}
	list := make([]Ownership, len(have))
	for i, s := range have {
		list[i].Partition = s.partition
		if s.leased {
			list[i].Owner = s.owner()
		}
		if list[i].Next = next[s.partition]; list[i].Next == list[i].Owner {
			list[i].Next = ""
		}
		list[i].Draining = list[i].Next != "" && list[i].Owner != ""
	}
	return list, nil
}

// Start begins to acquire partitions.
func (m *blobManager) Start(ctx context.Context, r Receiver) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	run := &blobRun{m: m, done: make(chan struct{}), cancel: cancel, random: m.o.Environment.Rand("partitions " + m.o.Worker)}
	run.held = newHoldings(ctx, r, m.o.Account.ServiceNow, func(partition string, err error) {
		m.o.Logger.LogAttrs(ctx, slog.LevelWarn, "partition not drained in time", slog.String("partition", partition), slog.Any("error", err))
	})
	run.claims, run.owns = m.folders(run.held)
	m.mu.Lock()
	if m.run != nil {
		m.mu.Unlock()
		panic("lease: Start of a partition manager that runs: Stop it first")
	}
	m.run = run
	m.mu.Unlock()
	go run.loop(backend.WithLoop(ctx, "partitions"))
}

// Stop drains and gives away all partitions.
func (m *blobManager) Stop(ctx context.Context, why Reason) error {
	m.mu.Lock()
	run := m.run
	m.mu.Unlock()
	if run == nil {
		return nil
	}
	lost := run.stop(ctx, why)
	m.mu.Lock()
	m.run = nil
	m.mu.Unlock()
	if lost > 0 {
		return fmt.Errorf("stop partition manager of hub %q: %d partitions not given away: %w", m.o.Hub, lost, context.Cause(ctx))
	}
	return nil
}

// Owns reports whether a partition is ours.
func (m *blobManager) Owns(partition string) (time.Time, bool) {
	m.mu.Lock()
	run := m.run
	m.mu.Unlock()
	if run == nil {
		return time.Time{}, false
	}
	return run.held.owns(partition)
}
