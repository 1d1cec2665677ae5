package durabletask_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a worker on a store in memory, with what it logged.
type bench struct {
	*durabletask.Worker
	*durabletask.Client
	log *logBuffer
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func setup(t *testing.T, app *durabletask.App, o durabletask.WorkerOptions) *bench {
	t.Helper()
	log := &logBuffer{}
	o.Logger = slog.New(slog.NewTextHandler(log, nil))
	b, err := local.Open(t.Context(), local.Options{Logger: o.Logger, Environment: o.Environment})
	if err != nil {
		t.Fatal(err)
	}
	w := durabletask.NewWorker(app, b, o)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return &bench{w, w.Client(), log}
}

var (
	double = durabletask.NewActivity(func(_ context.Context, n int) (int, error) { return 2 * n, nil }, durabletask.Named("Double"))
	power  = durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
		result := 1
		for range n {
			var err error
			if result, err = double.Call(ctx, result); err != nil {
				return 0, err
			}
		}
		return result, nil
	}, durabletask.Named("Power"))
)

func TestOrchestrationRunsToItsEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, durabletask.New(double, power), durabletask.WorkerOptions{})
	i, err := power.Schedule(t.Context(), b.Client, 5, durabletask.InstanceID("five"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := i.Wait(t.Context()); got != 32 || err != nil {
		t.Fatalf("got %d, %v; log:\n%s", got, err, b.log)
	}
	events, err := b.History(t.Context(), "five")
	if err != nil {
		t.Fatal(err)
	}
	want := "OrchestratorStarted ExecutionStarted TaskScheduled OrchestratorCompleted" +
		strings.Repeat(" OrchestratorStarted TaskCompleted TaskScheduled OrchestratorCompleted", 4) +
		" OrchestratorStarted TaskCompleted ExecutionCompleted OrchestratorCompleted"
	if got := kindsOf(events); got != want {
		t.Errorf("history %s\nwant    %s", got, want)
	}
	s, err := b.Get(t.Context(), "five")
	if err != nil || s.Status != durabletask.Completed || *s.Output != "32" || *s.Input != "5" || s.Name != "Power" || s.Completed.IsZero() {
		t.Errorf("state %+v, %v", s, err)
	}
}

// What an orchestrator logs goes to the worker's logger, once.
func TestOrchestratorsLog(t *testing.T) {
	t.Parallel()
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		ctx.Logger().Info("before the call")
		n, err := double.Call(ctx, 1)
		ctx.Logger().Info("after the call")
		return n, err
	}, durabletask.Named("Logs"))
	b := setup(t, durabletask.New(double, o), durabletask.WorkerOptions{})
	i, err := o.Schedule(t.Context(), b.Client, durabletask.None{}, durabletask.InstanceID("log"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, message := range []string{"before the call", "after the call"} {
		if n := strings.Count(b.log.String(), message+`" instance=log orchestrator=Logs`); n != 1 {
			t.Errorf("%q stands %d times in the log:\n%s", message, n, b.log)
		}
	}
}

func TestManyOrchestrations(t *testing.T) {
	t.Parallel()
	b := setup(t, durabletask.New(double, power), durabletask.WorkerOptions{})
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			i, err := power.Schedule(t.Context(), b.Client, 6)
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := i.Wait(t.Context()); got != 64 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
	all.Wait()
}

func TestClientErrors(t *testing.T) {
	t.Parallel()
	waiting := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
		return durabletask.NewEvent[int]("E").Next(ctx).Await(ctx)
	}, durabletask.Named("Waiting"))
	b := setup(t, durabletask.New(waiting), durabletask.WorkerOptions{})
	ctx := t.Context()
	i, err := waiting.Schedule(ctx, b.Client, durabletask.None{}, durabletask.InstanceID("w"))
	if err != nil {
		t.Fatal(err)
	}
	var exists *durabletask.InstanceExistsError
	if _, err := waiting.Schedule(ctx, b.Client, durabletask.None{}, durabletask.InstanceID("w")); !errors.As(err, &exists) {
		t.Errorf("a second start: %v", err)
	}
	for name, row := range map[string]struct{ got, want error }{
		"unknown name":      {second(b.Schedule(ctx, "Nope", nil)), durabletask.ErrNotRegistered},
		"bad id":            {second(b.Schedule(ctx, "Waiting", nil, durabletask.InstanceID("a/b"))), durabletask.ErrInvalidID},
		"status of unknown": {second(b.Get(ctx, "nope")), durabletask.ErrInstanceNotFound},
		"history":           {second(b.History(ctx, "nope")), durabletask.ErrInstanceNotFound},
		"wait":              {second(b.Wait(ctx, "nope")), durabletask.ErrInstanceNotFound},
		"event to unknown":  {b.RaiseEvent(ctx, "nope", "E", 1), durabletask.ErrInstanceNotFound},
		"terminate unknown": {b.Terminate(ctx, "nope", nil), durabletask.ErrInstanceNotFound},
	} {
		if !errors.Is(row.got, row.want) {
			t.Errorf("%s: %v, want %v", name, row.got, row.want)
		}
	}
	var payload *durabletask.PayloadError
	if err := b.RaiseEvent(ctx, "w", "E", func() {}); !errors.As(err, &payload) {
		t.Errorf("an event without a JSON form: %v", err)
	}
	if _, err := b.Schedule(ctx, "Waiting", strings.Repeat("x", durabletask.MaxPayload)); !errors.As(err, &payload) {
		t.Errorf("an input over the limit: %v", err)
	}
	reason := "enough"
	if err := b.Terminate(ctx, "w", &reason); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Wait(ctx); !errors.Is(err, durabletask.ErrTerminated) || !strings.Contains(err.Error(), "enough") {
		t.Errorf("waiting for a terminated instance: %v", err)
	}
	if err := b.RaiseEvent(ctx, "w", "E", 1); !errors.Is(err, durabletask.ErrInstanceFinished) {
		t.Errorf("an event for an instance that has ended: %v", err)
	}
	if _, err := waiting.Schedule(ctx, b.Client, durabletask.None{}, durabletask.InstanceID("w")); err != nil {
		t.Errorf("replacing an instance that has ended: %v", err)
	}
	if s, err := b.Get(ctx, "w"); err != nil || s.Generation == nil || *s.Generation != 1 {
		t.Errorf("the generation of the replacement: %+v, %v", s, err)
	}
}

