package handler

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/extension"
)

// asApp makes the test program an app, whose process tests start.
const asApp = "HANDLER_TEST_APP"

func TestMain(m *testing.M) {
	if os.Getenv(asApp) != "" {
		os.Exit(run(echo(), []bindings.Trigger{starter()}, os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestStoreThatIsDownAtFirst(t *testing.T) {
	t.Parallel()
	var log lines
	o := options(t)
	o.Extension.Settings.Port, o.Extension.Logger = "1", log.logger()
	o.Extension.Triggers = []bindings.Trigger{starter()}
	o.Extension.Environ = []string{forwarding}
	var tries atomic.Int32
	secondTry, goOn := make(chan struct{}), make(chan struct{})
	o.Extension.Open = func(ctx context.Context, _ extension.Store, log *slog.Logger) (backend.Backend, error) {
		switch tries.Add(1) {
		case 1:
			return nil, errors.New("the storage is down")
		case 2:
			close(secondTry)
			<-goOn
			return nil, errors.New("the storage is still down")
		default:
			return local.Open(ctx, local.Options{Logger: log})
		}
	}
	o.complete()
	s := &server{routes: newReadyHandler(o.Extension.Logger)}
	up := make(chan *extension.Extension, 1)
	go func() {
		e, err := s.bringUp(t.Context(), echo(), &o)
		if err != nil {
			t.Error(err)
		}
		up <- e
	}()
	<-secondTry
	get := func(path, invocation string) (int, string) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set(invocationHeader, invocation)
		w := httptest.NewRecorder()
		s.routes.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for _, c := range []struct {
		path, invocation string
		code             int
		want             []string
	}{
		{"/", "", 200, nil},
		{"/healthz", "", 503, []string{`"unavailable"`, "the storage is down"}},
		{"/Kick", "one", 503, []string{`"Logs":["The app can't work yet: the storage is down"]`, `"Message":`}},
		{"/", "two", 503, []string{"the storage is down"}},
		{"/healthz", "three", 503, []string{`"Logs":`}},
	} {
		code, answer := get(c.path, c.invocation)
		if code != c.code || c.invocation != "" && !strings.Contains(log.String(), "invocation="+c.invocation) {
			t.Errorf("%s: %d, want %d; logged\n%s", c.path, code, c.code, log.String())
		}
		for _, want := range c.want {
			if !strings.Contains(answer, want) {
				t.Errorf("%s: %s, want %s", c.path, answer, want)
			}
		}
	}
	close(goOn)
	e := <-up
	if e == nil {
		return
	}
	defer e.Stop(context.Background())
	if code, answer := get("/healthz", ""); code != http.StatusOK {
		t.Errorf("when the storage is back: %d %s", code, answer)
	}
	if code, answer := get("/", "four"); code != http.StatusNotFound || !strings.Contains(answer, "HttpStart") {
		t.Errorf("a user's request at /: %d %s", code, answer)
	}
}

func TestPortThatIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := listen(over, taken.Addr().String(), true); err == nil || !strings.Contains(err.Error(), portVariable) {
		t.Errorf("a port that stays taken: %v", err)
	}
	got := make(chan net.Listener)
	go func() {
		l, err := listen(t.Context(), taken.Addr().String(), true)
		if err != nil {
			t.Error(err)
		}
		got <- l
	}()
	taken.Close() // the app of before lets go of it
	if l := <-got; l != nil {
		l.Close()
	}
}

func TestFindHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		environ map[string]string
		want    functionsHost
		wrong   string
	}{
		{"none", nil, functionsHost{}, ""},
		{"a host", map[string]string{portVariable: "7000", workerVariable: "w", runtimeVariable: "custom"}, functionsHost{port: "7000"}, ""},
		{"no port", map[string]string{workerVariable: "w"}, functionsHost{}, portVariable + " is not"},
		{"not a port", map[string]string{portVariable: "http"}, functionsHost{port: "http"}, "is not a port"},
		{"no such port", map[string]string{portVariable: "70000"}, functionsHost{port: "70000"}, "is not a port"},
		{"perhaps", map[string]string{runtimeVariable: "Custom"}, functionsHost{unclear: "FUNCTIONS_WORKER_RUNTIME=custom"}, ""},
		{"another runtime", map[string]string{runtimeVariable: "node"}, functionsHost{}, ""},
	} {
		got, err := findHost(func(name string) (string, bool) { v, ok := c.environ[name]; return v, ok })
		if got != c.want || (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %+v, %v, want %+v, %s", c.name, got, err, c.want, c.wrong)
		}
	}
}

func TestProxyInTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environ map[string]string
		warns   bool
	}{
		{nil, false},
		{map[string]string{"http_proxy": "http://user:secret@proxy"}, true},
		{map[string]string{"HTTP_PROXY": "http://proxy", "NO_PROXY": "localhost"}, true},
		{map[string]string{"HTTP_PROXY": "http://proxy", "NO_PROXY": "localhost, 127.0.0.1"}, false},
		{map[string]string{"ALL_PROXY": "http://proxy", "no_proxy": "127.0.0.1"}, false},
	} {
		var log lines
		checkProxy(func(name string) (string, bool) { v, ok := c.environ[name]; return v, ok }, log.logger())
		if text := log.String(); (text != "") != c.warns || c.warns && !strings.Contains(text, "NO_PROXY") || strings.Contains(text, "secret") {
			t.Errorf("%v: %s", c.environ, text)
		}
	}
}

