package durabletest

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

// life is the hub's worker and store from one crash to the next: what a process would be.
type life struct {
	*local.Backend
	worker *durabletask.Worker
	gate   *gate
	alive  context.Context
	kill   context.CancelFunc
}

func (l *life) dead() bool { return l.alive.Err() != nil }

// begin begins a life with what the one before has committed.
func (h *Hub) begin(app *durabletask.App, image []byte) (err error) {
	h.lives++
	l := &life{gate: &gate{order: h.order}}
	l.alive, l.kill = context.WithCancel(context.Background())
	o := h.options
	o.Environment, o.Logger = h.environment(l.gate), slog.New(mortal{h.log.Handler(), l})
	if o.Orchestrations == 0 {
		o.Orchestrations = slots
	}
	if o.Activities == 0 {
		o.Activities = slots
	}
	if o.Entities == 0 {
		o.Entities = slots
	}
	l.Backend, err = local.Open(context.Background(), local.Options{Image: image, Steady: true, Environment: o.Environment, Logger: o.Logger})
	if err != nil {
		return fmt.Errorf("durabletest: %w", err)
	}
	run := app.With()
	withWeb(h, run)
	run.UseOrchestrations(h.orchestrations(l, app))
	run.UseActivities(h.activities(l, app))
	run.UseEntities(h.entities(l, app))
	l.worker = durabletask.NewWorker(run, l.Backend, o)
	if err := l.worker.Start(context.Background()); err != nil {
		return fmt.Errorf("durabletest: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.app, h.life = app, l
	close(h.renewed)
	h.renewed = make(chan struct{})
	return nil
}

// present returns the present life, or nil before the first.
func (h *Hub) present() *life {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.life
}

// living waits until there is a life that is not dead.
func (h *Hub) living(ctx context.Context) (*life, error) {
	for {
		h.mu.Lock()
		l, renewed := h.life, h.renewed
		h.mu.Unlock()
		if !l.dead() {
			return l, nil
		}
		select {
		case <-renewed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Crash kills the worker and its store as kill -9 would, at a moment when nothing can go on without time passing, and begins again with what
// was committed. Activities that are running have their contexts ended; their results are lost. Calls of the client that are under way go on.
func (h *Hub) Crash() { h.order.do(func() { h.restart(h.app) }) }

// Deploy is Crash followed by a start with other code or other options: the instances go on with it.
func (h *Hub) Deploy(app *durabletask.App, options ...durabletask.WorkerOptions) {
	h.t.Helper()
	if len(options) > 1 {
		h.t.Fatal("durabletest: a hub has one worker; give it one durabletask.WorkerOptions")
	}
	h.order.do(func() {
		for _, o := range options {
			h.options = o
		}
		h.restart(app)
	})
	h.connect()
}

// restart ends the present life, losing whatever is in memory only, and begins the next. It is called by the order, when nothing else can go on.
func (h *Hub) restart(app *durabletask.App) {
	l := h.present()
	l.kill()
	h.log.Info("crash")
	image, err := l.Image(context.Background())
	if err != nil {
		h.t.Errorf("durabletest: %v", err)
	}
	// From here on the old life can do what it likes: nobody will see it. Those who wait for storage hear of the crash first, so that no
	// client takes for stored what was not.
	h.order.turn(l.gate, denied)
	synctest.Wait()
	h.order.turn(l.gate, ignored)
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = l.worker.Stop(now) // reports that it could not wait
	synctest.Wait()
	if err := h.begin(app, image); err != nil {
		h.t.Error(err)
		h.giveUp(errGivenUp)
	}
}

// orchestrations is the innermost middleware of orchestrations.
func (h *Hub) orchestrations(l *life, app *durabletask.App) durabletask.OrchestrationMiddleware {
	return func(next durabletask.Handler[*durabletask.OrchestrationWork]) durabletask.Handler[*durabletask.OrchestrationWork] {
		return func(ctx context.Context, w *durabletask.OrchestrationWork) error {
			if l.dead() {
				return errCrashed
			}
			if _, ok := app.Orchestrator(w.Name); !ok {
				w.Fail(notRegistered("orchestrator %q is not in the app: register it", w.Name))
				return nil
			}
			return next(ctx, w)
		}
	}
}

// activities is the innermost middleware of activities: it calls stand-ins, and counts.
func (h *Hub) activities(l *life, app *durabletask.App) durabletask.ActivityMiddleware {
	return func(next durabletask.Handler[*durabletask.ActivityWork]) durabletask.Handler[*durabletask.ActivityWork] {
		return func(ctx context.Context, w *durabletask.ActivityWork) error {
			if l.dead() {
				return errCrashed
			}
			ended := h.running.begin(w.Name)
			defer ended()
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			stop := context.AfterFunc(l.alive, cancel)
			defer stop()
			h.mu.Lock()
			stub, stubbed := h.stubs[strings.ToLower(w.Name)]
			h.performed[w.Instance.ID+" "+w.Name]++
			h.mu.Unlock()
			if stubbed {
				durabletask.Perform(ctx, stub, w)
				return nil
			}
			if _, ok := app.Activity(w.Name); !ok && !strings.EqualFold(w.Name, durabletask.HTTPActivity.Name()) {
				w.Fail(notRegistered("activity %q is not in the app: register it, or put another function in its place: "+
					"durabletest.Stub(h, activity, func(ctx context.Context, input I) (O, error) {…})", w.Name))
				return nil
			}
			return next(ctx, w)
		}
	}
}

// entities is the innermost middleware of entities.
func (h *Hub) entities(l *life, app *durabletask.App) durabletask.EntityMiddleware {
	return func(next durabletask.Handler[*durabletask.EntityWork]) durabletask.Handler[*durabletask.EntityWork] {
		return func(ctx context.Context, w *durabletask.EntityWork) error {
			if l.dead() {
				return errCrashed
			}
			if _, ok := app.Entity(w.ID.Name); !ok {
				w.Fail(notRegistered("entity %q is not in the app: register it", w.ID.Name))
				return nil
			}
			return next(ctx, w)
		}
	}
}

// mortal is a log that ends with its life.
type mortal struct {
	slog.Handler
	life *life
}

func (m mortal) Enabled(ctx context.Context, level slog.Level) bool {
	return !m.life.dead() && m.Handler.Enabled(ctx, level)
}

func (m mortal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return mortal{m.Handler.WithAttrs(attrs), m.life}
}

func (m mortal) WithGroup(name string) slog.Handler { return mortal{m.Handler.WithGroup(name), m.life} }

func notRegistered(format string, args ...any) *history.FailureDetails {
	return &history.FailureDetails{ErrorType: "NotRegistered", ErrorMessage: "durabletest: " + fmt.Sprintf(format, args...), NonRetriable: true}
}

// running are the activities that are being run, those of former lives included.
type running struct {
	all   sync.WaitGroup
	mu    sync.Mutex
	next  int
	names map[int]string
}

// begin notes one, and returns what is to be called at its end.
func (r *running) begin(name string) (end func()) {
	r.all.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = make(map[int]string)
	}
	r.next++
	id := r.next
	r.names[id] = name
	return func() {
		r.mu.Lock()
		delete(r.names, id)
		r.mu.Unlock()
		r.all.Done()
	}
}

// lastActivity is how long an activity may still run when the worker has stopped.
const lastActivity = 24 * time.Hour

// wait waits until all have ended, but not for ever, and returns the names of those that have not.
func (r *running) wait() (left []string) {
	ended := make(chan struct{})
	go func() {
		r.all.Wait()
		close(ended)
	}()
	limit := time.NewTimer(lastActivity)
	defer limit.Stop()
	select {
	case <-ended:
	case <-limit.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range r.names {
		left = append(left, name)
	}
	return left
}
