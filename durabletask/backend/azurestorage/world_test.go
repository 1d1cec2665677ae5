package azurestorage_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// world is an account with workers of one hub, and a client outside, in virtual time.
type world struct {
	*testing.T
	*durabletask.Client
	ctx     context.Context
	service *azuretest.Service
	outside *hub
	app     func() *durabletask.App
}

// inWorld runs a test in a world with one worker that owns everything.
func inWorld(t *testing.T, app func() *durabletask.App, test func(w *world, worker *hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, ctx: context.Background(), service: azuretest.New(azuretest.Options{}), app: app}
		w.outside = openHub(t, w.service, azuretest.ClientOptions{Name: "client"})
		w.Client = durabletask.NewClient(w.outside.Backend, nil, durabletask.ClientOptions{})
		if err := w.outside.CreateTaskHub(w.ctx); err != nil {
			t.Fatal(err)
		}
		h := w.work("first")
		time.Sleep(3 * time.Second)
		test(w, h)
		if err := w.outside.Stop(w.ctx); err != nil {
			t.Error(err)
		}
	})
}

// work starts a worker, which stops at the end of the test.
func (w *world) work(name string) *hub {
	w.Helper()
	h := openHub(w.T, w.service, azuretest.ClientOptions{Name: name})
	worker := durabletask.NewWorker(w.app(), h.Backend, durabletask.WorkerOptions{Logger: h.options.Logger})
	if err := worker.Start(w.ctx); err != nil {
		w.Fatal(err)
	}
	h.stop = worker.Stop
	w.Cleanup(func() { _ = worker.Stop(context.Background()) })
	return h
}

func (w *world) start(name, id string, input any) {
	w.Helper()
	if _, err := w.Schedule(w.ctx, name, input, durabletask.InstanceID(id)); err != nil {
		w.Fatal(err)
	}
}

// after lets time pass, and returns the state of an instance then.
func (w *world) after(d time.Duration, id string) *durabletask.State {
	w.Helper()
	time.Sleep(d)
	synctest.Wait()
	s, err := w.Get(w.ctx, id)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// completes makes sure that an instance has ended well after a time.
func (w *world) completes(d time.Duration, id, output string) {
	w.Helper()
	s := w.after(d, id)
	if s.Status != durabletask.Completed || s.Output == nil || *s.Output != output {
		got := "nothing"
		if s.Output != nil {
			got = *s.Output
		}
		if os.Getenv("AZDURABLE_LOG") != "" {
			for _, r := range w.service.Log() {
				if strings.Contains(r.String(), id) {
					w.Log(r)
				}
			}
		}
		for _, row := range w.service.Snapshot().Tables["testhubHistory"] {
			if row.PartitionKey == id && os.Getenv("AZDURABLE_LOG") != "" {
				line := row.RowKey
				for _, p := range row.Properties {
					switch p.Name {
					case "ExecutionId", "EventType", "Input", "CommitId", "_Timestamp", "Origin", "ActivityId", "IsCheckpointComplete":
						line += " " + p.Name + "=" + p.Value
					}
				}
				w.Log(line)
			}
		}
		w.Fatalf("%s is %v with %s, want Completed with %s; history %s", id, s.Status, got, output, w.kinds(id))
	}
}

// kinds are the events of an instance's history, as one text.
func (w *world) kinds(id string) string {
	w.Helper()
	events, err := w.History(w.ctx, id)
	if err != nil {
		w.Fatal(err)
	}
	var all []string
	for _, e := range events {
		all = append(all, e.Type().String())
	}
	return strings.Join(all, " ")
}

// put puts a text into a queue of the hub, as anybody might.
func (w *world) put(queue, text string) {
	w.Helper()
	connection, err := account.ParseConnectionString(w.service.ConnectionString())
	if err != nil {
		w.Fatal(err)
	}
	a, err := account.Open(connection, account.Options{Transport: w.service.Transport(azuretest.ClientOptions{Name: "stranger"})})
	if err != nil {
		w.Fatal(err)
	}
	if _, err := a.Queue("testhub-"+queue).Put(w.ctx, []byte(text), 0, account.NeverExpires); err != nil {
		w.Fatal(err)
	}
}

// messages are those of a queue.
func (w *world) messages(queue string) []azuretest.Message {
	return w.service.Snapshot().Queues["testhub-"+queue]
}
