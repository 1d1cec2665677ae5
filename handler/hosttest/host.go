package hosttest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Host is a running double. Its methods may be called from several goroutines; those that fail the test only from the test's own, except where they say
// otherwise.
type Host struct {
	// URL is where the double serves HTTP, without a slash at its end.
	URL string

	t        testing.TB
	options  Options
	scripted bool // the program is a function of the test
	storage  *Storage
	journal  *journal
	front    *front
	client   *http.Client
	stopped  chan struct{}
	stopOnce sync.Once
	closing  sync.WaitGroup

	mu     sync.Mutex
	job    *jobHost // nil if the configuration keeps it from starting
	fault  error    // what does
	closed bool
}

// Start starts a host on an app folder, and stops it when the test ends. It does not wait until the program is ready: invocations do that. It fails the
// test if the configuration is one with which the host does not start, or if a program can't be started.
func Start(tb testing.TB, o Options) *Host {
	tb.Helper()
	h := &Host{t: tb, scripted: o.launch != nil, journal: newJournal(), stopped: make(chan struct{})}
	f, err := newFront(h)
	if err != nil {
		tb.Fatal(err)
	}
	h.front, h.URL = f, "http://"+f.address()
	o.settle(f.address())
	h.options, h.storage = o, o.Storage
	h.client = &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if h.job, h.fault = h.newJobHost(); h.fault == nil {
		h.job.start()
	} else {
		h.journal.addf(Error, categoryStartup, "A host error has occurred during startup operation: %v", h.fault)
		if !o.PlayOut {
			f.close()
			tb.Fatalf("the host does not start on %s: %v", o.App, h.fault)
		}
	}
	f.serve()
	tb.Cleanup(h.Close)
	return h
}

// failf fails the test, unless the double is to play out what happens. It may be called from any goroutine.
func (h *Host) failf(format string, args ...any) {
	if h.options.PlayOut {
		return
	}
	h.t.Errorf("hosttest: "+format, args...)
}

// Close ends the host as Azure ends it: the program is killed, with whatever it is doing. Messages that were being worked on stay invisible, see
// [Storage.Expire].
func (h *Host) Close() {
	h.mu.Lock()
	j := h.job
	h.closed = true
	h.mu.Unlock()
	h.shutDown()
	if j != nil {
		j.stop()
	}
	h.front.close()
	h.client.CloseIdleConnections()
	h.closing.Wait()
}

// shutDown ends the host from within: it serves no more.
func (h *Host) shutDown() {
	h.stopOnce.Do(func() {
		close(h.stopped)
		h.mu.Lock()
		j := h.job
		h.mu.Unlock()
		if j != nil {
			j.end()
		}
	})
}

// Stopped is closed when the host has stopped: by itself, because the program has failed too often, or by [Host.Close].
func (h *Host) Stopped() <-chan struct{} { return h.stopped }

// current is the job host of now; nil if there is none.
func (h *Host) current() *jobHost {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.job
}

func (h *Host) app() *app { return h.current().app }

func (h *Host) coreTools() bool {
	return strings.EqualFold(h.options.Settings[settingCoreTools], "true")
}

// must is current for methods that make no sense without one.
func (h *Host) must() *jobHost {
	h.t.Helper()
	j := h.current()
	if j == nil || j.worker == nil {
		h.t.Fatalf("hosttest: the host has not started a program: %v; log: %s", h.fault, h.text())
	}
	return j
}

// Ready waits until the program answers. It fails the test if the host stops instead.
func (h *Host) Ready() {
	h.t.Helper()
	w := h.must().worker
	for {
		s, _, _, changed := w.look()
		if s == stateInitialized {
			return
		}
		select {
		case <-changed:
		case <-h.stopped:
			h.t.Fatalf("hosttest: the host has stopped; log: %s", h.text())
		}
	}
}

// PID is the process id of the program; 0 before it has been started.
func (h *Host) PID() int {
	h.t.Helper()
	if p := h.must().worker.running(); p != nil {
		return p.pid()
	}
	return 0
}

// Port is the port of 127.0.0.1 that the program is to listen on.
func (h *Host) Port() int {
	h.t.Helper()
	return h.must().port
}

// Kill ends the program as kill -9 does, and returns when it is gone. The host starts it again on the same port, but not after the third time.
func (h *Host) Kill() {
	h.t.Helper()
	j := h.must()
	p := j.worker.running()
	if p == nil {
		return
	}
	p.kill()
	<-p.exited()
	for {
		s, now, _, changed := j.worker.look()
		if s != stateInitialized || now != p || j.worker.knows(p) {
			return
		}
		select {
		case <-changed:
		case <-h.stopped:
			return
		}
	}
}

