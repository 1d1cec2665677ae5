package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// Options are the settings of a dispatcher. Zero values mean the defaults.
type Options struct {
	Environment backend.Environment
	Logger      *slog.Logger // default: slog.Default()
	// Orchestrations, Activities and Entities are how many of each run at once; default: 10 for each processor.
	Orchestrations, Activities, Entities int
	// Watchdog is how long an orchestrator may run without coming back to a durable call; default: DefaultWatchdog.
	Watchdog time.Duration
	// StoreInputs keeps the inputs of activities and children in the history, too.
	StoreInputs bool
	// MaxCalls limits the durable calls of one execution; default: 100,000.
	MaxCalls int
	// SerializeExceptions stores failures as .NET in-process does, as serialised exceptions, instead of as failure details.
	SerializeExceptions bool
	// EntityOptions are the limits of entities. The reorder window counts for orchestrations that call them, too.
	EntityOptions entity.Options
	// Versions says which versions of orchestrations this worker runs.
	Versions Versions
	// OnChange is told of changes of state once they are stored; nil for nobody. It is called by what works, so it must return at once.
	OnChange func(Change)
}

// How long things may take.
const (
	// DefaultWatchdog is far more than any replay needs and less than a person waits before asking what is wrong.
	DefaultWatchdog = 30 * time.Second
	// drainTime is how long running work gets to end by itself once the worker stops, cancelTime how long activities get to
	// notice that their context has ended. Together they stay below the 10 s after which service managers kill.
	drainTime  = 8 * time.Second
	cancelTime = time.Second
)

// Dispatcher runs the slots of one worker. It is started once and stopped once.
type Dispatcher struct {
	Options
	backend backend.Backend
	run     Pipelines
	// performing holds a token for each activity that runs, inline ones included.
	performing chan struct{}
	work       underWay

	slots  sync.WaitGroup
	cancel context.CancelFunc // ends what the slots still do
	// interrupt ends the contexts of activities and of entities' operations.
	interrupt context.CancelFunc
	wedged    wedged
	orphans   orphans
}

// New makes a dispatcher of a backend's work.
func New(b backend.Backend, run Pipelines, o Options) *Dispatcher {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	const perProcessor = 10
	if o.Orchestrations == 0 {
		o.Orchestrations = perProcessor * runtime.GOMAXPROCS(0)
	}
	if o.Activities == 0 {
		o.Activities = perProcessor * runtime.GOMAXPROCS(0)
	}
	if o.Entities == 0 {
		o.Entities = perProcessor * runtime.GOMAXPROCS(0)
	}
	if o.Watchdog == 0 {
		o.Watchdog = DefaultWatchdog
	}
	run.Orchestration = o.Versions.gate(run.Orchestration)
	return &Dispatcher{Options: o, backend: b, run: run, performing: make(chan struct{}, o.Activities)}
}

// Start starts the backend and the slots. It returns the backend's error if that can't start.
func (d *Dispatcher) Start(ctx context.Context) error {
	if err := d.backend.Start(ctx); err != nil {
		return fmt.Errorf("start the backend: %w", err)
	}
	ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	activities, interrupt := context.WithCancel(ctx)
	d.interrupt = interrupt
	for i := range d.Orchestrations {
		d.slot(ctx, fmt.Sprintf("orchestration-%d", i), d.nextOrchestration)
	}
	for i := range d.Activities {
		d.slot(ctx, fmt.Sprintf("activity-%d", i), func(ctx context.Context) error { return d.nextActivity(ctx, activities) })
	}
	for i := range d.Entities {
		d.slot(ctx, fmt.Sprintf("entity-%d", i), func(ctx context.Context) error { return d.nextEntity(ctx, activities) })
	}
	return nil
}

// Stop ends the worker: no more work is taken, running work gets 8 s to end, activities one more second after their contexts
// have ended, and what is left then is given up and done again elsewhere. It returns within 10 s, or earlier with ctx.
func (d *Dispatcher) Stop(ctx context.Context) error {
	errs := []error{d.backend.Drain(ctx)}
	ended := make(chan struct{})
	go func() {
		d.slots.Wait()
		close(ended)
	}()
	if !await(ctx, ended, drainTime) {
		d.interrupt()
		if !await(ctx, ended, cancelTime) {
			d.Logger.Warn("work is still running at the end of the drain time; it is given up and will be done again")
		}
	}
	d.interrupt()
	d.cancel()
	d.orphans.stop()
	return errors.Join(append(errs, d.backend.Stop(context.WithoutCancel(ctx)))...)
}

// await reports whether the channel was closed before the time was up.
func await(ctx context.Context, ended <-chan struct{}, limit time.Duration) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-ended:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// slot starts a goroutine that does one thing after another until the backend drains.
func (d *Dispatcher) slot(ctx context.Context, name string, next func(context.Context) error) {
	ctx = backend.WithLoop(ctx, name)
	pause := backoff{random: d.Environment.Rand(name)}
	d.slots.Go(func() {
		for {
			err := next(ctx)
			switch {
			case errors.Is(err, backend.ErrDraining) || ctx.Err() != nil:
				return
			case err != nil:
				d.Logger.Error("could not receive work", "loop", name, "error", err)
				pause.wait(ctx)
			default:
				pause.reset()
			}
		}
	})
}

// backoff pauses longer after each failure in a row.
type backoff struct {
	random   *rand.Rand
	failures int
}

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
)

// wait pauses and reports whether ctx is still alive.
func (b *backoff) wait(ctx context.Context) bool {
	pause := min(firstPause<<min(b.failures, 16), longestPause)
	b.failures++
	pause = pause/2 + time.Duration(b.random.Int64N(int64(pause)/2+1))
	await(ctx, nil, pause)
	return ctx.Err() == nil
}

func (b *backoff) reset() { b.failures = 0 }

// redelivery is how long work that could not be done rests before it comes again.
func redelivery(attempt int) time.Duration {
	const longest = time.Minute
	return min(time.Second<<min(attempt, 16), longest)
}
