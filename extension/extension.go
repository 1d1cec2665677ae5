package extension

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
)

// Extension is an app with its settings, its triggers and, once started, its hub.
type Extension struct {
	hub, key    string
	routePrefix string
	public      string
	host        CustomHandler
	store       Store
	options     Options
	settings    *durableTask
	log         *slog.Logger
	app         *durabletask.App
	table       *bindings.Table
	timers      *timers
	metrics     *metrics  // nil if nobody asks for them
	notifier    *notifier // nil if nobody is to be notified

	mu   sync.Mutex
	open *openHub // nil until Start has succeeded
}

// openHub is a task hub with the app at work on it.
type openHub struct {
	backend    backend.Backend
	worker     *durabletask.Worker
	working    bool
	since      time.Time // when the worker was started
	stopped    bool
	client     *bindings.DurableClient
	management *management
}

// Initialize reads the settings and registers the app's functions: after it every orchestration, activity and entity goes through the app's
// middleware to the trigger of its function. It touches no storage. It returns an error that says what to change. Middleware of one's own is to be added
// to the app before.
func Initialize(app *durabletask.App, o Options) (*Extension, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	e := &Extension{key: o.Key, log: o.Logger, options: o, app: app}
	if o.Settings.Metrics {
		e.metrics = newMetrics()
	}
	c, err := readConfiguration(o.Folder, o.Environ)
	if err != nil {
		return nil, err
	}
	if e.settings, err = readDurableTask(c, o.Settings, e.log); err != nil {
		return nil, err
	}
	e.routePrefix = routePrefix(c)
	if e.options.ManagementPath == "" {
		e.options.ManagementPath = ManagementPath
		if o.hosted() {
			e.options.ManagementPath = hostManagementPath(e.routePrefix)
		}
	}
	if e.host, err = readCustomHandler(c, o.Settings, e.log); err != nil {
		return nil, err
	}
	if e.public, err = publicURL(o.Settings.PublicURL); err != nil {
		return nil, err
	}
	if o.Hub != "" {
		e.settings.hubName = o.Hub
	}
	if e.hub, err = resolveHub(e.settings.hubName, o.Settings, o.lookup, e.log); err != nil && !o.Unstarted {
		return nil, err
	}
	if e.store, err = chooseStore(&o, e.settings, o.Settings, o.lookup, e.hub); err != nil && !o.Unstarted {
		return nil, err
	}
	if e.notifier, err = newNotifier(e.settings.notifications, e.hub, o.lookup, e.log); err != nil && !o.Unstarted {
		return nil, err
	}
	e.settings.completeHTTP(app)
	e.table = register(app, o.Triggers)
	if o.hosted() {
		for _, trigger := range e.hostFunctions() {
			e.table.Register(trigger)
		}
	}
	if e.timers, err = newTimers(e); err != nil {
		return nil, err
	}
	app.UseOrchestrations(e.invokeOrchestration)
	app.UseActivities(e.invokeActivity)
	app.UseEntities(e.invokeEntity)
	return e, nil
}

// register makes the table of the app's triggers.
func register(app *durabletask.App, more []bindings.Trigger) *bindings.Table {
	table := bindings.NewTable()
	for _, f := range app.Orchestrators() {
		table.Register(bindings.Orchestration(f))
	}
	for _, f := range app.Activities() {
		table.Register(bindings.Activity(f))
	}
	for _, f := range app.Entities() {
		table.Register(bindings.Entity(f))
	}
	for _, trigger := range more {
		table.Register(trigger)
	}
	return table
}

// Start opens the store, makes the task hub if there is none, and lets every trigger listen. After an error nothing is open, and it may be called again.
func (e *Extension) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.options.Unstarted {
		return errors.New("extension: the app was set up without what a start needs (Options.Unstarted)")
	}
	if e.open != nil {
		return nil
	}
	h, err := e.openStore(ctx)
	if err != nil {
		return err
	}
	if err := e.timers.reconcile(ctx, h.client); err != nil {
		return errors.Join(err, h.stop(context.WithoutCancel(ctx)))
	}
	for _, trigger := range e.table.All() {
		if err := e.listen(ctx, h, trigger); err != nil {
			return errors.Join(err, h.stop(context.WithoutCancel(ctx)))
		}
	}
	e.open = h
	return nil
}

