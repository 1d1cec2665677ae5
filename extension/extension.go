package extension

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
)

// Extension is an app on its feet: its hub, its triggers, its worker.
type Extension struct {
	hub, key    string
	routePrefix string
	store       Store
	log         *slog.Logger
	table       *bindings.Table
	client      *bindings.DurableClient
	backend     backend.Backend
	worker      *durabletask.Worker
	management  *management

	mu      sync.Mutex
	started bool
}

// Initialize reads the settings, opens the store, makes the task hub if there is none, and registers the app's functions: after
// it every orchestration, activity and entity goes through the app's middleware to the trigger of its function. It returns an error that
// says what to change. Middleware of one's own is to be added to the app before.
func Initialize(ctx context.Context, app *durabletask.App, o Options) (*Extension, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	e := &Extension{key: o.Key, log: o.Logger}
	c, err := readConfiguration(o.Folder, o.Environ)
	if err != nil {
		return nil, err
	}
	settings, err := readDurableTask(c, o.Settings, e.log)
	if err != nil {
		return nil, err
	}
	e.routePrefix = routePrefix(c)
	if o.Hub != "" {
		settings.hubName = o.Hub
	}
	if e.hub, err = resolveHub(settings.hubName, o.Settings, o.lookup, e.log); err != nil {
		return nil, err
	}
	if e.store, err = chooseStore(&o, settings, o.Settings, o.lookup, e.hub); err != nil {
		return nil, err
	}
	e.table = register(app, o.Triggers)
	app.UseOrchestrations(e.invokeOrchestration)
	app.UseActivities(e.invokeActivity)
	app.UseEntities(e.invokeEntity)
	if e.backend, err = o.Open(ctx, e.store, e.log); err != nil {
		return nil, err
	}
	if err := e.backend.CreateTaskHub(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("make task hub %q: %w", e.hub, err), e.backend.Stop(ctx))
	}
	e.worker = durabletask.NewWorker(app, e.backend, settings.worker(e.log))
	e.client = bindings.NewDurableClient(e.worker.Client(), bindings.Links{
		Hub: e.hub, Connection: settings.connectionName, Path: o.ManagementPath, Key: e.key, Signer: o.signer(),
		ForwardedHost: settings.useForwardedHost, Host: o.Settings.host(),
	})
	e.management = newManagement(e, settings)
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

// Start lets every trigger listen. The first one that the engine serves starts the worker; an app that has none only starts and
// asks after what others run.
func (e *Extension) Start(ctx context.Context) error {
	for _, trigger := range e.table.All() {
		if err := e.Listen(ctx, trigger); err != nil {
			return err
		}
	}
	return nil
}

// Listen lets one trigger listen.
func (e *Extension) Listen(ctx context.Context, trigger bindings.Trigger) error {
	if trigger.Type() == bindings.TypeHTTP {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.started {
		return nil
	}
	if err := e.worker.Start(ctx); err != nil {
		return fmt.Errorf("start the worker of task hub %q: %w", e.hub, err)
	}
	e.started = true
	return nil
}

// Stop lets running work end and closes the store, within 10 s or when ctx ends. Work that is left is done after the next start.
func (e *Extension) Stop(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	stop := e.backend.Stop // all there is to stop if nothing was started
	if e.started {
		stop = e.worker.Stop
	}
	if err := stop(ctx); err != nil {
		return fmt.Errorf("stop task hub %q: %w", e.hub, err)
	}
	return nil
}

// Table returns the app's triggers.
func (e *Extension) Table() *bindings.Table { return e.table }

// Client returns what HTTP functions are handed.
func (e *Extension) Client() *bindings.DurableClient { return e.client }

// Store says where the state is.
func (e *Extension) Store() Store { return e.store }

// Locked reports whether callers need a key.
func (e *Extension) Locked() bool { return e.key != "" }

// RoutePrefix is the path below which HTTP functions are, without slashes at its ends; may be empty.
func (e *Extension) RoutePrefix() string { return e.routePrefix }

// Management answers the management API. The requests' paths begin with the ManagementPath of the options.
func (e *Extension) Management() http.Handler { return e.management }

// ManagementAt answers the management API at another path: base, which begins with a slash and does not end with one, is what the requests'
// paths begin with, and the links in answers.
func (e *Extension) ManagementAt(base string) http.Handler { return e.management.at(base) }
