package durabletask_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/simulation"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// story writes down what happens, each line with the room in which it does.
type story struct {
	backend.Backend
	mu    sync.Mutex
	lines []string
}

func (s *story) tellf(room, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, strings.TrimRight(fmt.Sprintf("%-29s %s", room, fmt.Sprintf(format, args...)), " "))
}

// store is the room of the backend of the story.
const store = "durabletask/backend/local"

func (s *story) Create(ctx context.Context, c backend.Creation) error {
	s.tellf(store, "Create: message %s, status row Pending", kind(c.Start.Event))
	return s.Backend.Create(ctx, c)
}

func (s *story) NextOrchestration(ctx context.Context) (*backend.InstanceWork, error) {
	w, err := s.Backend.NextOrchestration(ctx)
	if err == nil {
		session := "new session"
		if w.Session.Body() != nil {
			session = "session with the parked orchestrator"
		}
		s.tellf(store, "NextOrchestration: %s, %s", kinds(w.Messages), session)
	}
	return w, err
}

func (s *story) LoadHistory(ctx context.Context, w *backend.InstanceWork) ([]history.Event, error) {
	events, err := s.Backend.LoadHistory(ctx, w)
	s.tellf(store, "LoadHistory: %d events", len(events))
	return events, err
}

func (s *story) Checkpoint(ctx context.Context, w *backend.InstanceWork, c backend.Checkpoint) error {
	s.tellf("durabletask/internal/dispatch", "Checkpoint: %d events, %d activities, status row %v", len(c.Events), len(c.Activities), c.State.Status)
	s.tellf(store, "Checkpoint: one transaction: history, activities, status row, messages deleted; the session is released")
	return s.Backend.Checkpoint(ctx, w, c)
}

func (s *story) NextActivity(ctx context.Context) (*backend.ActivityWork, error) {
	w, err := s.Backend.NextActivity(ctx)
	if err == nil {
		s.tellf(store, "NextActivity: %s", kind(w.Message.Event))
	}
	return w, err
}

func (s *story) CompleteActivity(ctx context.Context, w *backend.ActivityWork, m history.Message) error {
	s.tellf("durabletask/internal/dispatch", "CompleteActivity: %s", kind(m.Event))
	return s.Backend.CompleteActivity(ctx, w, m)
}

func kind(e history.Event) string {
	switch e := e.(type) {
	case *history.TaskScheduled:
		return fmt.Sprintf("TaskScheduled#%d %s", e.ID, e.Name)
	case *history.TaskCompleted:
		return fmt.Sprintf("TaskCompleted#%d %s", e.TaskID, *e.Result)
	case *history.ExecutionCompleted:
		return fmt.Sprintf("ExecutionCompleted %v %s", e.Status, *e.Result)
	default:
		return e.Type().String()
	}
}

func kinds(messages []history.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, kind(m.Event))
	}
	return strings.Join(all, ", ")
}

// middleware tells of the work that passes, on its way in and out.
func (s *story) middleware(next durabletask.Handler[*durabletask.OrchestrationWork]) durabletask.Handler[*durabletask.OrchestrationWork] {
	return func(ctx context.Context, w *durabletask.OrchestrationWork) error {
		s.tellf("middleware", "orchestration %s: %d new messages", w.Name, len(w.Episode.New))
		err := next(ctx, w)
		var decided []string
		for _, e := range w.Decisions.Events {
			decided = append(decided, kind(e))
		}
		s.tellf("durabletask/internal/replay", "decisions: %s", strings.Join(decided, ", "))
		return err
	}
}

// trigger is the innermost middleware, as the extension registers it.
func (s *story) trigger(app *durabletask.App) durabletask.OrchestrationMiddleware {
	return func(durabletask.Handler[*durabletask.OrchestrationWork]) durabletask.Handler[*durabletask.OrchestrationWork] {
		return func(ctx context.Context, w *durabletask.OrchestrationWork) error {
			f, _ := app.Orchestrator(w.Name)
			s.tellf("bindings", "OrchestrationTrigger invokes %s", f.Name())
			return bindings.Orchestration(f).Invoke(ctx, w)
		}
	}
}

// The story of one start, from the message to the completion: what docs/architecture.md tells by the names of files.
func TestStoryOfOneStart(t *testing.T) {
	t.Parallel()
	s := &story{}
	synctest.Test(t, func(t *testing.T) {
		greet := durabletask.NewActivity(func(_ context.Context, city string) (string, error) {
			s.tellf("the app", "activity SayHello runs for %s", city)
			return "Hello " + city + "!", nil
		}, durabletask.Named("SayHello"))
		hello := durabletask.NewOrchestrator(func(ctx durabletask.Context, city string) (string, error) {
			s.tellf("the app", "orchestrator Hello calls SayHello")
			greeting, err := greet.Call(ctx, city)
			s.tellf("the app", "orchestrator Hello goes on with %q", greeting)
			return greeting, err
		}, durabletask.Named("Hello"))
		app := durabletask.New(greet, hello)
		app.UseOrchestrations(s.middleware, s.trigger(app))
		gate := simulation.New(1)
		ctx, cancel := context.WithCancel(t.Context())
		var gateRuns sync.WaitGroup
		gateRuns.Go(func() { gate.Run(ctx) })
		var err error
		if s.Backend, err = local.Open(ctx, local.Options{Environment: gate.Environment()}); err != nil {
			t.Fatal(err)
		}
		w := durabletask.NewWorker(app, s, durabletask.WorkerOptions{Environment: gate.Environment(), Orchestrations: 1, Activities: 1})
		if err := w.Start(ctx); err != nil {
			t.Fatal(err)
		}
		s.tellf("the app", "client starts Hello with \"Tokyo\"")
		i, err := hello.Schedule(ctx, w.Client(), "Tokyo", durabletask.InstanceID("story"))
		if err != nil {
			t.Fatal(err)
		}
		greeting, err := i.Wait(ctx)
		s.tellf("the app", "client has %q, %v", greeting, err)
		cancel()
		gateRuns.Wait()
		if err := w.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	golden(t, "testdata/story.txt", strings.Join(s.lines, "\n")+"\n")
}

// golden compares a text with a file, or writes the file anew with -rewrite.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (-file +now); go test -rewrite writes the file anew:\n%s", path, diff)
	}
}
