package lease

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// Defaults of the reference (DTFx: AzureStorageOrchestrationServiceSettings, AppLeaseOptions).
const (
	DefaultPartitions         = 4
	DefaultAcquireInterval    = 10 * time.Second
	DefaultRenewInterval      = 10 * time.Second
	DefaultLeaseInterval      = 30 * time.Second
	DefaultTableTimeout       = 2 * time.Second
	DefaultAppRenewInterval   = 25 * time.Second
	DefaultAppAcquireInterval = 300 * time.Second
	DefaultAppLeaseInterval   = 60 * time.Second
)

// MaxPartitions is how many partitions a hub can have.
const MaxPartitions = 16

// Manager is one of the ways in which workers agree on who owns what.
type Manager int

const (
	// Table is a row for each partition (DTFx: TablePartitionManager). It is the default.
	Table Manager = iota
	// Safe is two blobs for each partition: who wants it and who has it (DTFx: SafePartitionManager).
	Safe
	// Legacy is a blob for each partition (DTFx: LegacyPartitionManager). A thief and its victim may both receive for some seconds.
	Legacy
)

// Options say whose leases are meant and how long they last. Zero values are the defaults.
type Options struct {
	Account *account.Account
	// Environment is where time, jitter and lease ids come from; the one that the account was opened with.
	Environment backend.Environment
	// Hub is the name of the task hub, in the case it was configured with.
	Hub string
	// Worker is the id of this worker, unique among all workers of the hub: [Machine.WorkerID].
	Worker string
	// Partitions is how many partitions the hub should have, 1 to [MaxPartitions].
	Partitions int
	// AcquireInterval is the time between two looks at who owns what; the table manager renews at it too.
	AcquireInterval time.Duration
	// RenewInterval is the time between two renewals of blob leases.
	RenewInterval time.Duration
	// LeaseInterval is how long an ownership lasts without renewal; for blobs account.MinLease to account.MaxLease.
	LeaseInterval time.Duration
	// TableTimeout is how long one request of the table manager may take.
	TableTimeout time.Duration
	// Machine judges whether the owner of a partition is a process of this machine that is gone. The zero value judges nobody.
	Machine Machine
	// Logger hears what changes hands and what fails; nil for silence.
	Logger *slog.Logger
}

// New makes the owners of a hub's partitions. The error says which option is out of range.
func New(m Manager, o Options) (Owners, error) {
	o.fill()
	switch {
	case o.Account == nil || o.Hub == "" || o.Worker == "":
		return nil, fmt.Errorf("partition manager of hub %q: account, hub and worker id are required", o.Hub)
	case o.Partitions < 1 || o.Partitions > MaxPartitions:
		return nil, fmt.Errorf("partition manager of hub %q: partitionCount %d: 1 to %d are possible", o.Hub, o.Partitions, MaxPartitions)
	case o.LeaseInterval < 0 || o.AcquireInterval < 0 || o.RenewInterval < 0 || o.TableTimeout < 0:
		return nil, fmt.Errorf("partition manager of hub %q: an interval is negative", o.Hub)
	case m == Table && o.AcquireInterval >= o.certain() || m != Table && o.RenewInterval >= o.certain():
		return nil, fmt.Errorf("partition manager of hub %q: renewed every %s, a lease of %s would be lost",
			o.Hub, max(o.AcquireInterval, o.RenewInterval), o.LeaseInterval)
	}
	switch m {
	case Table:
		return newTable(o), nil
	case Safe:
		return newSafe(o)
	case Legacy:
		return newLegacy(o)
	default:
		return nil, fmt.Errorf("partition manager of hub %q: no such manager: %d", o.Hub, m)
	}
}

func (o *Options) fill() {
	fill := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	fill(&o.AcquireInterval, DefaultAcquireInterval)
	fill(&o.RenewInterval, DefaultRenewInterval)
	fill(&o.LeaseInterval, DefaultLeaseInterval)
	fill(&o.TableTimeout, DefaultTableTimeout)
	if o.Partitions == 0 {
		o.Partitions = DefaultPartitions
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// certain is for how long after the request to renew it an ownership is certain. The rest is for what we don't know of the service's clock.
func (o *Options) certain() time.Duration {
	return o.LeaseInterval - min(maxMargin, o.LeaseInterval/10)
}

const maxMargin = 2 * time.Second

// ControlQueue returns the name of a partition, which is that of its control queue.
func ControlQueue(hub string, n int) string {
	return fmt.Sprintf("%s-control-%02d", strings.ToLower(hub), n)
}

func (o *Options) controlQueues() []string {
	names := make([]string, o.Partitions)
	for i := range names {
		names[i] = ControlQueue(o.Hub, i)
	}
	return names
}