// A timer of three days takes three days, to the microsecond, under virtual time.
func TestTimersUnderVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sleeper := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (time.Duration, error) {
			begun := ctx.Now()
			err := durabletask.Sleep(ctx, 72*time.Hour)
			return ctx.Now().Sub(begun), err
		}, durabletask.Named("Sleeper"))
		b := setup(t, durabletask.New(sleeper), durabletask.WorkerOptions{Orchestrations: 2, Activities: 2})
		begun := time.Now()
		i, err := sleeper.Schedule(t.Context(), b.Client, durabletask.None{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := i.Wait(t.Context())
		if err != nil || got < 72*time.Hour || time.Since(begun) < 72*time.Hour || time.Since(begun) > 73*time.Hour {
			t.Errorf("slept %v in %v, %v", got, time.Since(begun), err)
		}
	})
}

// An orchestrator that blocks on a channel loses its slot; the work comes back when it does, and others go on.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var runs atomic.Int32
		stuck := durabletask.NewOrchestrator(func(durabletask.Context, durabletask.None) (int32, error) {
			if runs.Add(1) == 1 {
				<-release
			}
			return runs.Load(), nil
		}, durabletask.Named("Stuck"))
		b := setup(t, durabletask.New(stuck, double, power), durabletask.WorkerOptions{Orchestrations: 2, Activities: 2})
		i, err := stuck.Schedule(t.Context(), b.Client, durabletask.None{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute) // virtual
		if log := b.log.String(); !strings.Contains(log, "does not come back") || !strings.Contains(log, "TestWatchdog") || !strings.Contains(log, `"lost slots"=1`) {
			t.Errorf("the log does not show the stack:\n%s", log)
		}
		other, err := power.Schedule(t.Context(), b.Client, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := other.Wait(t.Context()); got != 8 || err != nil {
			t.Errorf("another orchestration: %d, %v", got, err)
		}
		close(release)
		if got, err := i.Wait(t.Context()); got != 2 || err != nil {
			t.Errorf("after the release: run %d, %v", got, err)
		}
	})
}

