package azurestorage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/internal/azuretest"
)

func helloApp() *durabletask.App { return durabletask.New(sayHello, hello5) }

const (
	helloOutput = `["Hello Tokyo!","Hello Seattle!","Hello London!","Hello Oslo!","Hello Lima!"]`
	helloKinds  = "OrchestratorStarted ExecutionStarted TaskScheduled OrchestratorCompleted" +
		" OrchestratorStarted TaskCompleted TaskScheduled OrchestratorCompleted OrchestratorStarted TaskCompleted TaskScheduled OrchestratorCompleted" +
		" OrchestratorStarted TaskCompleted TaskScheduled OrchestratorCompleted OrchestratorStarted TaskCompleted TaskScheduled OrchestratorCompleted" +
		" OrchestratorStarted TaskCompleted ExecutionCompleted OrchestratorCompleted"
)

// A request that fails once, whether it has taken effect or not, changes nothing about the history: nothing is lost, doubled, or taken for a split brain.
func TestOneFailureLeavesNoTrace(t *testing.T) {
	t.Parallel()
	for _, op := range []azuretest.Op{
		azuretest.OpBatch, azuretest.OpMergeEntity, azuretest.OpPutMessage, azuretest.OpDeleteMessage, azuretest.OpGetMessages, azuretest.OpQueryEntities,
		azuretest.OpGetEntity,
	} {
		for name, act := range map[string]azuretest.Act{
			"refused": azuretest.FailBefore(500, "InternalError"), "answer lost": azuretest.LoseAnswer(), "done, but 500": azuretest.FailAfter(500, "OperationTimedOut"),
			"reset": azuretest.ResetBefore(), "busy": azuretest.Throttle(time.Second), "timed out": azuretest.TimeoutAfter(),
		} {
			for after := range 3 {
				t.Run(fmt.Sprintf("%s, %s, after %d", op, name, after), func(t *testing.T) {
					t.Parallel()
					inWorld(t, helloApp, func(w *world, worker *hub) {
						fault := worker.transport.Inject(azuretest.Rule{Op: op, If: ofTheHub, After: after, Times: 1, Do: act})
						w.start("Hello5", "hello", nil)
						w.completes(3*time.Minute, "hello", helloOutput)
						if got := w.kinds("hello"); got != helloKinds {
							t.Errorf("%v: history %s", fault, got)
						}
					})
				})
			}
		}
	}
}

// ofTheHub leaves the requests of leases out.
func ofTheHub(c azuretest.Call) bool { return !strings.HasSuffix(c.Resource, "Partitions") }

// Somebody commits on top: the session is lost, its messages are judged anew, and the instance goes on.
func TestSplitBrain(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, worker *hub) {
		fault := worker.transport.Inject(azuretest.Rule{Op: azuretest.OpBatch, Resource: "testhubHistory", After: 2, Times: 1, Do: azuretest.FailBefore(412, "UpdateConditionNotSatisfied")})
		w.start("Hello5", "hello", nil)
		w.completes(3*time.Minute, "hello", helloOutput)
		if fault.Fired() != 1 || w.kinds("hello") != helloKinds {
			t.Errorf("%v: history %s", fault, w.kinds("hello"))
		}
	})
}

// What can't be understood delays only itself, and ends in the poison queue.
func TestPoison(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, _ *hub) {
		for n := range 4 {
			w.put(fmt.Sprintf("control-%02d", n), "no message")
		}
		w.put("workitems", `{"$type":"DurableTask.AzureStorage.MessageData","TaskMessage":null}`)
		synctest.Wait()
		w.start("Hello5", "hello", nil)
		w.completes(2*time.Second, "hello", helloOutput)
		time.Sleep(time.Hour)
		if got := len(w.messages("poison")); got != 5 {
			t.Errorf("%d messages in the poison queue, want 5", got)
		}
		for _, m := range w.messages("poison") {
			if !strings.Contains(m.Text, `"reason":"decode queue message`) {
				t.Errorf("poison without a reason: %s", m.Text)
			}
		}
	})
}

// Nothing happens to others when somebody terminates what is not there.
func TestTerminateUnknown(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, _ *hub) {
		m := `{"ActivityId":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","TaskMessage":{"Event":{"$type":"DurableTask.Core.History.ExecutionTerminatedEvent","EventType":3,"Input":"x",` +
			`"EventId":-1,"IsPlayed":false,"Timestamp":"2000-01-01T00:00:00Z"},"OrchestrationInstance":{"InstanceId":"nobody","ExecutionId":null}}}`
		w.put("control-00", m)
		w.start("Hello5", "hello", nil)
		w.completes(2*time.Second, "hello", helloOutput)
		time.Sleep(time.Minute)
		if left := w.messages("control-00"); len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
	})
}

