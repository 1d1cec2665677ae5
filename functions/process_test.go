package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// build makes the sample app's program once for all tests and returns its path.
var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "azdurable")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "app")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	if err != nil {
		err = errors.New(err.Error() + ": " + string(out))
	}
	return program, err
})

func program(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// process is a running app.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	base   string // http://localhost:port
	log    *logs
	exited chan struct{}
}

// logs keeps what a process writes.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var listening = regexp.MustCompile(`^Listening on (http://\S+)`)

// run starts a program in a folder of its own that has no settings files, and waits until it listens.
func run(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, log: &logs{}, exited: make(chan struct{})}
	if cmd.Dir == "" {
		cmd.Dir = t.TempDir()
	}
	cmd.Stderr = p.log
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	go func() {
		cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() { p.kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			p.base = m[1]
			go io.Copy(p.log, out)
			return p
		}
	}
	<-p.exited
	t.Fatalf("the app did not start: %s", p.log)
	return nil
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

// signal sends a signal and returns the exit code.
func (p *process) signal(s syscall.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("the app goes on after %v: %s", s, p.log)
	}
	return p.cmd.ProcessState.ExitCode()
}

// client gives up on a process that is gone, and keeps no connections to it.
var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// ask sends a request and returns the status code and the body; an error if there was no answer.
func (p *process) ask(method, path, body string) (code int, answer string, err error) {
	r, err := http.NewRequestWithContext(context.Background(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	w, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	return w.StatusCode, string(text), err
}

// must is ask for requests that have to be answered with a code.
func (p *process) must(want int, method, path, body string) string {
	p.t.Helper()
	code, answer, err := p.ask(method, path, body)
	if err != nil || code != want {
		p.t.Fatalf("%s %s: %d %s %v, want %d; %s", method, path, code, answer, err, want, p.log)
	}
	return answer
}

const management = "/runtime/webhooks/durabletask"

// completed waits until an instance has completed and returns its status.
func (p *process) completed(id string) (answer string) {
	p.t.Helper()
	p.until(func() bool {
		_, text, err := p.ask(http.MethodGet, management+"/instances/"+id, "")
		answer = text
		return err == nil && strings.Contains(text, `"runtimeStatus":"Completed"`)
	})
	return answer
}

// until looks again and again until something has come true.
func (p *process) until(done func() bool) {
	p.t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	limit := time.After(time.Minute)
	for !done() {
		select {
		case <-again.C:
		case <-limit:
			p.t.Fatalf("it has not come true; %s", p.log)
		}
	}
}
