package azurestorage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// workOn starts a worker with options on an account.
func workOn(t *testing.T, service *azuretest.Service, name string, change func(*azurestorage.Options)) (*hub, *durabletask.Worker) {
	t.Helper()
	h := openHub(t, service, azuretest.ClientOptions{Name: name}, change)
	if err := h.CreateTaskHub(context.Background()); err != nil {
		t.Fatal(err)
	}
	w := durabletask.NewWorker(helloApp(), h.Backend, durabletask.WorkerOptions{Logger: h.options.Logger})
	if err := w.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return h, w
}

func hello(t *testing.T, c *durabletask.Client, id string, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if _, err := c.Schedule(ctx, "Hello5", nil, durabletask.InstanceID(id)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Wait(ctx, id)
	if err != nil || s.Output == nil || *s.Output != helloOutput {
		t.Fatalf("%s: %+v, %v", id, s, err)
	}
}

// Hubs work with every manager, in Base64, with one partition and with sixteen, without app lease, and with tables elsewhere.
func TestOptions(t *testing.T) {
	t.Parallel()
	tracking := azuretest.New(azuretest.Options{Account: "tracking"})
	for name, change := range map[string]func(*azurestorage.Options){
		"safe manager":      func(o *azurestorage.Options) { o.Manager = lease.Safe },
		"legacy manager":    func(o *azurestorage.Options) { o.Manager = lease.Legacy },
		"base64":            func(o *azurestorage.Options) { o.Base64 = true },
		"one partition":     func(o *azurestorage.Options) { o.Partitions = 1 },
		"16 partitions":     func(o *azurestorage.Options) { o.Partitions = 16 },
		"without app lease": func(o *azurestorage.Options) { o.WithoutAppLease = true },
		"small buffers":     func(o *azurestorage.Options) { o.BufferThreshold, o.BatchSize, o.LookAhead = 1, 1, 1 },
		"no sessions":       func(o *azurestorage.Options) { o.SessionLimit = -1 },
		"tracking account": func(o *azurestorage.Options) {
			connection, err := account.ParseConnectionString(tracking.ConnectionString())
			if err != nil {
				t.Error(err)
			}
			o.Tracking, err = account.Open(connection, account.Options{Transport: tracking.Transport(azuretest.ClientOptions{Name: "tracking"})})
			if err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, w := workOn(t, azuretest.New(azuretest.Options{}), "w", change)
				hello(t, w.Client(), "early", time.Minute)
				hello(t, w.Client(), "again", 10*time.Second)
				if err := w.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	connection, err := account.ParseConnectionString(azuretest.New(azuretest.Options{}).ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	a, err := account.Open(connection, account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]azurestorage.Options{
		"no account": {Hub: "hub"},
		"no hub":     {Account: a},
		"dashes":     {Account: a, Hub: "a-b"},
		"short":      {Account: a, Hub: "ab"},
		"partitions": {Account: a, Hub: "hub", Partitions: 17},
		"batch size": {Account: a, Hub: "hub", BatchSize: 33},
		"visibility": {Account: a, Hub: "hub", ControlVisibility: time.Millisecond},
	} {
		if _, err := azurestorage.Open(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// An application that takes the hub over runs what is there, its activities included; the other one stops, and comes back when it can.
func TestAppLeaseTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		service := azuretest.New(azuretest.Options{})
		_, one := workOn(t, service, "one", func(o *azurestorage.Options) { o.AppName = "one" })
		time.Sleep(3 * time.Second)
		hello(t, one.Client(), "first", 10*time.Second)
		h, two := workOn(t, service, "two", func(o *azurestorage.Options) { o.AppName = "two" })
		if err := h.AppLease().TakeOver(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		service.ResetLog()
		hello(t, two.Client(), "second", 10*time.Second)
		for _, r := range service.Log() {
			if r.Client == "one" && r.Op == azuretest.OpGetMessages {
				t.Errorf("the application that has lost the hub receives: %v", r)
			}
		}
		if err := two.Stop(ctx); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Minute)
		hello(t, one.Client(), "third", 10*time.Second)
		if err := one.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}