// process starts the test program as an app in a folder with these files, and returns a client of it and what ends it.
func process(t *testing.T, files map[string]string, port string, args []string, environ ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir, cmd.Env = folder, slices.Concat(environ, []string{asApp + "=1"})
	if port != "" {
		cmd.Env = append(cmd.Env, portVariable+"="+port)
	}
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return cmd, &errs
}

func TestProcessUnderTheHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		args  []string
		code  int
		want  string
	}{
		{"all is well", nil, nil, 200, `"ok"`},
		{"a bad flag", nil, []string{"-nope"}, 503, "-nope"},
		{"an argument too many", nil, []string{"serve"}, 503, "serve"},
		{"help", nil, []string{"-h"}, 503, "customHandler.description.arguments"},
		{"another address", nil, []string{"-listen", "localhost:1"}, 503, "customHandler.description.arguments"},
		{"broken host.json", map[string]string{"host.json": "{"}, nil, 503, "host.json"},
		{"a wrong setting", map[string]string{"host.json": `{"extensions":{"durableTask":{"hubName":"no good"}}}`}, nil, 503, "no good"},
		{"a wrong mode", map[string]string{"host.json": `{"customHandler":{"enableForwardingHttpRequest":"perhaps"}}`}, nil, 503, "enableForwardingHttpRequest"},
		{"broken local settings", map[string]string{"local.settings.json": "{"}, nil, 503, "local.settings.json"},
		{"encrypted local settings", map[string]string{"local.settings.json": `{"IsEncrypted":true}`}, nil, 200, `"ok"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			port := freePort(t)
			cmd, errs := process(t, c.files, port, c.args)
			base := "http://127.0.0.1:" + port
			await(t, base)
			if code, answer := request(t, "GET", base+"/", ""); code != http.StatusOK || answer != "" {
				t.Errorf("/: %d %s", code, answer)
			}
			code, answer := request(t, "GET", base+"/healthz", "")
			for code == 503 && strings.Contains(answer, `"status":"starting"`) {
				code, answer = request(t, "GET", base+"/healthz", "")
			}
			if code != c.code || !strings.Contains(answer, c.want) {
				t.Errorf("/healthz: %d %s, want %d %s", code, answer, c.code, c.want)
			}
			if c.code != http.StatusOK {
				if code, answer := request(t, "POST", base+"/Kick", "{}", invocationHeader, "one"); code != 503 || !strings.Contains(answer, c.want) {
					t.Errorf("an invocation: %d %s", code, answer)
				}
			}
			cmd.Process.Signal(os.Interrupt)
			if err := cmd.Wait(); err != nil {
				t.Errorf("after SIGINT: %v", err)
			}
			if c.code != http.StatusOK && (!strings.Contains(errs.String(), "level=ERROR") || !strings.Contains(errs.String(), "invocation=one")) {
				t.Errorf("stderr:\n%s", errs)
			}
			if c.code == http.StatusOK && errs.Len() > 0 {
				t.Errorf("stderr of a healthy app:\n%s", errs)
			}
		})
	}
}

func TestProcessThatCantRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, port string
		environ    string
		want       string
	}{
		{"no port", "", workerVariable + "=w", portVariable},
		{"perhaps no port", "", runtimeVariable + "=custom", "-listen"},
		{"not a port", "x", "A=b", "not a port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd, errs := process(t, nil, c.port, nil, c.environ)
			err := cmd.Wait()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != exitFailed || !strings.Contains(errs.String(), c.want) {
				t.Errorf("%v: %s, want %s", err, errs, c.want)
			}
		})
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// await asks until the app answers, as the host does.
func await(t *testing.T, base string) {
	t.Helper()
	for t.Context().Err() == nil {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := http.DefaultClient.Do(r)
		if err == nil {
			w.Body.Close()
			return
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
	}
}
