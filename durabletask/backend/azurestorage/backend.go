package azurestorage

import (
	"container/list"
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// Backend is a task hub in a storage account. See the package's description for what is where.
type Backend struct {
	o        Options
	env      *backend.Environment
	log      *slog.Logger
	names    names
	history  *account.Table
	rows     *account.Table
	blobs    *account.Container
	member   *lease.Membership
	sessions *backend.Sessions
	// seed makes the ids of this process differ from those of any other.
	seed uint64

	life    context.Context // ends with Stop
	endLife context.CancelFunc
	// working ends with Drain: nothing is looked up any more, and nothing that rests comes again.
	working    context.Context
	endWork    context.CancelFunc
	loops      tasks         // run until the life ends
	errands    tasks         // end by themselves
	stopped    chan struct{} // closed when Stop is through
	loads      chan struct{} // has a token for each load under way
	poisonTurn chan struct{} // has a token while somebody receives from the poison queue
	slotFree   chan struct{} // for the loop that receives work items: somebody waits for one

	// mu guards everything below, and the state of queues, instances and messages. Nobody waits for anything while holding it.
	mu             sync.Mutex
	stage          stage
	begun          bool               // Start was called
	itemsStop      context.CancelFunc // ends the receiving of work items; nil while there is none
	itemsStopped   chan struct{}
	container      bool // the container of large messages is known to exist
	queues         map[string]*controlQueue
	workItems      *queue
	instances      map[string]*instance
	unused         list.List // of *instance for which nothing waits, the longest unused first
	orchestrations backend.Line[*instance]
	entities       backend.Line[*instance]
	activities     backend.Line[*activity]
	held           renewals
	waiters        map[string][]waiter
	buffered       int   // messages of control queues in memory
	activityCount  int   // activities in memory that nobody has
	sequence       int64 // of messages sent
	serial         uint64
	attempts       attempts
	failures       attempts // of activities, by their own making
}

var _ backend.Backend = (*Backend)(nil)

// Open makes the backend of a hub. It makes no request: whether the hub can be reached shows with the first. The error says which option is
// out of range. Clients may call at once; work is handed out from Start on.
func Open(o Options) (*Backend, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("open task hub: %w", err)
	}
	tracking := o.Tracking
	if tracking == nil {
		tracking = o.Account
	}
	b := &Backend{
		o:          o,
		log:        o.Logger,
		names:      namesOf(&o),
		sessions:   backend.NewSessions(o.SessionLimit),
		stopped:    make(chan struct{}),
		loads:      make(chan struct{}, maxLoads),
		slotFree:   make(chan struct{}, 1),
		poisonTurn: make(chan struct{}, 1),
		queues:     make(map[string]*controlQueue),
		instances:  make(map[string]*instance),
		waiters:    make(map[string][]waiter),
	}
	b.env = &b.o.Environment
	b.seed = b.env.Rand("ids").Uint64()
	b.history, b.rows, b.blobs = tracking.Table(b.names.history), tracking.Table(b.names.instances), tracking.Container(b.names.messages)
	b.life, b.endLife = context.WithCancel(context.Background())
	b.working, b.endWork = context.WithCancel(b.life)
	b.held.changed = make(chan struct{}, 1)
	b.workItems = newQueue(b, b.names.workItems, o.WorkItemVisibility)
	for n := range o.Partitions {
		b.controlQueue(lease.ControlQueue(o.Hub, n))
	}
	var err error
	if b.member, err = b.newMember(tracking); err != nil {
		b.endLife()
		return nil, fmt.Errorf("open task hub %q: %w", o.Hub, err)
	}
	return b, nil
}

// newMember makes what decides whether we may work on the hub, and which control queues are ours.
func (b *Backend) newMember(tracking *account.Account) (*lease.Membership, error) {
	o := b.o.Leases
	o.Account, o.Environment, o.Hub, o.Worker, o.Partitions, o.Logger = tracking, b.o.Environment, b.o.Hub, b.o.Worker, b.o.Partitions, b.log
	if o.Machine.Started == nil {
		o.Machine = lease.ThisMachine()
	}
	owners, err := lease.New(b.o.Manager, o)
	if err != nil {
		return nil, err
	}
	a := b.o.AppLease
	a.Account, a.Environment, a.Hub, a.AppName, a.Off, a.Logger = tracking, b.o.Environment, b.o.Hub, b.o.AppName, b.o.WithoutAppLease, b.log
	app, err := lease.NewAppLease(a)
	if err != nil {
		return nil, err
	}
	return lease.NewMembership(app, owners), nil
}

// AppLease returns the lease that only one application has on the hub, for those who want to take it over.
func (b *Backend) AppLease() *lease.AppLease { return b.member.App() }

// goes starts something that Stop waits for, under a context that ends with the backend. Its requests are the loop's. After Stop it does nothing.
func (b *Backend) goes(loop string, f func(ctx context.Context)) {
	ctx := backend.WithLoop(b.life, loop)
	b.errands.start(func() { f(ctx) })
}

// works is goes for what is pointless once the backend drains.
func (b *Backend) works(loop string, f func(ctx context.Context)) {
	ctx := backend.WithLoop(b.working, loop)
	b.errands.start(func() { f(ctx) })
}

// tasks are goroutines that somebody waits for.
type tasks struct {
	mu     sync.Mutex
	closed bool
	all    sync.WaitGroup
}

// start starts a goroutine, unless the tasks are waited for already.
func (t *tasks) start(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.all.Go(f)
	return true
}

// wait waits for the goroutines. No more can be started.
func (t *tasks) wait() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.all.Wait()
}

// enter passes the gate with a call that makes no request but whose order matters.
func (b *Backend) enter(ctx context.Context, kind, key, body string) error {
	if b.env.Gate == nil {
		return ctx.Err()
	}
	return b.env.Enter(ctx, backend.Request{Worker: b.o.Worker, Kind: kind, Key: key, Body: body})
}

// detached returns a context for requests that must be made although the caller has given up, with the caller's loop.
func detached(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }
