package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
)

// Options say where and how an app is served. Zero values mean the defaults.
type Options struct {
	// Listen is host:port; default: DefaultListen.
	Listen string
	// MaxBody limits the body of a request, in bytes; default: DefaultMaxBody.
	MaxBody int64
	// Output is where start-up says what it serves; nil for nowhere.
	Output io.Writer
	// Extension is what the app itself is set up with.
	Extension extension.Options

	problem error // why the app can't start, found out before it was tried
	// patience is how long an invocation waits for an app that can't start yet.
	patience time.Duration
	// instead is what Main does instead of serving, and its exit code; nil to serve.
	instead func(app *durabletask.App, o extension.Options, stdout, stderr io.Writer) int
}

// How long things may take.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	// requestGrace is how long requests may go on after the order to stop, and cancelGrace how long they get once their contexts
	// have ended; the rest of the 10 s belongs to the worker.
	requestGrace = 500 * time.Millisecond
	cancelGrace  = 250 * time.Millisecond
	stopTime     = 10 * time.Second
	// firstRetry and lastRetry are the shortest and the longest pause between attempts to open a store that is down, and startTime is how long one
	// may take. The first pause is short, because after a restart by the host the store is in use until the process before has gone.
	firstRetry = 50 * time.Millisecond
	lastRetry  = 10 * time.Second
	startTime  = 10 * time.Second
	// startPatience is for how long requests wait instead of being told that the store is down.
	startPatience = 2 * time.Second
	// invocationPatience is how long an invocation waits then: the host gives a message that fails to the next attempt at once, and after five of
	// them up.
	invocationPatience = 15 * time.Second
)

// Serve runs an app until ctx ends, and then stops it within 10 s: requests first, then running work. It answers / before the
// store is open. It returns an error if the app could not start, or could not stop as it should; but an app that the Functions host started stays
// up and answers what keeps it from starting.
func Serve(ctx context.Context, app *durabletask.App, o Options) error {
	o.complete()
	log := o.Extension.Logger
	if err := checkExposure(ctx, o.Listen, o.Extension.Key); err != nil {
		return err
	}
	listener, err := listen(ctx, o.Listen, o.hosted())
	if err != nil {
		return err
	}
	s := newServer(listener, log)
	defer s.close()
	e, err := s.bringUp(ctx, app, &o)
	switch {
	case err == nil && o.Output != nil:
		announce(o.Output, listener.Addr(), e)
	case err != nil && !o.hosted():
		return err
	case err != nil && ctx.Err() == nil: // the host gives up on a handler that exits, and nobody would learn why
		log.Error("the app can't start; it needs a change of its settings", "error", err)
		s.failing(err, 0)
	}
	err = nil
	select {
	case <-ctx.Done():
	case err = <-s.failed:
		err = fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	s.stop(limit)
	if e != nil {
		err = errors.Join(err, e.Stop(limit))
	}
	return err
}

// bringUp sets the app up and starts it. Under the Functions host it tries until it succeeds, while the server says what is wrong: a store that is down
// comes back.
func (s *server) bringUp(ctx context.Context, app *durabletask.App, o *Options) (*extension.Extension, error) {
	if o.problem != nil {
		return nil, o.problem
	}
	e, err := extension.Initialize(app, o.Extension)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what to change
	}
	if o.hosted() {
		if err := checkForgeries(e); err != nil {
			return nil, err
		}
	} else {
		warnOfUncalled(e, o.Extension.Logger)
	}
	began := time.Now()
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		if err = o.start(ctx, e); err == nil {
			s.ready(o.routes(e))
			return e, nil
		}
		if !o.hosted() || ctx.Err() != nil {
			return nil, err
		}
		if time.Since(began)+pause > s.patience {
			o.Extension.Logger.Error("the app can't start yet and tries again", "error", err, "pause", pause)
			s.failing(err, o.patience)
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
	}
}

// start makes one attempt to start the app. Under the Functions host it is cut off, so that callers learn soon that the store doesn't answer.
func (o *Options) start(ctx context.Context, e *extension.Extension) error {
	if o.hosted() {
		limited, cancel := context.WithTimeoutCause(ctx, startTime, errors.New("the store has not answered in time"))
		defer cancel()
		ctx = limited
	}
	return e.Start(ctx) //nolint:wrapcheck // it says what to change
}

// routes puts together what the server answers.
func (o *Options) routes(e *extension.Extension) http.Handler {
	if o.hosted() {
		return newHostRoutes(e, o.Extension.Settings, o.MaxBody, o.Extension.Logger)
	}
	return routes(e, o.MaxBody, o.Extension.Logger)
}

// warnOfUncalled says which functions nothing calls without the Functions host.
func warnOfUncalled(e *extension.Extension, log *slog.Logger) {
	for _, trigger := range e.Table().All() {
		_, byHost := trigger.(bindings.HostTrigger)
		if byHost && trigger.Type() != bindings.TypeHTTP && trigger.Type() != bindings.TypeTimer {
			log.Warn("only the Functions host calls this function, and it does not run this app; start it with func start",
				"function", trigger.Name(), "trigger", trigger.Type())
		}
	}
}

// hosted reports whether the Functions host started the app.
func (o *Options) hosted() bool {
	return o.Extension.Settings != nil && o.Extension.Settings.UnderHost()
}

func (o *Options) complete() {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.patience == 0 {
		o.patience = invocationPatience
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Extension.Logger == nil {
		o.Extension.Logger = slog.Default()
	}
	if o.hosted() {
		o.Extension.Logger = withInvocations(o.Extension.Logger)
	}
	if o.Extension.Key == "" && o.Extension.Settings != nil {
		o.Extension.Key = o.Extension.Settings.Key
	}
}

// server is an HTTP server that begins to answer before what it serves is there.
type server struct {
	http   *http.Server
	routes *readyHandler
	failed chan error
	end    context.CancelFunc // ends the contexts of requests
	// patience is for how long requests wait before they are told that the app can't start yet.
	patience time.Duration
}

func newServer(listener net.Listener, log *slog.Logger) *server {
	base, end := context.WithCancel(context.Background())
	s := &server{failed: make(chan error, 1), end: end, routes: newReadyHandler(log)}
	s.patience = startPatience
	s.http = &http.Server{
		Handler: s.routes, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return base },
	}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return s
}

// ready hands the server what it is to serve.
func (s *server) ready(h http.Handler) { s.routes.ready(h) }

// failing lets the server say what is wrong.
func (s *server) failing(problem error, patience time.Duration) { s.routes.failing(problem, patience) }

// stop accepts no more requests and lets the ones that are going on end, for a moment; then their contexts end, whereupon those that
// wait for an instance answer what they know.
func (s *server) stop(ctx context.Context) {
	for _, grace := range []time.Duration{requestGrace, cancelGrace} {
		limit, cancel := context.WithTimeout(ctx, grace)
		err := s.http.Shutdown(limit)
		cancel()
		if err == nil {
			return
		}
		s.end()
	}
	s.close()
}

func (s *server) close() {
	s.end()
	_ = s.http.Close() // it is over either way
}
