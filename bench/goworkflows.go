package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cschleiden/go-workflows/backend"
	"github.com/cschleiden/go-workflows/backend/monoprocess"
	"github.com/cschleiden/go-workflows/backend/sqlite"
	"github.com/cschleiden/go-workflows/client"
	"github.com/cschleiden/go-workflows/core"
	"github.com/cschleiden/go-workflows/worker"
	"github.com/cschleiden/go-workflows/workflow"
)

// goWorkflows is github.com/cschleiden/go-workflows.
type goWorkflows struct {
	backend  backend.Backend
	client   *client.Client
	worker   *worker.Worker
	stop     context.CancelFunc
	started  int
	finished atomic.Int64 // activities
}

// quiet keeps the log out of the measurement; all else is a default.
var quiet = sqlite.WithBackendOptions(backend.WithLogger(slog.New(slog.DiscardHandler)))

func onFile(folder string) backend.Backend {
	return sqlite.NewSqliteBackend(filepath.Join(folder, "peer.sqlite"), quiet)
}

func onFileNotified(folder string) backend.Backend {
	return monoprocess.NewMonoprocessBackend(onFile(folder))
}

func inMemory(string) backend.Backend { return sqlite.NewInMemoryBackend(quiet) }

func inMemoryNotified(folder string) backend.Backend {
	return monoprocess.NewMonoprocessBackend(inMemory(folder))
}

func openGoWorkflows(store func(folder string) backend.Backend) func(folder string) (engine, error) {
	return func(folder string) (engine, error) {
		ctx, stop := context.WithCancel(context.Background())
		b := store(folder)
		e := &goWorkflows{backend: b, client: client.New(b), worker: worker.New(b, nil), stop: stop}
		for _, w := range []workflow.Workflow{e.hello5, e.hello1, e.fanOut} {
			if err := e.worker.RegisterWorkflow(w); err != nil {
				stop()
				return nil, fmt.Errorf("register a workflow: %w", err)
			}
		}
		if err := e.worker.RegisterActivity(e.sayHello); err != nil {
			stop()
			return nil, fmt.Errorf("register an activity: %w", err)
		}
		if err := e.worker.Start(ctx); err != nil {
			stop()
			return nil, fmt.Errorf("start the worker: %w", err)
		}
		return e, nil
	}
}

var cities = []string{"Tokyo", "Seattle", "London", "Nairobi", "Lima"}

func (e *goWorkflows) sayHello(_ context.Context, city string) (string, error) {
	defer e.finished.Add(1)
	return "Hello " + city + "!", nil
}

func (e *goWorkflows) hello5(ctx workflow.Context, cities []string) ([]string, error) {
	var out []string
	for _, city := range cities {
		s, err := e.start(ctx, city).Get(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (e *goWorkflows) hello1(ctx workflow.Context, city string) (string, error) {
	return e.start(ctx, city).Get(ctx)
}

func (e *goWorkflows) fanOut(ctx workflow.Context, width int) (int, error) {
	tasks := make([]workflow.Future[string], width)
	for i := range tasks {
		tasks[i] = e.start(ctx, strconv.Itoa(i))
	}
	for _, t := range tasks {
		if _, err := t.Get(ctx); err != nil {
			return 0, err
		}
	}
	return width, nil
}

func (e *goWorkflows) start(ctx workflow.Context, city string) workflow.Future[string] {
	return workflow.ExecuteActivity[string](ctx, workflow.DefaultActivityOptions, e.sayHello, city)
}

func (e *goWorkflows) Hello5(ctx context.Context, n int) (progress, error) {
	begin := time.Now()
	var p progress
	instances := make([]*workflow.Instance, 0, n)
	for range n {
		i, err := e.create(ctx, e.hello5, cities)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return p, err
		}
		instances = append(instances, i)
	}
	// One question at a time: asking for all at once would slow down what is being measured.
	for _, i := range instances {
		err := e.wait(ctx, i, 10*time.Millisecond)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return p, err
		}
		p.orchestrations++
	}
	p.elapsed, p.activities = time.Since(begin), int(e.finished.Load())
	if p.orchestrations < n { // count those that overtook the one waited for; what ends meanwhile counts too, in its favour
		p.orchestrations = 0
		for _, i := range instances {
			if done, err := e.ended(context.Background(), i); err != nil {
				return p, err
			} else if done {
				p.orchestrations++
			}
		}
	}
	return p, nil
}

func (e *goWorkflows) FanOut(ctx context.Context, width int) error {
	i, err := e.create(ctx, e.fanOut, width)
	if err != nil {
		return err
	}
	return e.wait(ctx, i, 10*time.Millisecond)
}

func (e *goWorkflows) Hello1(ctx context.Context) error {
	i, err := e.create(ctx, e.hello1, cities[0])
	if err != nil {
		return err
	}
	return e.wait(ctx, i, 500*time.Microsecond)
}

func (e *goWorkflows) create(ctx context.Context, w workflow.Workflow, input any) (*workflow.Instance, error) {
	e.started++
	i, err := e.client.CreateWorkflowInstance(ctx, client.WorkflowInstanceOptions{InstanceID: strconv.Itoa(e.started)}, w, input)
	if err != nil {
		return nil, fmt.Errorf("start a workflow: %w", err)
	}
	return i, nil
}

// wait asks at a fixed pace: the client's own wait backs off to a second, which would be measured too.
func (e *goWorkflows) wait(ctx context.Context, i *workflow.Instance, pace time.Duration) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		if done, err := e.ended(ctx, i); done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for workflow %s: %w", i.InstanceID, ctx.Err())
		}
	}
}

func (e *goWorkflows) ended(ctx context.Context, i *workflow.Instance) (bool, error) {
	s, err := e.client.GetWorkflowInstanceState(ctx, i)
	if err != nil {
		return false, fmt.Errorf("ask for the state of workflow %s: %w", i.InstanceID, err)
	}
	return s == core.WorkflowInstanceStateFinished, nil
}

func (e *goWorkflows) Close() error {
	e.stop()
	if err := e.worker.WaitForCompletion(); err != nil {
		return fmt.Errorf("stop the worker: %w", err)
	}
	if err := e.backend.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}
