package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(main{m}) }

// main ends the emulator before anybody looks for what goes on running.
type main struct{ *testing.M }

// Run runs the tests.
func (m main) Run() int {
	code := m.M.Run()
	if err := azurite.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// turnstile notes who waits, and lets them pass when told.
type turnstile struct {
	mu      sync.Mutex
	waiting []backend.Request
	open    chan struct{}
}

// Enter waits.
func (s *turnstile) Enter(ctx context.Context, r backend.Request) error {
	s.mu.Lock()
	s.waiting = append(s.waiting, r)
	s.mu.Unlock()
	select {
	case <-s.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Every request waits at the gate, each try anew, however long that takes; and it says what it is.
func TestGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &turnstile{open: make(chan struct{})}
		f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return answer(r, 429, ""), nil
			}
			return answer(r, 201, messageList(1, "")), nil
		}}
		c, err := ParseConnectionString("AccountName=acct;SharedAccessSignature=" + testSAS)
		check(t, "parse", err)
		a := openAt(t, c, f, func(o *Options) { o.Environment.Gate = s })
		done := make(chan error)
		go func() {
			_, err := a.Queue("q").Put(backend.WithLoop(t.Context(), "loop"), []byte("{}"), time.Second, NeverExpires)
			done <- err
		}()
		synctest.Wait()
		if f.count() != 0 {
			t.Error("made before the gate opened")
		}
		time.Sleep(tryLimit + time.Hour)
		close(s.open)
		check(t, "put", <-done)
		want := backend.Request{
			Worker: "w", Loop: "loop", Kind: "put message", Key: "POST queue/q/messages?messagettl=-1&visibilitytimeout=1",
			Body: "<QueueMessage><MessageText>{}</MessageText></QueueMessage>",
		}
		if diff := cmp.Diff([]backend.Request{want, want}, s.waiting); diff != "" {
			t.Error(diff)
		}
		// Who gives up at the gate has surely changed nothing.
		s.open = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		n := f.count()
		if _, err := a.Queue("q").Put(ctx, []byte("{}"), 0, 0); Ambiguous(err) || !errors.Is(err, context.DeadlineExceeded) || f.count() != n {
			t.Errorf("gave up at the gate: %v", err)
		}
	})
}

// The gate finds the same order and the same jitter each time.
func TestSameSeedSameWaits(t *testing.T) {
	t.Parallel()
	run := func() (waits []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			f := &fake{answer: func(_ int, r *http.Request) (*http.Response, error) {
				waits = append(waits, time.Since(start))
				return answer(r, 503, ""), nil
			}}
			if _, err := open(t, f).Queue("q").Create(t.Context()); !Throttled(err) {
				t.Error(err)
			}
		})
		return waits
	}
	first := run()
	if diff := cmp.Diff(first, run()); diff != "" || len(first) < 8 {
		t.Errorf("%d tries: %s", len(first), diff)
	}
}

func TestServiceClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		skew := 42*time.Second + 300*time.Millisecond
		f := &fake{answer: func(_ int, r *http.Request) (*http.Response, error) {
			time.Sleep(20 * time.Millisecond) // on the way
			return answer(r, 201, "", "Date", time.Now().Add(skew).UTC().Format(http.TimeFormat)), nil
		}}
		a := open(t, f)
		if _, known := a.ClockOffset(); known || !a.ServiceNow().Equal(a.env.Now()) {
			t.Error("the clock is known before it was heard")
		}
		near := func(within time.Duration) {
			t.Helper()
			if offset, known := a.ClockOffset(); !known || (offset-skew).Abs() > within {
				t.Errorf("the service is %s ahead, want %s", offset, skew)
			}
			if off := a.ServiceNow().Sub(time.Now().Add(skew)).Abs(); off > within {
				t.Errorf("the service's time is off by %s", off)
			}
		}
		hear := func() {
			t.Helper()
			_, err := a.Queue("q").Create(t.Context())
			check(t, "create", err)
		}
		hear()
		near(600 * time.Millisecond)
		for range 30 {
			time.Sleep(70 * time.Millisecond)
			hear()
		}
		near(60 * time.Millisecond)
		skew = -time.Hour // somebody sets the clock
		hear()
		near(600 * time.Millisecond)
	})
}

