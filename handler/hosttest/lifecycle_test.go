package hosttest

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// expect sends a request and wants a status.
func expect(t *testing.T, h *Host, path string, want int) {
	t.Helper()
	if a := h.Ask(http.MethodGet, path, ""); a.Status != want {
		t.Fatalf("%s: %d %s, want %d; log: %s", path, a.Status, a.Body, want, h.text())
	}
}

// TestRecordedStart starts the program with the recorded arguments.
func TestRecordedStart(t *testing.T) {
	t.Parallel()
	for _, e := range recordings(t, "lifecycle") {
		if e.Case != "start_env_args" {
			continue
		}
		o := programApp(t, "serve", "")
		var config map[string]any
		if err := json.Unmarshal(e.Setup.HostJSON, &config); err != nil {
			t.Fatal(err)
		}
		description := config["customHandler"].(map[string]any)["description"].(map[string]any)
		description["defaultExecutablePath"], _ = filepath.Abs(os.Args[0])
		changed, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(o.App, "host.json"), changed)
		write(t, filepath.Join(o.App, "sub", "file"), nil)
		o.Settings["MYVAR"] = e.Setup.ExtraEnv["MYVAR"]
		h := Start(t, o)
		v := ask(t, h)
		port, id := variableOf(v.Env, "FUNCTIONS_CUSTOMHANDLER_PORT"), variableOf(v.Env, "FUNCTIONS_CUSTOMHANDLER_WORKER_ID")
		want := slices.Clone(e.Argv[1:])
		recordedPort, recordedID := strings.TrimPrefix(want[1], "--port="), want[3]
		for i := range want {
			want[i] = strings.NewReplacer(recordedPort, port, recordedID, id).Replace(want[i])
			if want[i] == "/app" {
				want[i] = o.App
			}
		}
		if !slices.Equal(v.Args, want) {
			t.Errorf("arguments\n%q, want\n%q", v.Args, want)
		}
		if want := filepath.Join(o.App, "sub"); v.Folder != want {
			t.Errorf("working directory %s, want %s", v.Folder, want)
		}
		if len(v.Env) != len(o.Settings)+5 || variableOf(v.Env, "FUNCTIONS_APP_ROOT_PATH") != o.App || variableOf(v.Env, "FUNCTIONS_HTTPWORKER_PORT") != port ||
			variableOf(v.Env, "FUNCTIONS_HTTPWORKER_ID") != id {
			t.Errorf("environment %q", v.Env)
		}
		h.NoErrors()
	}
}

func variableOf(environment []string, name string) string {
	for _, v := range environment {
		if n, text, _ := strings.Cut(v, "="); n == name {
			return text
		}
	}
	return ""
}

