package account

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
)

var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

// calls are requests of every manner, with the answer that each takes for success.
var calls = []struct {
	name   string
	do     func(context.Context, *Account) error
	status int
	body   string
	header []string
	repeat bool
	writes bool
}{
	{name: "create queue", repeat: true, writes: true, status: 201, do: func(ctx context.Context, a *Account) error { _, err := a.Queue("q").Create(ctx); return err }},
	{name: "delete queue", repeat: true, writes: true, status: 204, do: func(ctx context.Context, a *Account) error { _, err := a.Queue("q").Delete(ctx); return err }},
	{name: "queue length", repeat: true, status: 200, header: []string{"X-Ms-Approximate-Messages-Count", "3"}, do: func(ctx context.Context, a *Account) error { _, err := a.Queue("q").Length(ctx); return err }},
	{name: "clear queue", repeat: true, writes: true, status: 204, do: func(ctx context.Context, a *Account) error { return a.Queue("q").Clear(ctx) }},
	{name: "peek", repeat: true, status: 200, body: `<QueueMessagesList />`, do: func(ctx context.Context, a *Account) error { _, err := a.Queue("q").Peek(ctx, 1); return err }},
	{name: "put message", writes: true, status: 201, body: messageList(1, ""), do: func(ctx context.Context, a *Account) error {
		_, err := a.Queue("q").Put(ctx, []byte("{}"), 0, NeverExpires)
		return err
	}},
	{name: "receive", writes: true, status: 200, body: `<QueueMessagesList />`, do: func(ctx context.Context, a *Account) error {
		_, err := a.Queue("q").Receive(ctx, 1, time.Minute)
		return err
	}},
	{name: "update message", writes: true, status: 204, header: []string{"X-Ms-Popreceipt", "r"}, do: func(ctx context.Context, a *Account) error {
		_, err := a.Queue("q").Update(ctx, "i", "r", 0, nil)
		return err
	}},
	{name: "delete message", writes: true, status: 204, do: func(ctx context.Context, a *Account) error { return a.Queue("q").DeleteMessage(ctx, "i", "r") }},
	{name: "create table", repeat: true, writes: true, status: 204, do: func(ctx context.Context, a *Account) error { _, err := a.Table("T").Create(ctx); return err }},
	{name: "get row", repeat: true, status: 200, body: `{}`, do: func(ctx context.Context, a *Account) error {
		_, _, err := a.Table("T").Get(ctx, Key{"p", "r"})
		return err
	}},
	{name: "query", repeat: true, status: 200, body: `{"value":[]}`, do: func(ctx context.Context, a *Account) error { _, err := a.Table("T").Query(ctx, Query{}); return err }},
	{name: "insert row", writes: true, status: 204, do: func(ctx context.Context, a *Account) error {
		_, err := a.Table("T").Write(ctx, Op{Action: Insert, Key: Key{"p", "r"}, Row: []byte("{}")})
		return err
	}},
	{name: "merge row", writes: true, status: 204, do: func(ctx context.Context, a *Account) error {
		_, err := a.Table("T").Write(ctx, Op{Action: Merge, Key: Key{"p", "r"}, ETag: "e", Row: []byte("{}")})
		return err
	}},
	{name: "transaction", writes: true, status: 202, body: batchAnswer(1), do: func(ctx context.Context, a *Account) error {
		_, err := a.Table("T").Submit(ctx, []Op{{Action: Insert, Key: Key{"p", "r"}, Row: []byte("{}")}})
		return err
	}},
	{name: "create container", repeat: true, writes: true, status: 201, do: func(ctx context.Context, a *Account) error { _, err := a.Container("c").Create(ctx); return err }},
	{name: "list blobs", repeat: true, status: 200, body: `<EnumerationResults/>`, do: func(ctx context.Context, a *Account) error {
		_, err := a.Container("c").List(ctx, "", "", 0)
		return err
	}},
	{name: "put blob", writes: true, status: 201, do: func(ctx context.Context, a *Account) error {
		_, err := a.Container("c").Blob("b").Put(ctx, nil, PutOptions{IfAbsent: true})
		return err
	}},
	{name: "get blob", repeat: true, status: 200, do: func(ctx context.Context, a *Account) error { _, err := a.Container("c").Blob("b").Get(ctx); return err }},
	{name: "delete blob", repeat: true, writes: true, status: 202, do: func(ctx context.Context, a *Account) error {
		_, err := a.Container("c").Blob("b").Delete(ctx, "")
		return err
	}},
	{name: "acquire lease", repeat: true, writes: true, status: 201, do: func(ctx context.Context, a *Account) error {
		_, err := a.Container("c").Lease().Acquire(ctx, "id", MaxLease)
		return err
	}},
	{name: "renew lease", repeat: true, writes: true, status: 200, do: func(ctx context.Context, a *Account) error {
		_, err := a.Container("c").Lease().Renew(ctx, "id")
		return err
	}},
	{name: "release lease", writes: true, status: 200, do: func(ctx context.Context, a *Account) error { return a.Container("c").Lease().Release(ctx, "id") }},
}

