package azuretest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// bench is a service with a queue and a table, and a client of it.
type bench struct {
	*azuretest.Service
	client *azuretest.Transport
}

func setup(tb testing.TB, options azuretest.Options, client azuretest.ClientOptions) bench {
	tb.Helper()
	options.Anonymous = true
	b := bench{Service: azuretest.New(options)}
	b.client = b.Transport(azuretest.ClientOptions{Name: "setup"})
	b.do(tb, "queue PUT que", "201")
	b.do(tb, "table POST Tables", "204", "Prefer: return-no-content", `{"TableName":"tab"}`)
	b.do(tb, "blob PUT con?restype=container", "201")
	b.do(tb, "blob PUT con/b", "201", "x-ms-blob-type: BlockBlob", "content")
	b.client = b.Transport(client)
	b.ResetLog()
	return b
}

// try sends a request; more is the headers and the body.
func (b bench) try(tb testing.TB, what string, more ...string) (answer, error) {
	tb.Helper()
	more = append(more, "", "")
	kind, rest, _ := strings.Cut(what, " ")
	method, path, _ := strings.Cut(rest, " ")
	r, err := http.NewRequestWithContext(context.Background(), method, b.Endpoint(azuretest.Kind(kind))+"/"+path, strings.NewReader(more[1]))
	must(tb, err)
	for line := range strings.SplitSeq(more[0], "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			r.Header.Set(name, value)
		}
	}
	res, err := b.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

func (b bench) do(tb testing.TB, what, want string, more ...string) answer {
	tb.Helper()
	a, err := b.try(tb, what, more...)
	if err != nil {
		tb.Fatalf("%s: %v", what, err)
	}
	if got := a.outcome(); got != want {
		tb.Fatalf("%s: got %s, want %s\n%s", what, got, want, a.body)
	}
	return a
}

func (b bench) messages(tb testing.TB) int {
	tb.Helper()
	return len(b.Snapshot().Queues["que"])
}

func TestActs(t *testing.T) {
	t.Parallel()
	isTimeout := func(err error) bool {
		var n net.Error
		return errors.As(err, &n) && n.Timeout()
	}
	for name, c := range map[string]struct {
		act     azuretest.Act
		outcome string
		err     func(error) bool
		effect  bool
	}{
		"fail before":   {azuretest.FailBefore(500, "InternalError"), "500 InternalError", nil, false},
		"reset before":  {azuretest.ResetBefore(), "", func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }, false},
		"throttle":      {azuretest.Throttle(1500 * time.Millisecond), "503 ServerBusy", nil, false},
		"fail after":    {azuretest.FailAfter(500, "OperationTimedOut"), "500 OperationTimedOut", nil, true},
		"lose answer":   {azuretest.LoseAnswer(), "", func(err error) bool { return errors.Is(err, io.EOF) }, true},
		"timeout after": {azuretest.TimeoutAfter(), "", isTimeout, true},
		"cut answer":    {azuretest.CutAnswer(10), "", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
			fault := b.Inject(azuretest.Rule{Op: azuretest.OpPutMessage, Times: 1, Do: c.act})
			a, err := b.try(t, "queue POST que/messages", "", text("x"))
			switch {
			case c.err != nil && (err == nil || !c.err(err)):
				t.Errorf("got %v", err)
			case c.err == nil && (err != nil || a.outcome() != c.outcome):
				t.Errorf("got %s, %v", a.outcome(), err)
			}
			if name == "throttle" && a.header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
			}
			if got := b.messages(t) == 1; got != c.effect {
				t.Errorf("effect %v, want %v", got, c.effect)
			}
			b.do(t, "queue POST que/messages", "201", "", text("x"))
			if fault.Fired() != 1 || fault.Matched() != 2 {
				t.Error(fault)
			}
			fault.Remove()
			b.do(t, "queue POST que/messages", "201", "", text("x"))
			if fault.Matched() != 2 {
				t.Error(fault)
			}
		})
	}
}