// Interrupt is Ctrl-C under Core Tools: the program's process group gets SIGINT, and the host ends. It returns the exit code of the program; one that
// takes longer than two seconds is killed, and the code is 137.
func (h *Host) Interrupt() int {
	h.t.Helper()
	p := h.must().worker.running()
	if p == nil {
		return 0
	}
	p.interrupt()
	limit := time.NewTimer(interruptTime)
	defer limit.Stop()
	select {
	case <-p.exited():
	case <-limit.C:
	}
	h.Close()
	<-p.exited()
	return p.code()
}

// RestartMode says when the old program goes.
type RestartMode int

// The ways of a restart.
const (
	// Overlap kills the old program as soon as the new one has been started: the host in Azure.
	Overlap RestartMode = iota
	// Sequential kills it before: Core Tools.
	Sequential
	// Linger kills it only when the new one is ready, so that two programs work at once for a time. The host does not promise this, but nothing
	// forbids it either.
	Linger
)

// Restart restarts the job host, as the host does after a change of host.json or a function.json: the app folder is read again, and a new program is
// started on a new port. What is under way in the old one fails. The default mode is Overlap, or Sequential under Core Tools.
func (h *Host) Restart(modes ...RestartMode) {
	h.t.Helper()
	mode := Overlap
	if strings.EqualFold(h.options.Settings[settingSequential], "true") {
		mode = Sequential
	}
	for _, m := range modes {
		mode = m
	}
	old := h.current()
	if mode == Sequential && old != nil {
		old.stop()
	}
	j, err := h.newJobHost()
	if err != nil {
		h.t.Fatalf("hosttest: the host does not start again on %s: %v", h.options.App, err)
	}
	h.mu.Lock()
	closed := h.closed
	h.job, h.fault = j, nil
	h.mu.Unlock()
	if closed {
		return
	}
	j.start()
	if mode == Linger && j.worker != nil {
		h.Ready()
	}
	if old != nil {
		old.stop()
	}
}

// Keys returns what callers may present.
func (h *Host) Keys() Keys { return *h.options.Keys }

// Storage returns the account of triggers and outputs.
func (h *Host) Storage() *Storage { return h.storage }

// Client returns a client for requests to URL. It does not follow redirects.
func (h *Host) Client() *http.Client { return h.client }

// Answer is what a caller of the host is shown.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Do sends a request and reads the answer. A URL without a host is one of the double. It fails the test if there is no answer.
func (h *Host) Do(r *http.Request) Answer {
	h.t.Helper()
	if r.URL.Host == "" {
		base, err := url.Parse(h.URL)
		if err != nil {
			h.t.Fatal(err)
		}
		r.URL = base.ResolveReference(r.URL)
	}
	w, err := h.client.Do(r)
	if err != nil {
		h.t.Fatalf("hosttest: %s %s: %v; log: %s", r.Method, r.URL, err, h.text())
	}
	defer func() { _ = w.Body.Close() }()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		h.t.Fatalf("hosttest: %s %s: %v; log: %s", r.Method, r.URL, err, h.text())
	}
	return Answer{w.StatusCode, w.Header, string(body)}
}

// Ask is Do for a method, a path below URL, and a JSON body.
func (h *Host) Ask(method, path, body string) Answer {
	h.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, h.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return h.Do(r)
}

// Logs returns the log of the host so far, with what the program has written.
func (h *Host) Logs() []Log {
	lines, _ := h.journal.all()
	return lines
}

func (h *Host) text() string {
	var b strings.Builder
	for _, l := range h.Logs() {
		b.WriteString("\n\t" + l.String())
	}
	return b.String()
}

// Errors returns the lines of the log that are errors. A healthy run has none.
func (h *Host) Errors() []Log {
	var out []Log
	for _, l := range h.Logs() {
		if l.Level == Error {
			out = append(out, l)
		}
	}
	return out
}

// NoErrors fails the test if a line of the log is an error.
func (h *Host) NoErrors() {
	h.t.Helper()
	for _, l := range h.Errors() {
		h.t.Errorf("hosttest: the log has an error: %s", l)
	}
}

// Logged waits until the log has a line with a text, and returns the first one. It fails the test if the host stops before.
func (h *Host) Logged(part string) Log {
	h.t.Helper()
	for {
		lines, changed := h.journal.all()
		for _, l := range lines {
			if strings.Contains(l.Message, part) {
				return l
			}
		}
		select {
		case <-changed:
			continue
		default:
		}
		select {
		case <-changed:
		case <-h.stopped:
			lines, _ := h.journal.all()
			for _, l := range lines {
				if strings.Contains(l.Message, part) {
					return l
				}
			}
			h.t.Fatalf("hosttest: the host has stopped without logging %q; log: %s", part, h.text())
		}
	}
}
