package azurestorage_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// hub is a task hub on a storage account in memory, with one worker.
type hub struct {
	*azurestorage.Backend
	service   *azuretest.Service
	transport *azuretest.Transport
	options   azurestorage.Options
	stop      func(context.Context) error // of the worker on top
}

// openHub opens a worker on the account.
func openHub(tb testing.TB, service *azuretest.Service, client azuretest.ClientOptions, change ...func(*azurestorage.Options)) *hub {
	tb.Helper()
	transport := service.Transport(client)
	connection, err := account.ParseConnectionString(service.ConnectionString())
	if err != nil {
		tb.Fatal(err)
	}
	o := azurestorage.Options{Hub: "testhub", Worker: client.Name, Logger: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&o)
	}
	o.Account, err = account.Open(connection, account.Options{Environment: o.Environment, Transport: transport, Worker: client.Name})
	if err != nil {
		tb.Fatal(err)
	}
	b, err := azurestorage.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	return &hub{Backend: b, service: service, transport: transport, options: o}
}

// again opens another worker on the account of a hub whose worker has crashed.
func (h *hub) again(t *testing.T, name string, env backend.Environment) *hub {
	t.Helper()
	h.transport.Crash()
	_ = h.Stop(context.Background()) // can't do anything any more
	return openHub(t, h.service, azuretest.ClientOptions{Name: name}, func(o *azurestorage.Options) {
		*o = h.options
		o.Environment, o.Worker = env, name
	})
}

// settle is longer than anything that a crash leaves stays hidden.
const settle = 2 * time.Minute