// openStore opens the store and makes the task hub.
func (e *Extension) openStore(ctx context.Context) (*openHub, error) {
	b, err := e.options.Open(ctx, e.store, e.log)
	if err != nil {
		return nil, err
	}
	if err := b.CreateTaskHub(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("make task hub %q: %w", e.hub, err), b.Stop(context.WithoutCancel(ctx)))
	}
	worker := e.settings.worker(e.log)
	worker.OnChange = e.observe()
	h := &openHub{backend: b, worker: durabletask.NewWorker(e.app, b, worker)}
	h.client = bindings.NewDurableClient(h.worker.Client(), bindings.Links{
		Hub: e.hub, Connection: e.settings.connectionName, Path: e.options.ManagementPath, Key: e.key, Signer: e.options.signer(), Public: e.public,
		ForwardedHost: e.settings.useForwardedHost, Host: e.options.Settings.host(), EchoCode: e.options.hosted(),
	})
	h.management = newManagement(e, h)
	return h, nil
}

// listen lets one trigger listen. The first one that the engine serves starts the worker; an app that has none only starts and asks after what others
// run. Without the host the engine serves timers, too.
func (e *Extension) listen(ctx context.Context, h *openHub, trigger bindings.Trigger) error {
	_, other := trigger.(bindings.HostTrigger)
	if _, timer := trigger.(*bindings.TimerTrigger); timer {
		other = e.options.Settings.UnderHost()
	}
	if other || h.working {
		return nil
	}
	if err := h.worker.Start(ctx); err != nil {
		return fmt.Errorf("start the worker of task hub %q: %w", e.hub, err)
	}
	h.working, h.since = true, time.Now()
	return nil
}

// stop lets running work end and closes the store.
func (h *openHub) stop(ctx context.Context) error {
	if h.working {
		return h.worker.Stop(ctx) //nolint:wrapcheck // callers say which hub
	}
	return h.backend.Stop(ctx) //nolint:wrapcheck // as above
}

// Stop lets running work end and closes the store, within 10 s or when ctx ends. Work that is left is done after the next start. It does nothing if the
// extension has not been started.
func (e *Extension) Stop(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil || e.open.stopped {
		return nil
	}
	e.open.stopped = true
	err := e.open.stop(ctx)
	if e.notifier != nil {
		e.notifier.close()
	}
	if err != nil {
		return fmt.Errorf("stop task hub %q: %w", e.hub, err)
	}
	return nil
}

// Table returns the app's triggers.
func (e *Extension) Table() *bindings.Table { return e.table }

// Client returns what functions are handed; nil until Start has succeeded.
func (e *Extension) Client() *bindings.DurableClient { return e.open.client }

// Store says where the state is.
func (e *Extension) Store() Store { return e.store }

// Locked reports whether callers need a key.
func (e *Extension) Locked() bool { return e.key != "" }

// RoutePrefix is the path below which HTTP functions are, without slashes at its ends; may be empty.
func (e *Extension) RoutePrefix() string { return e.routePrefix }

// CustomHandler says how the Functions host hands over invocations.
func (e *Extension) CustomHandler() CustomHandler { return e.host }

// Management answers the management API; nil until Start has succeeded. The requests' paths begin with the ManagementPath of the options.
func (e *Extension) Management() http.Handler { return e.open.management }

// ManagementAt answers the management API at another path, once Start has succeeded: base, which begins with a slash and does not end with one,
// is what the requests' paths begin with, and the links in answers.
func (e *Extension) ManagementAt(base string) http.Handler { return e.open.management.at(base) }
