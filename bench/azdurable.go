package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
)

// ours is this project on its embedded store, with its defaults.
var ours = &contender{"azdurable", func(folder string) (engine, error) { return openAzdurable(filepath.Join(folder, "hub.db"), "") }}

// azdurable is an app of the shapes that are measured, and its worker.
type azdurable struct {
	worker   *durabletask.Worker
	client   *durabletask.Client
	finished atomic.Int64 // activities
	returned atomic.Int64 // hellos and fan-outs that have come to their end; more than there are if one came there twice

	hello5, hello1 *durabletask.Orchestrator[[]string, []string]
	helloInline    *durabletask.Orchestrator[[]string, []string]
	fanOut         *durabletask.Orchestrator[int, int]
	storm          *durabletask.Orchestrator[int, int]
	parked         *durabletask.Orchestrator[durabletask.None, string]
	contend        *durabletask.Orchestrator[durabletask.None, durabletask.None]
}

// wake is what the parked orchestrations wait for.
var wake = durabletask.NewEvent[string]("Wake")

// newAzdurable makes the app. greet is called by each activity that says hello, unless it is nil.
func newAzdurable(greet func(context.Context)) (*azdurable, *durabletask.App) {
	e := &azdurable{}
	sayHello := durabletask.NewActivity(func(ctx context.Context, city string) (string, error) {
		defer e.finished.Add(1)
		if greet != nil {
			greet(ctx)
		}
		return "Hello " + city + "!", nil
	}, durabletask.Named("SayHello"))
	hello := func(options ...durabletask.CallOption) func(durabletask.Context, []string) ([]string, error) {
		return func(ctx durabletask.Context, cities []string) ([]string, error) {
			var out []string
			for _, city := range cities {
				s, err := sayHello.Call(ctx, city, options...)
				if err != nil {
					return nil, err
				}
				out = append(out, s)
			}
			e.returned.Add(1)
			return out, nil
		}
	}
	e.hello5 = durabletask.NewOrchestrator(hello(), durabletask.Named("Hello5"))
	e.hello1 = durabletask.NewOrchestrator(hello(), durabletask.Named("Hello1"))
	e.helloInline = durabletask.NewOrchestrator(hello(durabletask.Inline), durabletask.Named("HelloInline"))
	e.fanOut = durabletask.NewOrchestrator(func(ctx durabletask.Context, width int) (int, error) {
		tasks := make([]*durabletask.Task[string], width)
		for i := range tasks {
			tasks[i] = sayHello.Start(ctx, "x")
		}
		all, err := durabletask.WhenAll(ctx, tasks...)
		e.returned.Add(1)
		return len(all), err
	}, durabletask.Named("FanOut"))
	fails := durabletask.NewActivity(func(context.Context, string) (string, error) { return "", errors.New("no") }, durabletask.Named("Fails"))
	e.storm = durabletask.NewOrchestrator(func(ctx durabletask.Context, width int) (int, error) {
		tasks := make([]*durabletask.Task[string], width)
		for i := range tasks {
			tasks[i] = fails.Start(ctx, "x", durabletask.RetryPolicy{MaxAttempts: 3, First: 10 * time.Millisecond})
		}
		failed := 0
		for _, o := range durabletask.Settle(ctx, tasks...) {
			if o.Err != nil {
				failed++
			}
		}
		return failed, nil
	}, durabletask.Named("Storm"))
	e.parked = durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		return wake.Next(ctx).Await(ctx)
	}, durabletask.Named("Parked"))

	e.contend = durabletask.NewOrchestrator(contend, durabletask.Named("Contend"))
	return e, durabletask.New(sayHello, fails, e.hello5, e.hello1, e.helloInline, e.fanOut, e.storm, e.parked, e.contend, counters)
}

// openAzdurable starts a worker on an embedded store; vfs is "" but to count what the store does.
func openAzdurable(path, vfs string) (*azdurable, error) {
	log := slog.New(slog.DiscardHandler)
	b, err := local.Open(context.Background(), local.Options{Path: path, VFS: vfs, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	e, app := newAzdurable(nil)
	e.worker = durabletask.NewWorker(app, b, durabletask.WorkerOptions{Logger: log})
	e.client = e.worker.Client()
	if err := e.worker.Start(context.Background()); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	return e, nil
}

// starters is how many starts are made at once, as the requests of an HTTP server are.
const starters = 32

// start starts n instances and returns them in order.
func start[I, O any](ctx context.Context, e *azdurable, o *durabletask.Orchestrator[I, O], n int, input I) ([]*durabletask.Instance[O], error) {
	instances := make([]*durabletask.Instance[O], n)
	errs := make([]error, starters)
	var all sync.WaitGroup
	for s := range starters {
		all.Go(func() {
			for i := s; i < n && errs[s] == nil; i += starters {
				instances[i], errs[s] = o.Schedule(ctx, e.client, input)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("start %d instances: %w", n, err)
		}
	}
	return instances, nil
}

func (e *azdurable) Hello5(ctx context.Context, n int) (progress, error) {
	begin := time.Now()
	var p progress
	instances, err := start(ctx, e, e.hello5, n, cities)
	if err != nil {
		return p, err
	}
	for _, i := range instances {
		if _, err := i.Wait(ctx); err != nil {
			return p, fmt.Errorf("wait for %s: %w", i.ID, err)
		}
		p.orchestrations++
	}
	p.elapsed, p.activities = time.Since(begin), int(e.finished.Load())
	return p, nil
}

func (e *azdurable) FanOut(ctx context.Context, width int) error {
	i, err := e.fanOut.Schedule(ctx, e.client, width)
	if err != nil {
		return fmt.Errorf("start the fan-out: %w", err)
	}
	if got, err := i.Wait(ctx); err != nil || got != width {
		return fmt.Errorf("fan-out: %d results: %w", got, err)
	}
	return nil
}

func (e *azdurable) Hello1(ctx context.Context) error {
	i, err := e.hello1.Schedule(ctx, e.client, cities[:1])
	if err != nil {
		return fmt.Errorf("start hello-1: %w", err)
	}
	if _, err := i.Wait(ctx); err != nil {
		return fmt.Errorf("hello-1: %w", err)
	}
	return nil
}

func (e *azdurable) Close() error {
	if err := e.worker.Stop(context.Background()); err != nil {
		return fmt.Errorf("stop the worker: %w", err)
	}
	return nil
}
