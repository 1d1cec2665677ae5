package durabletask_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/internal/recorded"
	"github.com/google/go-cmp/cmp"
)

// recordedHTTP is an instance that made durable HTTP calls, with what the extension stored of them.
type recordedHTTP struct {
	Instance string             `json:"instance"`
	Name     string             `json:"name"`
	Input    *string            `json:"input"`
	Status   string             `json:"status"`
	Output   *string            `json:"output"`
	Calls    []recordedHTTPCall `json:"calls"`
}

type recordedHTTPCall struct {
	ID      int     `json:"id"`
	Input   string  `json:"input"`
	Result  *string `json:"result"`
	Failure *struct {
		Reason  string  `json:"reason"`
		Details *string `json:"details"`
	} `json:"failure"`
}

// sentHTTP is a request as the server saw it.
type sentHTTP struct {
	Method  string            `json:"method"`
	Target  string            `json:"target"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

func (r sentHTTP) String() string {
	text, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func readLines[T any](t *testing.T, path string) (all []T) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := json.NewDecoder(bufio.NewReader(f)); d.More(); {
		var one T
		if err := d.Decode(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// recordedServer answers as the recorded server did, and notes what it was asked.
type recordedServer struct {
	mu      sync.Mutex
	answers map[string][]recordedHTTPCall // by URL, in order
	seen    []string
}

func (s *recordedServer) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := sentHTTP{Method: r.Method, Target: r.URL.RequestURI(), Headers: map[string]string{}}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		sent.Body = string(body)
	}
	for name, values := range r.Header {
		if name != "User-Agent" {
			sent.Headers[name] = strings.Join(values, "|")
		}
	}
	if r.ContentLength > 0 {
		sent.Headers["Content-Length"] = strconv.FormatInt(r.ContentLength, 10)
	}
	s.mu.Lock()
	c := s.answers[r.URL.String()][0]
	s.answers[r.URL.String()] = s.answers[r.URL.String()][1:]
	if r.URL.Port() == "12010" { // the other port has nobody who could have noted it
		s.seen = append(s.seen, sent.String())
	}
	s.mu.Unlock()
	if c.Result == nil {
		switch {
		case strings.HasPrefix(c.Failure.Reason, "Connection refused"):
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		case strings.Contains(r.URL.Path, "/slow/"):
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return &http.Response{StatusCode: http.StatusInternalServerError, Status: "500 Internal Server Error", Body: http.NoBody}, nil
	}
	var stored durabletask.HTTPResponse
	if err := json.Unmarshal([]byte(*c.Result), &stored); err != nil {
		return nil, err
	}
	answer := &http.Response{StatusCode: stored.StatusCode, Header: stored.Header, Body: io.NopCloser(strings.NewReader(stored.Content))}
	// As they come over the wire: one is taken out by Go, others are not stored by .NET.
	answer.TransferEncoding = answer.Header["Transfer-Encoding"]
	delete(answer.Header, "Transfer-Encoding")
	answer.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answer.Header.Set("Last-Modified", "Mon, 23 Nov 2026 17:26:30 GMT")
	return answer, nil
}

// Go has headers in alphabetical order; here the recorded ones are in another.
var otherOrder = []string{"http-post", "http-async-ra", "http-async-nora", "http-async-nopattern"}

// Requests, results and failures of the built-in activity are stored as the extension stored them, byte for byte, and servers see the same requests.
func TestRecordedHTTP(t *testing.T) {
	t.Parallel()
	instances := readLines[recordedHTTP](t, "testdata/recorded/durable-http.jsonl")
	server := &recordedServer{answers: make(map[string][]recordedHTTPCall)}
	for _, i := range instances {
		for _, c := range i.Calls {
			var stored []durabletask.HTTPRequest
			if err := json.Unmarshal([]byte(c.Input), &stored); err != nil {
				t.Fatal(err)
			}
			server.answers[stored[0].URL] = append(server.answers[stored[0].URL], c)
		}
	}
	for _, i := range instances {
		synctest.Test(t, func(t *testing.T) { i.check(t, server) })
	}
	var want []string
	for _, sent := range readLines[sentHTTP](t, "testdata/recorded/durable-http-target.jsonl") {
		want = append(want, sent.String())
	}
	slices.Sort(want)
	slices.Sort(server.seen)
	if diff := cmp.Diff(want, server.seen); diff != "" {
		t.Errorf("what the server saw (-recorded +now):\n%s", diff)
	}
}

// check runs the instance and compares what is stored.
func (i *recordedHTTP) check(t *testing.T, server *recordedServer) {
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	app := recorded.Functions(recorded.FunctionsOptions{Target: server})
	store, err := local.Open(ctx, local.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	w := durabletask.NewWorker(app, store, durabletask.WorkerOptions{Logger: log, StoreInputs: true, SerializeExceptions: true})
	if err := store.CreateTaskHub(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	if _, err := w.Client().ScheduleJSON(ctx, i.Name, i.Input, durabletask.InstanceID(i.Instance)); err != nil {
		t.Fatal(err)
	}
	state, err := w.Client().Wait(ctx, i.Instance)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plainJSON(i.Output), plainJSON(state.Output)); diff != "" || state.Status.String() != i.Status {
		t.Errorf("%s is %v, recorded is %s; output (-recorded +now):\n%s", i.Instance, state.Status, i.Status, diff)
	}
	events, err := w.Client().History(ctx, i.Instance)
	if err != nil {
		t.Fatal(err)
	}
	i.compare(t, events)
}

func (i *recordedHTTP) compare(t *testing.T, events []history.Event) {
	t.Helper()
	calls := i.Calls
	call := func(id int) *recordedHTTPCall {
		n := slices.IndexFunc(calls, func(c recordedHTTPCall) bool { return c.ID == id })
		if n < 0 {
			t.Fatalf("%s: call #%d is not recorded", i.Instance, id)
		}
		return &calls[n]
	}
	scheduled := 0
	for _, e := range events {
		switch e := e.(type) {
		case *history.TaskScheduled:
			scheduled++
			i.same(t, "input", call(e.ID).Input, *e.Input)
		case *history.TaskCompleted:
			i.same(t, "result", *call(e.TaskID).Result, *e.Result)
		case *history.TaskFailed:
			want := call(e.TaskID).Failure
			f, g := history.FailureOf(want.Reason, want.Details, nil), history.FailureOf(e.Reason, e.Details, e.Failure)
			if e.Reason != want.Reason || g.ErrorType != f.ErrorType || g.ErrorMessage != f.ErrorMessage {
				t.Errorf("%s: failed with %q %v, recorded is %q %v", i.Instance, e.Reason, g, want.Reason, f)
			}
		}
	}
	if scheduled != len(calls) {
		t.Errorf("%s: %d calls, recorded are %d", i.Instance, scheduled, len(calls))
	}
}

func (i *recordedHTTP) same(t *testing.T, what, want, got string) {
	t.Helper()
	if slices.Contains(otherOrder, i.Instance) {
		want, got = anyOrder(want), anyOrder(got)
	}
	if want != got {
		t.Errorf("%s: %s\n     is %s\nrecorded %s", i.Instance, what, got, want)
	}
}

// anyOrder is the same for texts in which the same things stand in another order.
func anyOrder(text string) string {
	b := []byte(text)
	slices.Sort(b)
	return string(bytes.TrimSpace(b))
}