// hang lets a request wait for an answer that doesn't come.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, &url.Error{Op: "Put", URL: r.URL.String(), Err: r.Context().Err()}
}

// Each call is made twice: the first answer is a failure, the second a success. What may be repeated is, and so is what surely did not
// happen; everything else fails at once and says that it may have taken effect.
func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	for _, failure := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		sure   bool // surely nothing happened
	}{
		{name: "no connection", sure: true, answer: func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Put", URL: r.URL.String(), Err: errRefused}
		}},
		{name: "no such host", sure: true, answer: func(*http.Request) (*http.Response, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "acct.queue.core.windows.net", IsNotFound: true}
		}},
		{name: "429", sure: true, answer: func(r *http.Request) (*http.Response, error) { return answer(r, 429, "", "Retry-After", "2"), nil }},
		{name: "503", answer: func(r *http.Request) (*http.Response, error) {
			return answer(r, 503, "", "X-Ms-Error-Code", "ServerBusy"), nil
		}},
		{name: "500", answer: func(r *http.Request) (*http.Response, error) {
			return answer(r, 500, "", "X-Ms-Error-Code", "OperationTimedOut"), nil
		}},
		{name: "408", answer: func(r *http.Request) (*http.Response, error) { return answer(r, 408, ""), nil }},
		{name: "connection lost", answer: func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Put", URL: r.URL.String(), Err: io.EOF}
		}},
		{name: "answer cut short", answer: func(r *http.Request) (*http.Response, error) {
			a := answer(r, 200, "")
			a.Body = io.NopCloser(io.MultiReader(strings.NewReader("<"), broken{}))
			return a, nil
		}},
		{name: "no answer", answer: hang},
	} {
		for _, call := range calls {
			t.Run(failure.name+"/"+call.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
						if n == 0 {
							return failure.answer(r)
						}
						return answer(r, call.status, call.body, call.header...), nil
					}}
					err := call.do(t.Context(), open(t, f))
					if call.repeat || failure.sure {
						if err != nil || f.count() != 2 {
							t.Errorf("%d requests and error %v, want 2 and none", f.count(), err)
						}
						return
					}
					if f.count() != 1 || !Transient(err) || !Ambiguous(err) {
						t.Errorf("%d requests and error %v (transient %t, ambiguous %t), want 1 and a transient, ambiguous one",
							f.count(), err, Transient(err), Ambiguous(err))
					}
				})
			})
		}
	}
}

// broken is a body that breaks off.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What the service refuses for good is never repeated, and never ambiguous.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 409, 411, 412, 413, 416, 501, 505} {
		for _, call := range calls {
			f := always(status)
			err := call.do(t.Context(), open(t, f))
			if f.count() != 1 || err == nil || Transient(err) || Ambiguous(err) && status < 500 {
				t.Errorf("%s, %d: %d requests and error %v (transient %t, ambiguous %t), want 1 and a definite refusal",
					call.name, status, f.count(), err, Transient(err), Ambiguous(err))
			}
		}
	}
}

// A call that may be repeated outlives a short outage, and gives up after a while in a long one.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		lasts   time.Duration
		answer  func(*http.Request) (*http.Response, error)
		success bool
	}{
		{"short", 15 * time.Second, func(r *http.Request) (*http.Response, error) { return answer(r, 503, ""), nil }, true},
		{"long", 5 * time.Minute, func(r *http.Request) (*http.Response, error) { return answer(r, 503, ""), nil }, false},
		{"dead line", 5 * time.Minute, hang, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				f := &fake{answer: func(_ int, r *http.Request) (*http.Response, error) {
					if time.Since(start) < tc.lasts {
						return tc.answer(r)
					}
					return answer(r, 200, `{"value":[]}`), nil
				}}
				_, err := open(t, f).Table("T").Query(t.Context(), Query{})
				if (err == nil) != tc.success || err != nil && !errors.Is(err, backend.ErrTransient) {
					t.Errorf("error %v", err)
				}
				if d := time.Since(start); d > MaxRetry+tryLimit || f.count() > 20 || !tc.success && d < MaxRetry-maxBackoff {
					t.Errorf("gave up after %s and %d requests", d, f.count())
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const date = "a date"
		for _, tc := range []struct {
			value string
			waits time.Duration
			calls int
		}{
			{"7", 7 * time.Second, 2},
			{date, 9 * time.Second, 2},
			{"3600", 0, 1}, // longer than we stay: the caller decides
			{"-1", 0, 2},
			{"soon", 0, 2},
			{"999999999999", 0, 1},
		} {
			began := time.Now().Truncate(time.Second)
			if tc.value == date {
				tc.value = began.Add(9 * time.Second).UTC().Format(http.TimeFormat)
			}
			f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
				if n == 0 {
					return answer(r, 503, "", "Retry-After", tc.value, "Date", began.UTC().Format(http.TimeFormat)), nil
				}
				return answer(r, 200, `{}`), nil
			}}
			_, _, err := open(t, f).Table("T").Get(t.Context(), Key{"p", "r"})
			if waited := time.Since(began); f.count() != tc.calls || waited < tc.waits-time.Second || waited > tc.waits+2*time.Second {
				t.Errorf("Retry-After %s: %d requests after %s, error %v", tc.value, f.count(), waited, err)
			}
			if tc.value == "3600" && as(err).RetryAfter != time.Hour {
				t.Errorf("the caller hears to wait %s", as(err).RetryAfter)
			}
		}
	})
}

