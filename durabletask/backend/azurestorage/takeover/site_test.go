package takeover_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/recorded"
)

// site is a storage account with a recorded hub, or an empty one, and our worker on it.
type site struct {
	t *testing.T
	settings
	connection string
	transport  policy.Transporter // nil for the network
	worker     *durabletask.Worker
	client     *durabletask.Client
	account    *account.Account
	backend    *azurestorage.Backend
	flaky      recorded.Calls
	days       bool // the worker runs for days: it looks around less often, as nobody wants to wait for that
	buffer     time.Duration
	workers    int
	log        bytes.Buffer
}

// open makes the client. The worker starts with start.
func (s *site) open() {
	s.t.Helper()
	connection, err := account.ParseConnectionString(s.connection)
	if err != nil {
		s.t.Fatal(err)
	}
	s.workers++
	name := fmt.Sprintf("worker-%d", s.workers)
	s.account, err = account.Open(connection, account.Options{Transport: s.transport, Worker: name})
	if err != nil {
		s.t.Fatal(err)
	}
	o := azurestorage.Options{
		Account: s.account, Hub: s.Hub, Partitions: s.Partitions, Manager: s.manager, Worker: name, AppName: s.AppName,
		WithoutAppLease: s.AppLease != nil && !*s.AppLease, Logger: s.logger(),
	}
	if s.days {
		o.MaxPolling = time.Hour
		o.Leases = lease.Options{AcquireInterval: time.Hour, LeaseInterval: 3 * time.Hour}
		o.WithoutAppLease = true
	}
	s.backend, err = azurestorage.Open(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.client = durabletask.NewClient(s.backend, nil, durabletask.ClientOptions{})
}

func (s *site) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// start starts the worker, with the functions behind the recordings.
func (s *site) start() {
	s.t.Helper()
	app := recorded.DTFx(recorded.DTFxOptions{Flaky: &s.flaky, Buffer: s.buffer, Worker: "w1"})
	if s.extension {
		app = recorded.Functions(recorded.FunctionsOptions{Flaky: &s.flaky, Target: target{}})
	}
	s.worker = durabletask.NewWorker(app, s.backend, durabletask.WorkerOptions{
		Logger: s.logger(), StoreInputs: s.Inputs, SerializeExceptions: s.Errors != "details", Orchestrations: 20, Activities: 20, Entities: 20,
	})
	ctx := context.Background()
	if err := s.backend.CreateTaskHub(ctx); err != nil {
		s.t.Fatal(err)
	}
	if err := s.worker.Start(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// stop stops the worker, if there is one.
func (s *site) stop() {
	s.t.Helper()
	if s.worker == nil {
		return
	}
	if err := s.worker.Stop(context.Background()); err != nil {
		s.t.Error(err)
	}
	s.worker = nil
}

// close ends worker and client. It may be called again.
func (s *site) close() {
	s.t.Helper()
	s.stop()
	if s.backend == nil {
		return
	}
	if err := s.backend.Stop(context.Background()); err != nil {
		s.t.Error(err)
	}
	s.account.Close()
	s.backend = nil
	if s.t.Failed() && s.log.Len() > 0 {
		s.t.Logf("the worker said:\n%s", s.log.String())
	}
}

// target answers the durable HTTP calls of the recordings.
type target struct{}

func (target) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	header := http.Header{
		"Date": {"Mon, 23 Nov 2026 17:37:19 GMT"}, "Server": {"Kestrel"}, "Transfer-Encoding": {"chunked"}, "Content-Type": {"application/json"},
	}
	header.Del("Content-Type") // the extension has it elsewhere
	return &http.Response{
		StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(`{"a":1}`)), Request: r,
	}, nil
}

// blobService is what URLs of blobs begin with in recordings that don't say where their blobs were.
var blobService = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/devstoreaccount1`)

// state reads a recorded state, for an account whose blobs are at an endpoint, in a hub of a name.
func (r *recording) state(t *testing.T, file, endpoint, hub string) *azuretest.State {
	t.Helper()
	data, err := r.read(file)
	if err != nil {
		t.Fatal(err)
	}
	if r.settings.extension {
		data = blobService.ReplaceAllLiteral(data, []byte(endpoint))
	}
	if hub != r.settings.Hub {
		data = []byte(strings.NewReplacer(r.settings.Hub, hub, strings.ToLower(r.settings.Hub), strings.ToLower(hub)).Replace(string(data)))
	}
	state, err := azuretest.ParseState(data, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return state
}
