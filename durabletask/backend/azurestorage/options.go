package azurestorage

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// Options say which task hub is meant and how this process works on it. Zero values are the defaults.
type Options struct {
	// Account is where the hub is. It must have been opened with the same Environment. Stop doesn't close it.
	Account *account.Account
	// Tracking is where the tables and blobs of the hub are, if not in Account; its tables are then called by TrackingPrefix
	// ("DurableTask" by default). (DTFx: TrackingServiceClientProvider.)
	Tracking       *account.Account
	TrackingPrefix string
	// Hub is the name of the task hub: ASCII letters and digits, a letter first, 3 to 50 of them.
	Hub string
	// Partitions is how many control queues the hub has, 1 to lease.MaxPartitions; default lease.DefaultPartitions. It can't be changed once the hub is there.
	Partitions int
	// Manager is how the workers of the hub agree on who owns which control queue; all of them must use the same.
	Manager lease.Manager
	// Leases are the times of the partition managers; the fields that say whose leases are meant are filled in.
	Leases lease.Options
	// AppLease are the times of the app lease; the other fields are filled in.
	AppLease lease.AppOptions
	// WithoutAppLease lets several applications work on the hub at once. They must then have the same functions.
	WithoutAppLease bool
	// AppName is whose the app lease is: workers of the same name share it.
	AppName string
	// Worker is the id of this worker, unique among all workers of the hub; default: made of the machine, the process and WorkerNumber.
	Worker string
	// WorkerNumber tells the workers of one process apart.
	WorkerNumber int
	// Environment is where time, chance and the order of requests come from.
	Environment backend.Environment

	// BatchSize is how many messages one receive takes at most, 1 to account.MaxReceive; default the latter.
	BatchSize int
	// BufferThreshold is how many messages of control queues may be in memory before receiving pauses; default DefaultBufferThreshold.
	BufferThreshold int
	// LookAhead is how many activities may be in memory beyond the free slots; default BufferThreshold.
	LookAhead int
	// ControlVisibility and WorkItemVisibility are for how long received messages are hidden from others unless they are renewed; default DefaultVisibility.
	ControlVisibility, WorkItemVisibility time.Duration
	// MaxPolling is the longest time between two looks at an empty queue; default DefaultMaxPolling.
	MaxPolling time.Duration
	// Base64 writes queue messages in Base64, which readers of DTFx before 1.17.4 need. Both forms are always read.
	Base64 bool
	// SessionLimit is how many bytes of parked orchestrations are kept; 0 means backend.DefaultSessionLimit.
	SessionLimit int64
	// Logger takes what no caller can be told; nil means slog.Default.
	Logger *slog.Logger
}

// Defaults of the options.
const (
	// DefaultVisibility is short, because it is what a crash costs; what is in memory is renewed at a third of it. (DTFx: 5 minutes.)
	DefaultVisibility = 45 * time.Second
	// DefaultBufferThreshold and DefaultMaxPolling are those of the Functions extension.
	DefaultBufferThreshold = 256
	DefaultMaxPolling      = 30 * time.Second

	defaultTrackingPrefix = "DurableTask"
)

// complete fills in the defaults, and says what is out of range.
func (o *Options) complete() error {
	if o.Account == nil {
		return errors.New("no Account: open one with account.Open")
	}
	if err := checkHubName(o.Hub); err != nil {
		return err
	}
	setDefault(&o.Partitions, lease.DefaultPartitions)
	setDefault(&o.BatchSize, account.MaxReceive)
	setDefault(&o.BufferThreshold, DefaultBufferThreshold)
	setDefault(&o.LookAhead, o.BufferThreshold)
	setDefault(&o.ControlVisibility, DefaultVisibility)
	setDefault(&o.WorkItemVisibility, DefaultVisibility)
	setDefault(&o.MaxPolling, DefaultMaxPolling)
	setDefault(&o.TrackingPrefix, defaultTrackingPrefix)
	o.MaxPolling = max(o.MaxPolling, shortestPolling)
	switch {
	case o.Partitions < 1 || o.Partitions > lease.MaxPartitions:
		return fmt.Errorf("partition count %d: only 1 to %d are possible", o.Partitions, lease.MaxPartitions)
	case o.BatchSize < 1 || o.BatchSize > account.MaxReceive:
		return fmt.Errorf("batch size %d: only 1 to %d are possible", o.BatchSize, account.MaxReceive)
	case o.ControlVisibility < time.Second || o.WorkItemVisibility < time.Second:
		return errors.New("a visibility timeout below a second")
	case o.BufferThreshold < 1 || o.LookAhead < 0:
		return errors.New("a buffer threshold below 1")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Worker == "" {
		o.Worker = lease.ThisMachine().WorkerID(o.WorkerNumber, fmt.Sprintf("%016x", o.Environment.Rand("worker id").Uint64()))
	}
	return nil
}

// enoughRoom is for how many more messages there must be room in memory before a control queue is asked: a receive costs the same for one and for many.
func (o *Options) enoughRoom() int { return min(o.BatchSize, max(1, o.BufferThreshold/4)) }

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// maxHubName is the longest name that the Functions extension allows.
const maxHubName = 50

var hubName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{2,}$`)

// checkHubName says whether tables, queues and containers can be called by the name (ext: NameValidator.cs).
func checkHubName(name string) error {
	if len(name) > maxHubName || !hubName.MatchString(name) {
		return fmt.Errorf("task hub name %q: use 3 to %d letters and digits of ASCII, a letter first", name, maxHubName)
	}
	return nil
}

// names are what the parts of a hub are called.
type names struct {
	history, instances                  string // tables
	workItems, poison                   string // queues
	leases, appLease, appInfo, messages string // containers, and a blob
}

func namesOf(o *Options) names {
	low := strings.ToLower(o.Hub)
	prefix := o.Hub
	if o.Tracking != nil {
		prefix = o.TrackingPrefix
	}
	return names{
		history: prefix + "History", instances: prefix + "Instances", workItems: low + "-workitems", poison: low + "-poison",
		leases: low + "-leases", appLease: low + "-applease", appInfo: low + "-appleaseinfo", messages: low + "-largemessages",
	}
}
