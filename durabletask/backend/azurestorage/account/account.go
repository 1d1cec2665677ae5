package account

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

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
	// Duration is from before the gate was passed until the answer was read.
	Duration time.Duration
}

// Account is an open storage account. Close it when no request is under way any more.
type Account struct {
	connection Connection
	options    Options
	env        *backend.Environment
	pipeline   runtime.Pipeline
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
	a.pipeline = a.newPipeline()
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
func (a *Account) Queue(name string) *Queue { return &Queue{a, name} }

// Table gives access to a table, whether it exists or not.
func (a *Account) Table(name string) *Table { return &Table{a, name} }

// Container gives access to a container of blobs, whether it exists or not.
func (a *Account) Container(name string) *Container { return &Container{a, name} }

// newPipeline chains what every request passes: the gate, the proof of who we are, the transport.
func (a *Account) newPipeline() runtime.Pipeline {
	options := runtime.PipelineOptions{PerCall: []policy.Policy{gate{a}}}
	switch p := a.connection.proof; {
	case p.credential != nil:
		options.PerRetry = append(options.PerRetry, runtime.NewBearerTokenPolicy(p.credential, []string{tokenScope}, nil))
	case p.key != nil:
		options.PerRetry = append(options.PerRetry, newSharedKey(a.connection.accountName, p.key, a.env))
	}
	return runtime.NewPipeline("azdurable", "", options, &policy.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{Disabled: true},
		Transport: reached{a.options.Transport},
	})
}

// tokenScope is what a token must be good for.
const tokenScope = "https://storage.azure.com/.default"

// gate lets the environment decide when a request is made.
type gate struct{ a *Account }

// Do waits at the gate.
func (g gate) Do(r *policy.Request) (*http.Response, error) {
	if g.a.env.Gate != nil {
		ctx := r.Raw().Context()
		sent, _ := ctx.Value(attemptKey{}).(*attempt)
		err := g.a.env.Enter(ctx, backend.Request{
			Worker: g.a.options.Worker, Kind: sent.request.kind, Key: sent.request.key(), Body: string(sent.request.body),
		})
		if err != nil {
			return nil, err
		}
	}
	return r.Next()
}

// attempt is one try of a request.
type attempt struct {
	request *request
	reached bool // the transport was asked to send it
}

type attemptKey struct{}

func withAttempt(ctx context.Context, t *attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, t)
}

// reached notes that a request got as far as the transport. What fails before that surely did not happen.
type reached struct{ policy.Transporter }

// Do makes the request.
func (t reached) Do(r *http.Request) (*http.Response, error) {
	if sent, ok := r.Context().Value(attemptKey{}).(*attempt); ok {
		sent.reached = true
	}
	return t.Transporter.Do(r)
}
