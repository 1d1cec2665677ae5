package local

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"

	"github.com/gofrs/flock"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// Options say where a store is and what its surroundings are.
type Options struct {
	// Path is the file. It and its folder are made if they do not exist. Empty stands for a store in memory, which nobody else
	// sees and which Stop loses.
	Path string
	// VFS is the name of a file system registered with go-sqlite3; empty is the operating system's. For tests.
	VFS string
	// Environment is where time and order come from.
	Environment backend.Environment
	// Worker names this process at the gate of the environment.
	Worker string
	// SessionLimit is how many bytes of idle bodies the sessions keep; 0 means backend.DefaultSessionLimit.
	SessionLimit int64
	// Image is what a store in memory begins with, as Backend.Image returned it; nil for an empty one. For tests.
	Image []byte
	// Steady says that the clock neither jumps nor stands still, as under testing/synctest: timers are then slept through in one go.
	Steady bool
	// Logger takes what no caller can be told; nil means slog.Default.
	Logger *slog.Logger
}

// Backend is a store. See the package's description for what is where.
type Backend struct {
	name     string // of the file, for errors
	path     string // of the file, without links; empty in memory
	worker   string
	steady   bool
	env      backend.Environment
	log      *slog.Logger
	lock     *flock.Flock // nil in memory
	readers  pool
	writer   pool // of one; in memory the same as readers
	sessions *backend.Sessions

	seed maphash.Seed // of the digests of states

	// lastSeq and lastKey belong to the committer.
	lastSeq, lastKey int64

	life     context.Context // ends with Stop
	endLife  context.CancelFunc
	services sync.WaitGroup // committer and timers
	wake     chan struct{}  // for the committer; closed by Stop
	stopped  chan struct{}  // closed when Stop is through
	timerSet chan struct{}  // for the timers: the first has changed

	// mu guards everything below. Nobody waits for anything while holding it.
	mu             sync.Mutex
	stage          stage
	stopTimers     context.CancelFunc
	queue          []request
	byKey          map[int64]*instance
	byID           map[string]*instance // those of byKey that are loaded and have not ended
	orchestrations backend.Line[*instance]
	entities       backend.Line[*instance]
	activities     backend.Line[*activity]
	timers         timerHeap
	results        results
	waiters        map[string][]chan struct{}
	lastDelay      int64
}

var _ backend.Backend = (*Backend)(nil)

// Open opens the store, which no other process may have open, and makes one if there is none. The errors say what is wrong with
// the path or the file and what to do; they never leave a changed file behind.
//
// The store answers clients at once; work is handed out from Start on. Stop closes it, also if it has not been started.
func Open(ctx context.Context, o Options) (*Backend, error) {
	b := &Backend{
		name:     "the store in memory",
		worker:   o.Worker,
		steady:   o.Steady,
		env:      o.Environment,
		log:      o.Logger,
		sessions: backend.NewSessions(o.SessionLimit),
		seed:     maphash.MakeSeed(),
		stopped:  make(chan struct{}),
		wake:     make(chan struct{}, 1),
		timerSet: make(chan struct{}, 1),
		byKey:    make(map[int64]*instance),
		byID:     make(map[string]*instance),
		waiters:  make(map[string][]chan struct{}),
	}
	if b.log == nil {
		b.log = slog.Default()
	}
	open := func(ctx context.Context) error { return b.openMemory(ctx, o.Image) }
	if o.Path != "" {
		open = func(ctx context.Context) error { return b.openFile(ctx, o.Path, o.VFS) }
	}
	err := open(ctx)
	if err == nil {
		err = b.restore(ctx)
	}
	if err != nil {
		_ = b.close() // the first error is the one to know
		return nil, err
	}
	b.life, b.endLife = context.WithCancel(context.Background())
	b.services.Go(b.runCommitter)
	return b, nil
}

// enter passes the gate with a call that does not go through the committer.
func (b *Backend) enter(ctx context.Context, kind, key, body string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.env.Gate == nil {
		return nil
	}
	return b.env.Enter(ctx, backend.Request{Worker: b.worker, Kind: kind, Key: key, Body: body})
}