// A start that was terminated before it was due does not run, and the row stays Terminated.
func TestTerminatedScheduledStart(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, _ *hub) {
		if _, err := w.Schedule(w.ctx, "Hello5", nil, durabletask.InstanceID("later"), durabletask.StartAt(time.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		if err := w.Terminate(w.ctx, "later", new("not wanted")); err != nil {
			t.Fatal(err)
		}
		if s := w.after(2*time.Second, "later"); s.Status != durabletask.Terminated || *s.Output != "not wanted" {
			t.Errorf("%+v, want Terminated at once", s)
		}
		if s := w.after(2*time.Hour, "later"); s.Status != durabletask.Terminated || w.kinds("later") != "" {
			t.Errorf("%+v, history %s; want Terminated, none", s, w.kinds("later"))
		}
	})
}

// A graceful stop leaves no message hidden.
func TestStopStrandsNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, worker *hub) {
		for n := range 20 {
			w.start("Hello5", fmt.Sprint("hello-", n), nil)
		}
		w.start("Unregistered", "never", nil)
		time.Sleep(60 * time.Millisecond)
		if err := worker.stop(w.ctx); err != nil {
			t.Fatal(err)
		}
		for name, left := range w.service.Snapshot().Queues {
			for _, m := range left {
				if m.NextVisible.After(time.Now()) {
					t.Errorf("%s: hidden until %v: %.100s", name, m.NextVisible, m.Text)
				}
			}
		}
		w.work("second")
		for n := range 20 {
			w.completes(3*time.Second, fmt.Sprint("hello-", n), helloOutput)
		}
	})
}

// An id that begins with @ is an entity's: a start for it is refused, and buried with its reason if it comes all the same.
func TestNoOrchestrationWithTheIDOfAnEntity(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, _ *hub) {
		e := &history.ExecutionStarted{Instance: history.Instance{ID: "@a@b", ExecutionID: "x"}, Name: "Hello5"}
		if err := w.outside.Create(w.ctx, backend.Creation{Start: history.Message{Target: e.Instance, Event: e}}); err == nil {
			t.Error("accepted")
		}
		w.put("control-00", `{"TaskMessage":{"Event":{"$type":"DurableTask.Core.History.ExecutionStartedEvent","OrchestrationInstance":{"InstanceId":"@a@b","ExecutionId":"x"},`+
			`"EventType":0,"Name":"Hello5","EventId":-1,"Timestamp":"2000-01-01T00:00:00Z"},"OrchestrationInstance":{"InstanceId":"@a@b","ExecutionId":"x"}}}`)
		time.Sleep(time.Minute)
		if left := w.messages("poison"); len(left) != 1 || !strings.Contains(left[0].Text, "ids that begin with @ are entities'") {
			t.Errorf("in the poison queue: %+v", left)
		}
	})
}

// Purging an instance leaves the blobs of others whose ids begin like its own.
func TestPurgeIsExact(t *testing.T) {
	t.Parallel()
	app := func() *durabletask.App {
		return durabletask.New(durabletask.NewOrchestrator(func(_ durabletask.Context, s string) (string, error) { return s, nil }, durabletask.Named("Echo")))
	}
	inWorld(t, app, func(w *world, _ *hub) {
		large := strings.Repeat("0123456789", 10_000)
		for _, id := range []string{"order-1", "order-10"} {
			w.start("Echo", id, large)
			w.completes(5*time.Second, id, `"`+large+`"`)
		}
		if err := w.outside.Purge(w.ctx, history.Instance{ID: "order-1"}); err != nil {
			t.Fatal(err)
		}
		w.completes(0, "order-10", `"`+large+`"`)
		if _, err := w.Get(w.ctx, "order-1"); !errors.Is(err, durabletask.ErrInstanceNotFound) {
			t.Errorf("error %v after the purge", err)
		}
		for _, b := range w.service.Snapshot().Containers["testhub-largemessages"].Blobs {
			if strings.HasPrefix(b.Name, "order-1/") {
				t.Errorf("left: %s", b.Name)
			}
		}
	})
}