// What the app has no code for waits until a worker has it; so does what a middleware can't do.
func TestUnregisteredWorkIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := durabletask.New(power)
		b := setup(t, app, durabletask.WorkerOptions{Orchestrations: 1, Activities: 1})
		i, err := power.Schedule(t.Context(), b.Client, 1)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // virtual
		if s, err := b.Get(t.Context(), i.ID); err != nil || s.Status != durabletask.Running {
			t.Errorf("without the activity: %v, %v", s.Status, err)
		}
		if !strings.Contains(b.log.String(), `activity \"Double\": not registered`) {
			t.Errorf("the log doesn't say so:\n%s", b.log)
		}
		app.Register(double)
		if got, err := i.Wait(t.Context()); got != 2 || err != nil {
			t.Errorf("with the activity: %d, %v", got, err)
		}
	})
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	var seen []string
	var mu sync.Mutex
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprintf(format, args...))
	}
	app := durabletask.New(double, power)
	for _, name := range []string{"outer", "inner"} {
		app.UseOrchestrations(func(next durabletask.Handler[*durabletask.OrchestrationWork]) durabletask.Handler[*durabletask.OrchestrationWork] {
			return func(ctx context.Context, w *durabletask.OrchestrationWork) error {
				note("%s %s", name, w.Name)
				err := next(ctx, w)
				note("%s ended %v", name, w.Decisions.Outcome != nil)
				return err
			}
		})
	}
	app.UseActivities(func(next durabletask.Handler[*durabletask.ActivityWork]) durabletask.Handler[*durabletask.ActivityWork] {
		return func(ctx context.Context, w *durabletask.ActivityWork) error {
			err := next(ctx, w)
			note("%s %v", w.Name, w.Outcome().Type())
			return err
		}
	})
	b := setup(t, app, durabletask.WorkerOptions{})
	i, err := power.Schedule(t.Context(), b.Client, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	want := "outer Power, inner Power, inner ended false, outer ended false, Double TaskCompleted, outer Power, inner Power, inner ended true, outer ended true"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("saw  %s\nwant %s", got, want)
	}
}

// A worker that is stopped lets a running activity end and loses nothing.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/hub.db"
	begun, release := make(chan struct{}), make(chan struct{})
	slow := durabletask.NewActivity(func(context.Context, durabletask.None) (string, error) {
		close(begun)
		<-release
		return "done", nil
	}, durabletask.Named("Slow"))
	var runs atomic.Int32
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		runs.Add(1)
		return slow.Call(ctx, durabletask.None{})
	}, durabletask.Named("CallsSlow"))
	app := durabletask.New(slow, o)
	open := func() *durabletask.Worker {
		b, err := local.Open(t.Context(), local.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		w := durabletask.NewWorker(app, b, durabletask.WorkerOptions{})
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := open()
	if _, err := o.Schedule(t.Context(), w.Client(), durabletask.None{}, durabletask.InstanceID("s")); err != nil {
		t.Fatal(err)
	}
	<-begun
	stopped := make(chan error)
	go func() { stopped <- w.Stop(context.Background()) }()
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	w = open()
	defer func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	s, err := w.Client().Wait(t.Context(), "s")
	if err != nil || s.Status != history.Completed || *s.Output != `"done"` {
		t.Errorf("after the restart: %+v, %v", s, err)
	}
}

// An activity that ends because the worker stops has not failed: it is run again after the next start.
func TestStopIsNoFailureOfAnActivity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		obedient := durabletask.NewActivity(func(ctx context.Context, _ durabletask.None) (durabletask.None, error) {
			<-ctx.Done()
			return durabletask.None{}, ctx.Err()
		}, durabletask.Named("Obedient"))
		o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (durabletask.None, error) {
			return obedient.Call(ctx, durabletask.None{})
		}, durabletask.Named("CallsObedient"))
		log := &logBuffer{}
		logger := slog.New(slog.NewTextHandler(log, nil))
		b, err := local.Open(t.Context(), local.Options{Logger: logger})
		if err != nil {
			t.Fatal(err)
		}
		w := durabletask.NewWorker(durabletask.New(obedient, o), b, durabletask.WorkerOptions{Orchestrations: 1, Activities: 1, Logger: logger})
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Schedule(t.Context(), w.Client(), durabletask.None{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		begun := time.Now()
		if err := w.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < 8*time.Second || took > 10*time.Second {
			t.Errorf("stopping took %v", took)
		}
		if !strings.Contains(log.String(), "stopped with the worker") {
			t.Errorf("the activity was not given back:\n%s", log)
		}
	})
}
