package extension_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// member is one of several workers of a hub in a storage account.
type member struct {
	*extension.Extension
	name      string
	transport *azuretest.Transport
}

// join starts a worker on the account, with these timers.
func join(t *testing.T, service *azuretest.Service, name string, triggers ...bindings.Trigger) *member {
	t.Helper()
	m := &member{name: name, transport: service.Transport(azuretest.ClientOptions{Name: name})}
	connection, err := account.ParseConnectionString(service.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	o := extension.Options{
		Folder: t.TempDir(), Hub: "TimerHub", Environ: []string{}, Settings: &extension.AppSettings{}, Logger: slog.New(slog.DiscardHandler), Triggers: triggers,
		Open: func(_ context.Context, _ extension.Store, log *slog.Logger) (backend.Backend, error) {
			a, err := account.Open(connection, account.Options{Transport: m.transport, Worker: name})
			if err != nil {
				return nil, err
			}
			return azurestorage.Open(azurestorage.Options{Account: a, Hub: "timerhub", Worker: name, Logger: log})
		},
	}
	if m.Extension, err = extension.Initialize(standIns(), o); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *member) leave(t *testing.T) {
	t.Helper()
	if err := m.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// crash ends the worker as a kill does: nothing it does reaches the account any more.
func (m *member) crash() {
	m.transport.Crash()
	_ = m.Stop(context.Background()) // can't do anything any more
}

// Of two workers one runs a timer. If it is killed, in the middle of a run as well, the other goes on within a minute.
func TestTimersOfTwoWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := azuretest.New(azuretest.Options{})
		var d diary
		hangs := make(chan struct{})
		tick := func(name string) bindings.Trigger {
			return bindings.Timer("Tick", bindings.Schedule{Cron: "0 */5 * * * *"}, func(ctx context.Context, timer *bindings.TimerInfo, c *bindings.DurableClient) error {
				d.writef("%s%s", name, about(timer, c))
				select {
				case hangs <- struct{}{}:
					<-ctx.Done()
					return ctx.Err()
				default:
					return nil
				}
			})
		}
		workers := map[string]*member{}
		for _, name := range []string{"a", "b"} {
			workers[name] = join(t, service, name, tick(name))
		}
		// runner waits for an occurrence and returns whose it was. There is exactly one, at the time given or up to a minute later.
		runner := func(at string) string {
			t.Helper()
			due, err := time.Parse(time.DateTime, "2000-01-01 "+at)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(due.Add(time.Minute)))
			runs := d.read()
			if len(runs) != 1 {
				t.Fatalf("at %s the runs are %q, want one", at, runs)
			}
			began, err := time.Parse("2006-01-02 15:04:05", "2000-01-"+runs[0][:11])
			if err != nil || began.Before(due) {
				t.Fatalf("at %s the run is %s", at, runs[0])
			}
			t.Log(runs[0])
			return strings.Fields(runs[0])[2]
		}
		if runner("00:05:00") != runner("00:10:00") {
			t.Log("the second run was another worker's than the first")
		}
		victim := runner("00:15:00")
		workers[victim].crash()
		workers[victim] = join(t, service, victim+"2", tick(victim+"2"))
		runner("00:20:00")

		// Now one is killed in the middle of a run.
		<-hangs
		var killed string
		for _, run := range d.read() {
			killed = strings.Fields(run)[2]
		}
		begin := time.Now()
		for name, w := range workers {
			if w.name == killed {
				w.crash()
				delete(workers, name)
			}
		}
		time.Sleep(time.Minute)
		runs := d.read()
		if len(runs) != 1 || strings.Fields(runs[0])[2] == killed {
			t.Errorf("%v after the kill at %v of %s the runs are %q, want one of the other", time.Since(begin), begin, killed, runs)
		}
		for _, w := range workers {
			w.leave(t)
		}
	})
}