func TestSamples(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []Sample
		f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
			time.Sleep(3 * time.Millisecond)
			if n == 0 {
				return nil, errRefused
			}
			return answer(r, 200, `{"value":[]}`), nil
		}}
		c, err := ParseConnectionString(testConnection)
		check(t, "parse", err)
		a := openAt(t, c, f, func(o *Options) { o.OnRequest = func(s Sample) { got = append(got, s) } })
		_, err = a.Table("T").Query(t.Context(), Query{})
		check(t, "query", err)
		want := []Sample{
			{Kind: "query rows", Duration: 3 * time.Millisecond},
			{Kind: "query rows", Status: 200, Received: 12, Duration: 3 * time.Millisecond},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOpenNeedsAConnection(t *testing.T) {
	t.Parallel()
	if _, err := Open(Connection{}, Options{}); err == nil || !strings.Contains(err.Error(), "ParseConnectionString") {
		t.Error(err)
	}
}

// Connections to an emulator are closed before it closes them; many are kept; and who is asked to go elsewhere does not.
func TestTransport(t *testing.T) {
	t.Parallel()
	if tr := newTransport(true); tr.IdleConnTimeout != 4*time.Second || tr.MaxIdleConnsPerHost != 256 || !tr.DisableCompression {
		t.Errorf("%+v", tr)
	}
	if tr := newTransport(false); tr.IdleConnTimeout <= idleTimeoutEmulator {
		t.Errorf("idle for %s", tr.IdleConnTimeout)
	}
	elsewhere := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			elsewhere++
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	c := Connection{accountName: "acct", proof: &proof{key: []byte("k")}, endpoints: [services]string{s.URL, s.URL, s.URL}}
	a, err := Open(c, Options{})
	check(t, "open", err)
	t.Cleanup(a.Close)
	if _, err := a.Queue("q").Create(t.Context()); as(err).Status != http.StatusTemporaryRedirect || elsewhere > 0 {
		t.Errorf("followed %d times: %v", elsewhere, err)
	}
}

// Over real sockets, in parallel, with bodies of every size.
func TestOverSockets(t *testing.T) {
	t.Parallel()
	emulated := azuretest.New(azuretest.Options{})
	var addresses [services]string
	for s, kind := range map[service]azuretest.Kind{blobService: azuretest.Blob, queueService: azuretest.Queue, tableService: azuretest.Table} {
		server := httptest.NewServer(emulated.Handler(kind))
		t.Cleanup(server.Close)
		addresses[s] = server.URL + "/" + emulated.Account()
	}
	c, err := ParseConnectionString(azuretest.ConnectionString(emulated.Account(), emulated.Key(), addresses[blobService], addresses[queueService], addresses[tableService]))
	check(t, "parse", err)
	if !c.Emulator() {
		t.Error("this machine's is not taken for an emulator")
	}
	a, err := Open(c, Options{})
	check(t, "open", err)
	t.Cleanup(a.Close)
	ctx := t.Context()
	_, err = a.Queue("hub-1").Create(ctx)
	check(t, "create queue", err)
	_, err = a.Container("hub-1").Create(ctx)
	check(t, "create container", err)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			content := strings.Repeat("x", i*10_000)
			b := a.Container("hub-1").Blob(strings.Repeat("b", i+1))
			if _, err := b.Put(ctx, []byte(content), PutOptions{IfAbsent: true}); err != nil {
				t.Error(err)
			}
			if got, err := b.Get(ctx); err != nil || string(got.Content) != content {
				t.Errorf("%d bytes, %v", len(got.Content), err)
			}
			receipt, err := a.Queue("hub-1").Put(ctx, []byte("{}"), time.Minute, NeverExpires)
			if err != nil {
				t.Error(err)
			}
			if err := a.Queue("hub-1").DeleteMessage(ctx, receipt.MessageID, receipt.PopReceipt); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