// One call that fails doesn't hold up another.
func TestOneFailureHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(_ int, r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "bad") {
				return answer(r, 503, "", "Retry-After", "20"), nil
			}
			return answer(r, 201, ""), nil
		}}
		a := open(t, f)
		failed := make(chan error)
		go func() { _, err := a.Queue("bad").Create(t.Context()); failed <- err }()
		synctest.Wait()
		start := time.Now()
		for range 100 {
			if _, err := a.Queue("good").Create(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("held up for %s", d)
		}
		if err := <-failed; !Throttled(err) {
			t.Error(err)
		}
	})
}

// The caller's context ends waiting at once. A deadline may be tried again, a cancellation not.
func TestCallerEnds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
	}{{"while the request is out", hang}, {"between tries", func(r *http.Request) (*http.Response, error) { return answer(r, 503, ""), nil }}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := open(t, &fake{answer: func(_ int, r *http.Request) (*http.Response, error) { return tc.answer(r) }})
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				start := time.Now()
				_, err := a.Queue("q").Create(ctx)
				if time.Since(start) != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) || !Transient(err) || !Ambiguous(err) {
					t.Errorf("deadline: after %s %v", time.Since(start), err)
				}
				cause := errors.New("the worker stops")
				ctx2, stop := context.WithCancelCause(t.Context())
				time.AfterFunc(5*time.Second, func() { stop(cause) })
				start = time.Now()
				_, err = a.Queue("q").Create(ctx2)
				if time.Since(start) != 5*time.Second || !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || Transient(err) || !Ambiguous(err) {
					t.Errorf("cancelled: after %s %v", time.Since(start), err)
				}
			})
		})
	}
}

// After an ambiguous try, the failure of a later one doesn't make it sure that nothing happened.
func TestAmbiguityStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return answer(r, 500, ""), nil
			}
			return nil, errRefused
		}}
		if _, err := open(t, f).Queue("q").Create(t.Context()); !Ambiguous(err) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v, ambiguous %t", err, Ambiguous(err))
		}
	})
}

// A queue of the same name that is being deleted is waited for.
func TestBeingDeleted(t *testing.T) {
	t.Parallel()
	for code, create := range map[string]func(*Account, context.Context) (bool, error){
		"QueueBeingDeleted":     func(a *Account, ctx context.Context) (bool, error) { return a.Queue("q").Create(ctx) },
		"TableBeingDeleted":     func(a *Account, ctx context.Context) (bool, error) { return a.Table("T").Create(ctx) },
		"ContainerBeingDeleted": func(a *Account, ctx context.Context) (bool, error) { return a.Container("c").Create(ctx) },
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				a := open(t, &fake{answer: func(_ int, r *http.Request) (*http.Response, error) {
					if time.Since(start) < 50*time.Second {
						return answer(r, 409, "", "X-Ms-Error-Code", code), nil
					}
					return answer(r, 201, ""), nil
				}})
				if made, err := create(a, t.Context()); !made || err != nil {
					t.Error(made, err)
				}
			})
		})
	}
}

// What is repeated is logged, without addresses.
func TestRepeatsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logger, log := lines()
		c, err := ParseConnectionString("AccountName=acct;SharedAccessSignature=" + testSAS)
		if err != nil {
			t.Fatal(err)
		}
		f := &fake{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: io.EOF}
			}
			return answer(r, 201, ""), nil
		}}
		a := openAt(t, c, f, func(o *Options) { o.Logger = logger })
		if _, err := a.Queue("q").Create(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(f.requests[1].URL.RawQuery, "sig=c2VjcmV0") {
			t.Errorf("query %q has no signature", f.requests[1].URL.RawQuery)
		}
		if text := log.String(); !strings.Contains(text, `resource="queue \"q\""`) || strings.Contains(text, "sig=") || strings.Contains(text, "http") {
			t.Error(text)
		}
	})
}
