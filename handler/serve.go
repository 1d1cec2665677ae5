package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

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
)

// Serve runs an app until ctx ends, and then stops it within 10 s: requests first, then running work. It answers / before the
// store is open. It returns an error if the app could not start, or could not stop as it should.
func Serve(ctx context.Context, app *durabletask.App, o Options) error {
	o.complete()
	log := o.Extension.Logger
	if err := checkExposure(ctx, o.Listen, o.Extension.Key); err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return explain(err, o.Listen)
	}
	s := newServer(listener, log)
	defer s.close()
	e, err := extension.Initialize(ctx, app, o.Extension)
	if err != nil {
		return err
	}
	if err := e.Start(ctx); err != nil {
		return errors.Join(err, e.Stop(context.WithoutCancel(ctx)))
	}
	s.ready(routes(e, o.MaxBody, log))
	if o.Output != nil {
		announce(o.Output, listener.Addr(), e)
	}
	select {
	case <-ctx.Done():
	case err = <-s.failed:
		err = fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	s.stop(limit)
	return errors.Join(err, e.Stop(limit))
}

func (o *Options) complete() {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Extension.Logger == nil {
		o.Extension.Logger = slog.Default()
	}
	if o.Extension.Key == "" && o.Extension.Settings != nil {
		o.Extension.Key = o.Extension.Settings.Key
	}
}

// explain says what to do about an address that can't be had.
func explain(err error, address string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the address %s is in use: stop the other program, or choose another address, for example -listen localhost:7072 (%w)", address, err)
	}
	return fmt.Errorf("listen on %s: %w; choose another address with -listen", address, err)
}

// server is an HTTP server that begins to answer before what it serves is there.
type server struct {
	http   *http.Server
	routes readyHandler
	failed chan error
	end    context.CancelFunc // ends the contexts of requests
}

func newServer(listener net.Listener, log *slog.Logger) *server {
	base, end := context.WithCancel(context.Background())
	s := &server{failed: make(chan error, 1), end: end, routes: readyHandler{set: make(chan struct{})}}
	s.http = &http.Server{
		Handler: &s.routes, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
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
