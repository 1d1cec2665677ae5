package hosttest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// programVariable makes the test binary be the program of an app; its value says how it behaves at its start.
const programVariable = "HOSTTEST_PROGRAM"

func TestMain(m *testing.M) {
	if kind, ok := os.LookupEnv(programVariable); ok {
		beProgram(kind)
		return
	}
	os.Exit(m.Run())
}

// beProgram is a program that does what the paths of its requests say.
func beProgram(kind string) {
	switch kind {
	case "exit 0":
		// The host does not notice; the second start serves.
		if once("first") {
			os.Exit(0)
		}
	case "exit 1":
		os.Exit(1)
	case "silent": // never listens
		select {}
	}
	l, err := net.Listen("tcp4", "127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if kind == "closes" {
		for range 8 { // the double asks four times for each probe
			if c, err := l.Accept(); err == nil {
				c.Close()
			}
		}
	}
	var running, most atomic.Int64
	http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		now := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		switch r.URL.Path {
		case "/Crash", "/CrashOnMessage":
			fmt.Fprintln(os.Stderr, "crash line")
			os.Exit(3)
		case "/Leave":
			os.Exit(0)
		case "/Again":
			os.Exit(exitRestart)
		case "/Hang":
			select {}
		case "/Empty":
		case "/Tell":
			folder, _ := os.Getwd()
			tell, _ := json.Marshal(map[string]any{"args": os.Args[1:], "env": os.Environ(), "folder": folder, "pid": os.Getpid(), "most": most.Load()})
			fmt.Fprintf(w, `{"ReturnValue":%s}`, tell)
		case "/Both": // waits for another like itself
			until(func() bool { return most.Load() >= 2 })
			io.WriteString(w, "{}")
		case "/api/stream":
			control := http.NewResponseController(w)
			control.EnableFullDuplex()
			io.WriteString(w, "first\n")
			control.Flush()
			lines := bufio.NewScanner(r.Body)
			for lines.Scan() {
				fmt.Fprintln(w, lines.Text())
				control.Flush()
			}
		default:
			io.WriteString(w, "{}")
		}
	}))
}

// once reports whether a file of the working directory did not exist, and makes it.
func once(name string) bool {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

func until(done func() bool) {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !done() {
		<-again.C
	}
}

const (
	httpIn  = `{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"}`
	httpOut = `{"type":"http","direction":"out","name":"res"}`
)

// programApp is an app whose program is the test binary. extra goes into host.json.
func programApp(t *testing.T, kind, extra string, functions ...string) Options {
	t.Helper()
	all := map[string]json.RawMessage{"Tell": json.RawMessage("[" + httpIn + "," + strings.Replace(httpOut, "res", "$return", 1) + "]")}
	for _, f := range functions {
		name, content, _ := strings.Cut(f, "=")
		if content == "" {
			content = "[" + httpIn + "," + httpOut + "]"
		}
		all[name] = json.RawMessage(content)
	}
	if extra != "" {
		extra = "," + extra
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":%s}}%s}`, quote(self), extra)
	return Options{
		App: folder(t, json.RawMessage(config), all), Settings: map[string]string{programVariable: kind}, NoLiveness: true, Grace: time.Millisecond,
	}
}

// told is what the program says of itself.
type told struct {
	Args   []string `json:"args"`
	Env    []string `json:"env"`
	Folder string   `json:"folder"`
	PID    int      `json:"pid"`
	Most   int      `json:"most"`
}

func ask(t *testing.T, h *Host) told {
	t.Helper()
	a := h.Ask(http.MethodGet, "/api/Tell", "")
	var v told
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		t.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
	return v
}

// spy is a test whose failures are noted.
type spy struct {
	testing.TB
	failures chan string
}

func newSpy(t *testing.T) *spy { return &spy{t, make(chan string, 100)} }

func (s *spy) Errorf(format string, args ...any) { s.failures <- fmt.Sprintf(format, args...) }
func (s *spy) Helper()                           {}
