package lease

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/internal/azuretest"
)

const testHub = "Hub1"

// world is a storage account, the workers on it, and an observer of who receives what.
type world struct {
	t       *testing.T
	service *azuretest.Service
	manager Manager

	mu     sync.Mutex
	holder map[string]string // partition: the worker that receives from it or still works on it
	events []string
	start  time.Time
	others bool // two workers may have one partition (legacy manager)
}

func newWorld(t *testing.T, m Manager) *world {
	t.Helper()
	return &world{
		t: t, manager: m, service: azuretest.New(azuretest.Options{}), holder: map[string]string{}, start: time.Now(), others: m == Legacy,
	}
}

// bubble runs a test under virtual time.
func bubble(t *testing.T, m Manager, test func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t, m)) })
}

// clock is a machine's clock that goes wrong by skew.
type clock struct {
	mu   sync.Mutex
	skew time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.skew)
}

func (c *clock) set(skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = skew
}

// worker is a worker and its receiver.
type worker struct {
	w         *world
	name      string
	clock     *clock
	transport *azuretest.Transport
	account   *account.Account
	env       backend.Environment
	owners    Owners
	work      time.Duration // how long a drain takes
	faulty    bool          // the hub's creation may have to be repeated

	mu     sync.Mutex
	mine   map[string]string // partition: received, drained
	drains []Reason
	lostAt []time.Time
}

type option func(*worker, *Options)

func skewed(d time.Duration) option   { return func(w *worker, _ *Options) { w.clock.skew = d } }
func drainsIn(d time.Duration) option { return func(w *worker, _ *Options) { w.work = d } }
func on(m Machine, id string) option {
	return func(_ *worker, o *Options) { o.Machine, o.Worker = m, id }
}
func partitions(n int) option { return func(_ *worker, o *Options) { o.Partitions = n } }
func faulty() option          { return func(w *worker, _ *Options) { w.faulty = true } }

// worker makes a worker that is not started.
func (w *world) worker(name string, options ...option) *worker {
	w.t.Helper()
	k := &worker{w: w, name: name, clock: &clock{}, mine: map[string]string{}}
	k.transport = w.service.Transport(azuretest.ClientOptions{Name: name})
	o := Options{Hub: testHub, Worker: name, Environment: backend.Environment{Clock: k.clock}}
	if testing.Verbose() && os.Getenv("LEASE_LOG") != "" {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("worker", name)
	}
	for _, change := range options {
		change(k, &o)
	}
	c, err := account.ParseConnectionString(w.service.ConnectionString())
	if err != nil {
		w.t.Fatal(err)
	}
	k.env = o.Environment
	k.account, err = account.Open(c, account.Options{Environment: o.Environment, Worker: name, Transport: k.transport})
	if err != nil {
		w.t.Fatal(err)
	}
	o.Account = k.account
	k.owners, err = New(w.manager, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// run makes a worker, the hub, and starts it. The worker is stopped at the end if it has not been.
func (w *world) run(name string, options ...option) *worker {
	w.t.Helper()
	k := w.worker(name, options...)
	k.start()
	return k
}

func (k *worker) start() {
	k.w.t.Helper()
	err := k.owners.EnsureCreated(k.w.t.Context())
	if err != nil && k.faulty {
		err = k.owners.EnsureCreated(k.w.t.Context())
	}
	if err != nil {
		k.w.t.Fatal(err)
	}
	k.owners.Start(k.w.t.Context(), k)
	k.w.t.Cleanup(k.kill)
}

// stop stops the worker as a clean shutdown does.
func (k *worker) stop() {
	k.w.t.Helper()
	if err := k.owners.Stop(k.w.t.Context(), Stopping); err != nil {
		k.w.t.Errorf("%s: stop: %v", k.name, err)
	}
}

// kill ends the worker without a further request.
func (k *worker) kill() {
	k.transport.Crash()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = k.owners.Stop(ctx, Stopping)
}

// Acquired, Drain and Lost are the receiver.
func (k *worker) Acquired(partition string) {
	k.w.note(k.name, "acquired", partition)
	k.mu.Lock()
	if was := k.mine[partition]; was != "" {
		k.w.t.Errorf("%s: %s: acquired although %s", k.name, partition, was)
	}
	k.mine[partition] = "received"
	k.mu.Unlock()
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	if other := k.w.holder[partition]; other != "" && !k.w.others {
		k.w.t.Errorf("%s: %s: acquired although %s has it", k.name, partition, other)
	}
	k.w.holder[partition] = k.name
}

func (k *worker) Drain(ctx context.Context, partition string, why Reason) error {
	k.w.note(k.name, "drain", partition)
	k.mu.Lock()
	if was := k.mine[partition]; was != "received" {
		k.w.t.Errorf("%s: %s: drained although %q", k.name, partition, was)
	}
	k.drains = append(k.drains, why)
	k.mine[partition] = "drained"
	k.mu.Unlock()
	if k.work > 0 {
		timer := time.NewTimer(k.work)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	k.w.note(k.name, "drained", partition)
	k.gone(partition)
	return nil
}

func (k *worker) Lost(partition string) {
	k.w.note(k.name, "lost", partition)
	k.mu.Lock()
	k.lostAt = append(k.lostAt, time.Now())
	k.mu.Unlock()
	k.gone(partition)
}

func (k *worker) gone(partition string) {
	k.mu.Lock()
	k.mine[partition] = ""
	k.mu.Unlock()
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	if k.w.holder[partition] == k.name {
		k.w.holder[partition] = ""
	}
}

// has returns the numbers of the partitions that the worker receives from, in order.
func (k *worker) has() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []string
	for partition, state := range k.mine {
		if state == "received" {
			names = append(names, partition[strings.LastIndexByte(partition, '-')+1:])
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (k *worker) losses() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.lostAt)
}

func (w *world) note(worker, event, partition string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, fmt.Sprintf("%6.1f %s %s %s", time.Since(w.start).Seconds(), worker, event, partition))
}

// after lets virtual time pass.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// expect compares what each worker has with pairs of worker and text.
func (w *world) expect(want map[*worker]string) {
	w.t.Helper()
	for k, text := range want {
		if got := k.has(); got != text {
			w.t.Errorf("%s receives from %q, want %q\n%s", k.name, got, text, w.story())
		}
	}
}

func (w *world) story() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := strings.Join(w.events, "\n")
	if os.Getenv("LEASE_LOG") != "" {
		for _, r := range w.service.Log() {
			text += "\n" + r.String()
		}
	}
	return text
}

// spread fails unless the workers have so many partitions each, and all together.
func (w *world) spread(counts []int, workers ...*worker) {
	w.t.Helper()
	var got []int
	for _, k := range workers {
		got = append(got, len(strings.Fields(k.has())))
	}
	slices.Sort(got)
	if !slices.Equal(got, counts) {
		w.t.Errorf("workers have %v partitions, want %v\n%s", got, counts, w.story())
	}
}
