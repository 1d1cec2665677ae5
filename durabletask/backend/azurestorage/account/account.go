package account

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// Options say how an account is opened. The zero value is the real world.
type Options struct {
	// Environment is where time, jitter and the order of requests come from.
	Environment backend.Environment
	// Worker names this worker to the gate of the environment.
	Worker string
	// Transport makes the requests in place of the network. Tests have one.
	Transport policy.Transporter
	// Logger hears of requests that are repeated; nil for silence.
	Logger *slog.Logger
	// OnRequest, if set, is called after each request, on the goroutine that made it.
	OnRequest func(Sample)
}

// Sample is what a request cost.
type Sample struct {
	// Kind is what the request was for, as in [Error].
	Kind string
	// Status is the HTTP status, or 0 if no answer came.
	Status int
	// Sent and Received are the bytes of the bodies.
	Sent, Received int
	// Duration is from behind the gate until the answer was read.
	Duration time.Duration
}

// Account is an open storage account. Close it when no request is under way any more.
type Account struct {
	connection Connection
	options    Options
	env        *backend.Environment
	clients    clients
	transport  *http.Transport // nil if it is not ours
	clock      serviceClock
}

// Open makes an account of a connection. It makes no request: whether account and key are right shows with the first.
func Open(c Connection, o Options) (*Account, error) {
	if c.proof == nil {
		return nil, errors.New("open storage account: the connection is empty: make one with ParseConnectionString or FromSettings")
	}
	a := &Account{connection: c, options: o, env: &o.Environment}
	if a.options.Logger == nil {
		a.options.Logger = slog.New(slog.DiscardHandler)
	}
	if a.options.Transport == nil {
		a.transport = newTransport(c.emulator)
		a.options.Transport = newClient(a.transport)
	}
	var err error
	if a.clients, err = a.newClients(); err != nil {
		return nil, fmt.Errorf("open storage account: %w", err)
	}
	return a, nil
}

// Close ends idle connections.
func (a *Account) Close() {
	if a.transport != nil {
		a.transport.CloseIdleConnections()
	}
}

// Connection returns what the account was opened with.
func (a *Account) Connection() Connection { return a.connection }

// Queue gives access to a queue, whether it exists or not.
func (a *Account) Queue(name string) *Queue {
	return &Queue{a, name, a.clients.queues.NewQueueClient(name)}
}

// Table gives access to a table, whether it exists or not.
func (a *Account) Table(name string) *Table { return &Table{a, name, a.clients.tables.NewClient(name)} }

// Container gives access to a container of blobs, whether it exists or not.
func (a *Account) Container(name string) *Container {
	return &Container{a, name, a.clients.blobs.NewContainerClient(name)}
}