func TestRecordedLines(t *testing.T) {
	t.Parallel()
	for _, e := range recordings(t, "lifecycle") {
		if !strings.HasPrefix(e.Case, "stdio_") {
			continue
		}
		levels := map[string]Level{"info": Information, "warn": Warning, "fail": Error}
		var want, got []string
		for _, l := range e.Log {
			category, _, _ := strings.Cut(l.Category, "Process.")
			want = append(want, Log{levels[l.Level], category, l.Message}.String())
		}
		setup := e.Setup
		errorsOnly := !strings.Contains(string(setup.HostJSON), `"useStdErrorStreamForErrorsOnly":false`)
		for stderr, lines := range map[bool][]string{false: setup.Stdout, true: setup.Stderr} {
			for _, line := range lines {
				l := classify(line, stderr, errorsOnly, "id")
				l.Category, _, _ = strings.Cut(l.Category, "Process.")
				got = append(got, l.String())
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		compare(t, e.Case, "lines", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRecordedFunctionErrors wants the errors of the host, literally. The parser's words for broken JSON are .NET's.
func TestRecordedFunctionErrors(t *testing.T) {
	t.Parallel()
	for _, e := range recordings(t, "lifecycle") {
		if e.Case != "function_errors" {
			continue
		}
		root := folder(t, nil, e.Setup.Functions)
		write(t, filepath.Join(root, "bad name", "function.json"), []byte(`{"bindings":[`+httpIn+`]}`))
		write(t, filepath.Join(root, "BadJson", "function.json"), []byte(`{"bindings": [`))
		h, _ := scriptedHost(t, Options{App: root})
		var want, got []string
		for _, l := range e.Log {
			if line := strings.TrimRight(l.Message, "\n"); !strings.Contains(line, "'BadJson'") && !strings.Contains(line, "'Queue'") {
				want = append(want, line) // the recorded host had no Storage extension
			}
		}
		for _, l := range h.Logs() {
			if line := strings.TrimRight(l.Message, "\n"); (strings.Contains(line, "is in error") || l.Category == routesClass) && !strings.Contains(line, "'BadJson'") {
				got = append(got, line)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		compare(t, e.Case, "errors", strings.Join(got, "\n"), strings.Join(slices.Compact(want), "\n"))
	}
}

func TestRestartOnTheSamePort(t *testing.T) {
	t.Parallel()
	h := Start(t, programApp(t, "serve", "", "Crash", "Again", "Hello"))
	first := ask(t, h)
	port := h.Port()
	expect(t, h, "/api/Crash", http.StatusInternalServerError)
	if second := ask(t, h); second.PID == first.PID || h.Port() != port {
		t.Errorf("process %d on port %d after %d on port %d", second.PID, h.Port(), first.PID, port)
	}
	if l := h.Logged("exited with code 3 (0x3)"); l.Level != Error || !strings.Contains(l.Message, "crash line") {
		t.Error(l)
	}
	for range 5 { // not counted
		expect(t, h, "/api/Again", http.StatusInternalServerError)
		expect(t, h, "/api/Hello", http.StatusNoContent)
	}
	h.Kill()
	expect(t, h, "/api/Hello", http.StatusNoContent)
	h.Logged("exited with code 137 (0x89)")
}

func TestThirdDeathStopsTheHost(t *testing.T) {
	t.Parallel()
	o := programApp(t, "serve", "", "Hello")
	o.PlayOut = true
	h := Start(t, o)
	for range errorBudget {
		h.Ready()
		h.Kill()
		if h.ending() {
			break
		}
		select {
		case <-h.Stopped():
		case <-changedFrom(h, stateInitialized):
		}
	}
	<-h.Stopped()
	h.Logged("Exceeded http worker restart retry count. Shutting down Functions Host")
	if c, err := net.Dial("tcp4", strings.TrimPrefix(h.URL, "http://")); err == nil {
		c.Close()
		t.Error("the host still listens")
	}
}

// changedFrom is closed when the program's state is no longer a state.
func changedFrom(h *Host, s state) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			now, _, _, changed := h.current().worker.look()
			if now != s {
				return
			}
			<-changed
		}
	}()
	return gone
}

// TestExitZero: after it has been ready the program is not missed, and every invocation fails; before, the host notices only when the time to get ready is
// over.
func TestExitZero(t *testing.T) {
	t.Parallel()
	h := Start(t, programApp(t, "serve", "", "Leave", "Hello"))
	expect(t, h, "/api/Hello", http.StatusNoContent)
	for _, path := range []string{"/api/Leave", "/api/Hello", "/api/Hello"} {
		expect(t, h, path, http.StatusInternalServerError)
	}
	h.Restart()
	expect(t, h, "/api/Hello", http.StatusNoContent)

	o := programApp(t, "exit 0", "", "Hello")
	o.InitializationTimeout = time.Second
	h = Start(t, o)
	expect(t, h, "/api/Hello", http.StatusNoContent)
	h.Logged("Failed to start http worker process.")
}

func TestProgramNeverReady(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{"exits": "exit 1", "silent": "silent"} {
		o := programApp(t, kind, "", "Hello")
		o.PlayOut, o.InitializationTimeout = true, 50*time.Millisecond
		h := Start(t, o)
		<-h.Stopped()
		h.Logged("Exceeded http worker restart retry count")
		if len(h.Errors()) < errorBudget {
			t.Errorf("%s: %s", name, h.text())
		}
	}
}

func TestMissingExecutable(t *testing.T) {
	t.Parallel()
	o := programApp(t, "serve", "", "Hello")
	o.Settings["AzureFunctionsJobHost__customHandler__description__defaultExecutablePath"] = "nosuchbinary"
	s := newSpy(t)
	Start(s, o)
	if got := <-s.failures; !strings.Contains(got, `the program "nosuchbinary" can't be started`) {
		t.Error(got)
	}
	o.PlayOut, o.InitializationTimeout = true, 20*time.Millisecond
	h := Start(t, o)
	// The invocation waits four times the timeout; then the host goes down, with the connection.
	if w, err := h.Client().Get(h.URL + "/api/Hello"); err == nil {
		w.Body.Close()
		if w.StatusCode != http.StatusInternalServerError {
			t.Error(w.Status)
		}
	}
	h.Logged("Final functionDispatcher state: Initializing. Initialization timed out and host is shutting down")
	<-h.Stopped()
}

// TestAcceptedAndClosed: the host would take this for ready.
func TestAcceptedAndClosed(t *testing.T) {
	t.Parallel()
	s := newSpy(t)
	h := Start(s, programApp(t, "closes", "", "Hello"))
	if got := <-s.failures; !strings.Contains(got, "it must listen only when it can serve") {
		t.Error(got)
	}
	expect(t, h, "/api/Hello", http.StatusNoContent)
}

func TestFunctionTimeout(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Hang", "Empty"} {
		o := programApp(t, "serve", `"functionTimeout":"00:00:00.3"`, name)
		o.PlayOut = true
		h := Start(t, o)
		h.Ready()
		first, port := h.PID(), h.Port()
		expect(t, h, "/api/"+name, http.StatusInternalServerError)
		h.Ready()
		if h.PID() == first || h.Port() != port {
			t.Errorf("%s: process %d on port %d after %d on port %d", name, h.PID(), h.Port(), first, port)
		}
		h.Logged("A function timeout has occurred. Restarting worker process executing invocationId")
	}
}

// TestEmptyAnswer: the host would wait for ever; the test is told at once.
func TestEmptyAnswer(t *testing.T) {
	t.Parallel()
	s := newSpy(t)
	h := Start(s, programApp(t, "serve", "", "Empty"))
	expect(t, h, "/api/Empty", http.StatusInternalServerError)
	if got := <-s.failures; !strings.Contains(got, "answer {} at least") {
		t.Error(got)
	}
}

// TestRestart: a new program on a new port, and what was under way in the old one fails.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, mode := range []RestartMode{Overlap, Sequential, Linger} {
		h := Start(t, programApp(t, "serve", "", "Hang", "Hello"))
		first, port := ask(t, h), h.Port()
		caught := make(chan int)
		go func() {
			w, err := h.Client().Get(h.URL + "/api/Hang")
			if err != nil {
				caught <- 0
				return
			}
			w.Body.Close()
			caught <- w.StatusCode
		}()
		h.Logged("Executing 'Functions.Hang'")
		h.Restart(mode)
		if code := <-caught; code != http.StatusInternalServerError {
			t.Errorf("mode %d: what was under way ended with %d", mode, code)
		}
		if second := ask(t, h); second.PID == first.PID || h.Port() == port {
			t.Errorf("mode %d: process %d on port %d after %d on port %d", mode, second.PID, h.Port(), first.PID, port)
		}
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	o := programApp(t, "serve", "", "Hello")
	o.CoreTools = true
	h := Start(t, o)
	if v := ask(t, h); variableOf(v.Env, settingHostName) != strings.TrimPrefix(h.URL, "http://") {
		t.Errorf("environment %q", v.Env)
	}
	if code := h.Interrupt(); code != 130 { // the default of a program that does not handle it
		t.Errorf("exit code %d", code)
	}
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		`{"version":"2.0"}`:                                                              "WorkerConfig for runtime: custom not found",
		`{"version":"2.0","customHandler":{}}`:                                           "WorkerConfig for runtime: custom not found",
		`{"version":"1.0","customHandler":{"description":{}}}`:                           "WorkerConfig for runtime: custom not found",
		`{"version":"2.0","customHandler":{"enableForwardingHttpRequest":true}}`:         "Missing worker Description.",
		`{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":""}}}`: "WorkerDescription DefaultExecutablePath cannot be empty",
	} {
		h := Start(t, Options{App: folder(t, json.RawMessage(config), nil), PlayOut: true})
		if a := h.Ask(http.MethodGet, "/api/Hello", ""); a.Status != http.StatusServiceUnavailable || a.Body != "Function host is not running." {
			t.Errorf("%s: %d %s", config, a.Status, a.Body)
		}
		h.Logged(want)
	}
}

// TestNoFunctions: without a valid function there is no program.
func TestNoFunctions(t *testing.T) {
	t.Parallel()
	o := programApp(t, "serve", "")
	o.App = folder(t, nil, map[string]json.RawMessage{"Orchestrator": json.RawMessage(`[{"type":"orchestrationTrigger","name":"context"}]`)})
	h := Start(t, o)
	if h.current().worker != nil {
		t.Error("a program has been started")
	}
	expect(t, h, "/api/Orchestrator", http.StatusNotFound)
}
