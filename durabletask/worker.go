package durabletask

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/internal/dispatch"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// WorkerOptions are the settings of a worker. Zero values mean the defaults.
type WorkerOptions struct {
	// Environment is where time, chance and the order of storage requests come from; default: the real world. It must be the same as the
	// backend's.
	Environment backend.Environment
	// Logger gets what the worker reports; default: slog.Default().
	Logger *slog.Logger
	// Orchestrations, Activities and Entities are how many of each run at once; default: 10 for each processor.
	Orchestrations, Activities, Entities int
	// Watchdog is how long an orchestrator may run without coming back to a durable call, before it is reported with its stack and its work given
	// back; default: 30 s.
	Watchdog time.Duration
	// StoreInputs keeps the inputs of activities and children in the history, too, for tools that show them. They are always in the messages.
	StoreInputs bool
	// MaxCalls limits the durable calls of one execution; default: 100,000.
	MaxCalls int
	// EntityOperations limits the operations of one batch of an entity, after which its state is stored; default: 5,000.
	EntityOperations int
	// KeepFailedOperations keeps what an operation of an entity has done before it failed; default: it leaves no trace.
	KeepFailedOperations bool
	// ReorderWindow is for how long requests to entities may be under way and still arrive once and in order; default: 30 minutes. It has no effect on
	// stores that see to that themselves.
	ReorderWindow time.Duration
	// SerializeExceptions stores failures as .NET in-process does, as serialised exceptions, instead of as failure details.
	SerializeExceptions bool
	// Versions says which versions of orchestrations the worker runs; default: all.
	Versions Versions
	// ReplaceRunning is the worker's client's; see ClientOptions.
	ReplaceRunning bool
	// Retention is for how long instances are kept that have ended, before they are purged with all that is kept of them; default: for ever. One
	// worker of a hub purges at a time, a batch now and then. What has not ended is never purged, nor are entities.
	Retention time.Duration
	// OnChange is told when instances start and end, and when activities have run, once storage knows of it; nil for nobody. A crash between the
	// two swallows the news; a change is never told that has not happened. It is called by what works, so it must return at once.
	OnChange func(Change)
}

// Change is a change of state of which storage knows already.
type Change = dispatch.Change

// ChangeKind says what has happened to an instance or an activity.
type ChangeKind = dispatch.ChangeKind

// The kinds of changes.
const (
	OrchestrationStarted        = dispatch.Started
	OrchestrationContinuedAsNew = dispatch.ContinuedAsNew
	OrchestrationSuspended      = dispatch.Suspended
	OrchestrationResumed        = dispatch.Resumed
	OrchestrationCompleted      = dispatch.Completed
	OrchestrationFailed         = dispatch.Failed
	OrchestrationTerminated     = dispatch.Terminated
	ActivityCompleted           = dispatch.ActivityCompleted
	ActivityFailed              = dispatch.ActivityFailed
	EntityCreated               = dispatch.EntityCreated
)

// Versions are the settings of a worker about versions of orchestrations.
type Versions = dispatch.Versions

// VersionMatch says which instances a worker runs.
type VersionMatch = dispatch.VersionMatch

// The strategies by which a worker chooses: any version, exactly its own, or its own and those before.
const (
	MatchAny            = dispatch.MatchAny
	MatchStrict         = dispatch.MatchStrict
	MatchCurrentOrOlder = dispatch.MatchCurrentOrOlder
)

// Worker runs an app's orchestrations, activities and entities on a backend.
type Worker struct {
	dispatcher *dispatch.Dispatcher
	client     *Client
	retention  retention
}

// NewWorker makes a worker. It does nothing before Start.
func NewWorker(app *App, b backend.Backend, o WorkerOptions) *Worker {
	entities := entity.Options{
		ReorderWindow: reorderWindow(b, o.ReorderWindow), MaxOperations: o.EntityOperations, MaxStateBytes: MaxPayload,
		KeepFailed: o.KeepFailedOperations,
	}
	if entities.MaxOperations == 0 {
		entities.MaxOperations = entityOperations
	}
	client := NewClient(b, app, ClientOptions{
		Environment: o.Environment, DefaultVersion: o.Versions.Default, ReplaceRunning: o.ReplaceRunning, ReorderWindow: o.ReorderWindow,
	})
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Worker{
		dispatcher: dispatch.New(b, dispatch.Pipelines{
			Orchestration: dispatch.Chain(app.orchestrate, app.aroundOrchestrations...),
			Activity:      dispatch.Chain(app.perform, app.aroundActivities...),
			Entity:        dispatch.Chain(app.operate, app.aroundEntities...),
		}, dispatch.Options{
			Environment: o.Environment, Logger: o.Logger, Orchestrations: o.Orchestrations, Activities: o.Activities, Entities: o.Entities,
			Watchdog: o.Watchdog, StoreInputs: o.StoreInputs, MaxCalls: o.MaxCalls, EntityOptions: entities,
			SerializeExceptions: o.SerializeExceptions, Versions: o.Versions, OnChange: o.OnChange,
		}),
		client:    client,
		retention: retention{keep: o.Retention, leads: b.Leads, client: client, log: o.Logger},
	}
}

// Defaults of the settings about entities (ext: DurableTaskOptions).
const (
	entityOperations     = 5000
	defaultReorderWindow = 30 * time.Minute
)

// reorderWindow is for how long entities have to remember what came from whom.
func reorderWindow(b backend.Client, window time.Duration) time.Duration {
	switch {
	case b.OrderedDelivery():
		return 0
	case window == 0:
		return defaultReorderWindow
	default:
		return window
	}
}

// Start begins to take work. It returns the backend's error if that can't start.
func (w *Worker) Start(ctx context.Context) error {
	if err := w.dispatcher.Start(ctx); err != nil {
		return err
	}
	w.retention.start(ctx)
	return nil
}

// Stop ends the worker within 10 s, or earlier with ctx: it takes no more work, lets running work end for 8 s, then ends the contexts of activities
// and waits one more second. What is left is done again after the next start. The backend is closed.
func (w *Worker) Stop(ctx context.Context) error {
	w.retention.stop()
	return w.dispatcher.Stop(ctx)
}

// Client returns a client of the worker's task hub.
func (w *Worker) Client() *Client { return w.client }

// orchestrate is the innermost handler of orchestrations.
func (a *App) orchestrate(_ context.Context, w *OrchestrationWork) error {
	f, ok := a.Orchestrator(w.Name)
	if !ok {
		return fmt.Errorf("orchestrator %q: %w in this app; deploy a version that has it, or terminate the instance", w.Name, ErrNotRegistered)
	}
	w.Decisions = Execute(f, w.Episode)
	return nil
}

// perform is the innermost handler of activities.
func (a *App) perform(ctx context.Context, w *ActivityWork) error {
	f, ok := a.Activity(w.Name)
	if !ok {
		return fmt.Errorf("activity %q: %w in this app; deploy a version that has it", w.Name, ErrNotRegistered)
	}
	Perform(ctx, f, w)
	return nil
}

// operate is the innermost handler of entities.
func (a *App) operate(ctx context.Context, w *EntityWork) error {
	f, ok := a.Entity(w.ID.Name)
	if !ok {
		return fmt.Errorf("entity %q: %w in this app; deploy a version that has it", w.ID.Name, ErrNotRegistered)
	}
	Operate(ctx, f, w)
	return nil
}