// A text that .NET would take for the address of a blob stands in one, and is read as it was.
func TestOutputThatLooksLikeAURL(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(w *world, _ *hub) {
		if _, err := w.Schedule(w.ctx, "Hello5", nil, durabletask.InstanceID("url"), durabletask.StartAt(time.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		if err := w.Terminate(w.ctx, "url", new("https://example.com/why")); err != nil {
			t.Fatal(err)
		}
		if s := w.after(2*time.Second, "url"); *s.Output != "https://example.com/why" {
			t.Errorf("output %s", *s.Output)
		}
		for _, row := range w.service.Snapshot().Tables["testhubInstances"] {
			for _, p := range row.Properties {
				if p.Name == "Output" && !strings.Contains(p.Value, "testhub-largemessages") {
					t.Errorf("a .NET reader would fail on %s", p.Value)
				}
			}
		}
	})
}

// A second worker takes its share while instances run, and all of them end.
func TestSecondWorkerTakesItsShare(t *testing.T) {
	t.Parallel()
	app := func() *durabletask.App {
		slow := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
			for range 10 {
				var err error
				if n, err = double.Call(ctx, n); err != nil {
					return 0, err
				}
				if err := durabletask.Sleep(ctx, 3*time.Second); err != nil {
					return 0, err
				}
			}
			return n, nil
		}, durabletask.Named("Slow"))
		return durabletask.New(double, slow)
	}
	inWorld(t, app, func(w *world, first *hub) {
		for n := range 12 {
			w.start("Slow", fmt.Sprint("slow-", n), 1)
		}
		time.Sleep(5 * time.Second)
		second := w.work("second")
		time.Sleep(2 * time.Minute)
		for n := range 12 {
			w.completes(0, fmt.Sprint("slow-", n), "1024")
		}
		if second.transport.Requests() < 50 {
			t.Errorf("the second worker has made %d requests", second.transport.Requests())
		}
		if err := first.stop(w.ctx); err != nil {
			t.Error(err)
		}
	})
}

// The hub of an idle worker costs little.
func TestIdleRequests(t *testing.T) {
	t.Parallel()
	inWorld(t, helloApp, func(_ *world, worker *hub) {
		time.Sleep(10 * time.Minute)
		before := worker.transport.Requests()
		time.Sleep(time.Hour)
		if n := worker.transport.Requests() - before; n > 1200 {
			t.Errorf("%d requests in an hour, want at most 1200", n)
		}
	})
}

// Events that a new generation takes over survive a crash between the batches of its first checkpoint.
func TestManyEventsTakenOver(t *testing.T) {
	t.Parallel()
	const n = 150
	number, goOn := durabletask.NewEvent[int]("Number"), durabletask.NewEvent[int]("Go")
	app := func() *durabletask.App {
		gather := durabletask.NewOrchestrator(func(ctx durabletask.Context, round int) (int, error) {
			if round == 0 {
				if _, err := durabletask.WhenAll(ctx, goOn.Next(ctx)); err != nil {
					return 0, err
				}
				return durabletask.ContinueAsNew[int](ctx, 1)
			}
			sum := 0
			for range n {
				all, err := durabletask.WhenAll(ctx, number.Next(ctx))
				if err != nil {
					return 0, err
				}
				sum += all[0]
			}
			_, err := durabletask.WhenAll(ctx, goOn.Next(ctx))
			return sum, err
		}, durabletask.Named("Gather"))
		return durabletask.New(gather)
	}
	inWorld(t, app, func(w *world, worker *hub) {
		w.start("Gather", "gather", 0)
		for k := range n {
			if err := number.Raise(w.ctx, w.Client, "gather", k); err != nil {
				t.Fatal(err)
			}
			if k%40 == 0 {
				time.Sleep(2 * time.Second)
			}
		}
		time.Sleep(10 * time.Second)
		begun := false
		fault := worker.transport.Inject(azuretest.Rule{Op: azuretest.OpBatch, Resource: "testhubHistory", If: func(c azuretest.Call) bool {
			was := begun
			begun = begun || strings.Contains(string(c.Body), `"ExecutionStarted"`)
			return was
		}, Do: azuretest.ResetBefore()})
		if err := goOn.Raise(w.ctx, w.Client, "gather", 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		worker.transport.Crash()
		_ = worker.stop(w.ctx)
		if fault.Fired() == 0 {
			t.Error("there was no second batch")
		}
		w.work("second")
		time.Sleep(3 * time.Minute)
		if err := goOn.Raise(w.ctx, w.Client, "gather", 0); err != nil {
			t.Fatal(err)
		}
		w.completes(time.Minute, "gather", fmt.Sprint(n*(n-1)/2))
	})
}