func TestRulesSelect(t *testing.T) {
	t.Parallel()
	refuse := azuretest.FailBefore(500, "InternalError")
	const put, insert = "queue POST que/messages", "table POST tab"
	entity := `{"PartitionKey":"instance-1","RowKey":"r"}`
	_, change := batch(`POST tab||{"PartitionKey":"instance-2","RowKey":"r"}`)
	for name, c := range map[string]struct {
		rule azuretest.Rule
		// what happens to three puts, an insert, a batch and a receive
		want string
	}{
		"everything":       {azuretest.Rule{}, "xxx x x x"},
		"operation":        {azuretest.Rule{Op: azuretest.OpPutMessage}, "xxx . . ."},
		"operations":       {azuretest.Rule{Op: "queue.*"}, "xxx . . x"},
		"resource":         {azuretest.Rule{Resource: "ta*"}, "... x x ."},
		"key":              {azuretest.Rule{Key: "instance-2"}, "... . x ."},
		"keys":             {azuretest.Rule{Key: "instance-*"}, "... x x ."},
		"body":             {azuretest.Rule{Contains: "two"}, ".x. . . ."},
		"client":           {azuretest.Rule{Client: "w1"}, "xxx x x x"},
		"other client":     {azuretest.Rule{Client: "w2"}, "... . . ."},
		"second":           {azuretest.Rule{Op: "queue.put", After: 1, Times: 1}, ".x. . . ."},
		"every second":     {azuretest.Rule{Op: "queue.put", Every: 2}, ".x. . . ."},
		"condition":        {azuretest.Rule{If: func(c azuretest.Call) bool { return c.N == 3 }}, "..x . . ."},
		"first, then next": {azuretest.Rule{Times: 2}, "xx. . . ."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, azuretest.Options{}, azuretest.ClientOptions{Name: "w1"})
			c.rule.Do = refuse
			b.client.Inject(c.rule)
			got := ""
			send := func(what string, more ...string) {
				a, err := b.try(t, what, more...)
				must(t, err)
				if a.status == 500 {
					got += "x"
				} else {
					got += "."
				}
			}
			send(put, "", text("one"))
			send(put, "", text("two"))
			send(put, "", text("three"))
			got += " "
			send(insert, "", entity)
			got += " "
			send("table POST $batch", "Content-Type: multipart/mixed; boundary=batch_x", change)
			got += " "
			send("queue GET que/messages")
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A refused batch is a 202 with the refusal in it; a failing service answers for the whole.
func TestFaultsOfBatches(t *testing.T) {
	t.Parallel()
	b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
	headers, body := batch(`POST tab||{"PartitionKey":"p","RowKey":"r"}`)
	b.Inject(azuretest.Rule{Op: azuretest.OpBatch, Times: 1, Do: azuretest.FailBefore(412, "UpdateConditionNotSatisfied")})
	b.do(t, "table POST $batch", "202 412 UpdateConditionNotSatisfied 0", headers, body)
	b.Inject(azuretest.Rule{Op: azuretest.OpBatch, Times: 1, Do: azuretest.FailAfter(500, "OperationTimedOut")})
	b.do(t, "table POST $batch", "500 OperationTimedOut", headers, body)
	b.do(t, "table POST $batch", "202 409 EntityAlreadyExists 0", headers, body)
}

// A held request blocks in its caller only, and without locks: synctest sees it wait.
func TestHoldAndDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
		release := make(chan struct{})
		b.Inject(azuretest.Rule{Op: "queue.put", Contains: "held", Do: azuretest.Hold(release)})
		b.Inject(azuretest.Rule{Op: "queue.put", Contains: "slow", Do: azuretest.Delay(5 * time.Second)})
		go b.try(t, "queue POST que/messages", "", text("held"))
		synctest.Wait()
		start := time.Now()
		b.do(t, "queue POST que/messages", "201", "", text("slow"))
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("delayed by %v", d)
		}
		if n := b.messages(t); n != 1 {
			t.Errorf("%d messages while one is held", n)
		}
		close(release)
		synctest.Wait()
		if n := b.messages(t); n != 2 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestCrashAtRequest(t *testing.T) {
	t.Parallel()
	for k := 1; k <= 4; k++ {
		for _, after := range []bool{false, true} {
			b := setup(t, azuretest.Options{}, azuretest.ClientOptions{CrashAt: k, CrashAfterEffect: after})
			for n := 1; n <= 3; n++ {
				_, err := b.try(t, "queue POST que/messages", "", text("x"))
				if (err != nil) != (n >= k) || err != nil && !errors.Is(err, azuretest.ErrCrashed) {
					t.Errorf("k=%d n=%d: %v", k, n, err)
				}
			}
			want := min(k-1, 3)
			if after && k <= 3 {
				want++
			}
			if got := b.messages(t); got != want || b.client.Requests() != 3 {
				t.Errorf("k=%d after=%v: %d messages, want %d", k, after, got, want)
			}
		}
	}
}

// A crash also ends what the client is waiting for; other clients go on.
func TestCrashWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
		b.client.Inject(azuretest.Rule{Do: azuretest.Hold(make(chan struct{}))})
		done := make(chan error)
		go func() {
			_, err := b.try(t, "queue POST que/messages", "", text("x"))
			done <- err
		}()
		synctest.Wait()
		b.client.Crash()
		if err := <-done; !errors.Is(err, azuretest.ErrCrashed) {
			t.Error(err)
		}
		b.client = b.Transport(azuretest.ClientOptions{})
		b.do(t, "queue POST que/messages", "201", "", text("x"))
	})
}

func TestGateSeesEveryRequest(t *testing.T) {
	t.Parallel()
	var seen []azuretest.Op
	closed := errors.New("closed")
	b := setup(t, azuretest.Options{}, azuretest.ClientOptions{Gate: func(_ context.Context, c azuretest.Call) error {
		if seen = append(seen, c.Op); len(seen) == 2 {
			return closed
		}
		return nil
	}})
	b.do(t, "queue POST que/messages", "201", "", text("x"))
	if _, err := b.try(t, "queue GET que/messages"); !errors.Is(err, closed) {
		t.Error(err)
	}
	if seen[0] != azuretest.OpPutMessage || seen[1] != azuretest.OpGetMessages {
		t.Error(seen)
	}
}

// Over a socket a lost answer is a closed connection.
func TestFaultsOverASocket(t *testing.T) {
	t.Parallel()
	b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
	server := httptest.NewUnstartedServer(b.Handler(azuretest.Queue))
	server.Config.ErrorLog = nil
	server.Start()
	defer server.Close()
	path := server.URL + "/" + b.Account() + "/que/messages"
	post := func() (int, error) {
		res, err := http.Post(path, "application/xml", strings.NewReader(text("x")))
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		_, err = io.ReadAll(res.Body)
		return res.StatusCode, err
	}
	if status, err := post(); status != 201 || err != nil {
		t.Error(status, err)
	}
	b.Inject(azuretest.Rule{Times: 1, Do: azuretest.LoseAnswer()})
	if _, err := post(); err == nil {
		t.Error("an answer that was to be lost")
	}
	b.Inject(azuretest.Rule{Times: 1, Do: azuretest.CutAnswer(5)})
	if _, err := post(); err == nil {
		t.Error("an answer that was to be cut")
	}
	if n := b.messages(t); n != 3 {
		t.Errorf("%d messages", n)
	}
}
