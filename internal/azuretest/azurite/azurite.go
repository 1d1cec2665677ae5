// Package azurite starts a real Azurite, the emulator of Azure Storage, for tests: internal/azuretest is compared with it,
// and what must work against storage that this project has not written runs on it.
//
// `make azurite` installs the version that package-lock.json pins. There is one process per test binary: it starts with the
// first test that asks for it, keeps everything in memory, and ends with TestMain:
//
//	func TestMain(m *testing.M) { azurite.Main(m) }
//
// Tests share it by working in task hubs (or queues, tables, containers) of names of their own, as Name makes them.
package azurite

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// Variable is the environment variable that makes a missing Azurite a failure instead of a skip: `make test` sets it to 1.
const Variable = "AZDURABLE_AZURITE"

const (
	account      = azuretest.DefaultAccount
	startTimeout = 60 * time.Second // a cold start on a busy machine takes seconds
	stopTimeout  = 10 * time.Second
)

// Server is a running Azurite.
type Server struct {
	key       string
	endpoints map[azuretest.Kind]string
	command   *exec.Cmd
	lifeline  io.Closer // Azurite ends when it is closed, also by this process's death
	ended     chan struct{}
}

// shared is the process that the tests of one binary share. TestMain's Main ends it.
var shared struct {
	once   sync.Once
	server *Server
	err    error
	names  atomic.Int64
}

// Main runs the tests of a package and stops Azurite. Call it from TestMain; it does not return.
func Main(m *testing.M) {
	code := m.Run()
	if err := Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Stop ends the shared Azurite, if there is one, and waits for it.
func Stop() error {
	shared.once.Do(func() { shared.err = errors.New("azurite: stopped") })
	if shared.server == nil {
		return nil
	}
	return shared.server.Stop()
}

// ErrNotInstalled means that there is no Azurite beside this package, or no Node.js to run it.
var ErrNotInstalled = errors.New("azurite is not installed")

// Start starts an Azurite of the caller's own, which nothing has slowed down yet, for measurements. The caller stops it; it also ends with this
// process. It never sweeps up what deleted messages leave: Azurite does that every minute, and answers nobody meanwhile, which takes it tens of
// seconds after some thousands of messages. The error is ErrNotInstalled if `make azurite` has not been run.
func Start() (*Server, error) {
	script, err := installed()
	if err != nil {
		return nil, err
	}
	return start(script, unswept)
}

// Shared returns the test binary's Azurite. A test that needs it is skipped when it is not installed.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	script, err := installed()
	if err != nil {
		if os.Getenv(Variable) == "1" {
			tb.Fatalf("%v; 'make azurite' installs it", err)
		}
		tb.Skipf("%v: 'make test' installs it and runs this test, and so does 'make azurite'", err)
	}
	shared.once.Do(func() { shared.server, shared.err = start(script, guard) })
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.server
}

// Name makes a name that no other test of this process uses: it fits task hubs, queues, tables and containers.
func Name(tb testing.TB) string {
	tb.Helper()
	return "t" + strconv.FormatInt(shared.names.Add(1), 36) + "x" + strconv.FormatInt(int64(os.Getpid()), 36)
}

// Key returns the account's key in base64.
func (s *Server) Key() string { return s.key }

// Account returns the account's name.
func (s *Server) Account() string { return account }

// Endpoint returns the URL of a service, with the account's name in it.
func (s *Server) Endpoint(kind azuretest.Kind) string { return s.endpoints[kind] }

// ConnectionString returns what the SDK's clients and AzureWebJobsStorage take.
func (s *Server) ConnectionString() string {
	return azuretest.ConnectionString(account, s.key, s.endpoints[azuretest.Blob], s.endpoints[azuretest.Queue], s.endpoints[azuretest.Table])
}

// ProcessorTime is what Azurite has used of the processor, once it has been stopped.
func (s *Server) ProcessorTime() time.Duration {
	if s.command.ProcessState == nil {
		return 0
	}
	return s.command.ProcessState.UserTime() + s.command.ProcessState.SystemTime()
}

// installed returns the program's path beside this file, or says that it is not there.
func installed() (string, error) {
	_, self, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("azurite: no source path in this binary")
	}
	modules := filepath.Join(filepath.Dir(self), "node_modules")
	// The mark that `make azurite` leaves when it has finished: while it is at work, the script is there before what it needs.
	if _, err := os.Stat(filepath.Join(modules, ".installed")); err != nil {
		return "", ErrNotInstalled
	}
	if _, err := exec.LookPath("node"); err != nil {
		return "", fmt.Errorf("%w: it needs node, which is not there", ErrNotInstalled)
	}
	return filepath.Join(modules, "azurite", "dist", "src", "azurite.js"), nil
}

// guard runs Azurite and ends it when standard input ends: a test binary that is killed closes it too, so that no Azurite is left behind.
const guard = `process.stdin.on("end", () => process.exit(0)); process.stdin.on("error", () => process.exit(0)); process.stdin.resume();
const script = process.argv[1]; process.argv.splice(1, 1, script); require(script);`

// unswept is guard for an Azurite whose next sweep is days away.
const unswept = `require(require("path").join(require("path").dirname(process.argv[1]), "queue/utils/constants.js")).DEFAULT_GC_INTERVAL_MS = 4e8;` + guard

// start starts Azurite on ports that the system chooses, and waits until all three services listen.
func start(script, guard string) (*Server, error) {
	sum := sha256.Sum256([]byte("a key for tests"))
	s := &Server{key: base64.StdEncoding.EncodeToString(sum[:]), endpoints: map[azuretest.Kind]string{}, ended: make(chan struct{})}
	args := []string{"-e", guard, script, "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"}
	for _, kind := range []azuretest.Kind{azuretest.Blob, azuretest.Queue, azuretest.Table} {
		args = append(args, "--"+string(kind)+"Host", "127.0.0.1", "--"+string(kind)+"Port", "0")
	}
	s.command = exec.CommandContext(context.Background(), "node", args...) // it outlives every test; stop ends it
	s.command.Env = append(os.Environ(), "AZURITE_ACCOUNTS="+account+":"+s.key)
	s.command.Stderr = os.Stderr
	lifeline, err := s.command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("azurite: %w", err)
	}
	s.lifeline = lifeline
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("azurite: %w", err)
	}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("azurite: %w", err)
	}
	listening := make(chan error, 1)
	go s.watch(out, listening)
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case err = <-listening:
	case <-timeout.C:
		err = fmt.Errorf("azurite: not listening after %v", startTimeout)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// watch reads what Azurite prints: the address of each service once it listens. It ends with the process.
func (s *Server) watch(out io.Reader, listening chan<- error) {
	defer close(s.ended)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		// Azurite Blob service is successfully listening at http://127.0.0.1:41235
		name, address, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "Azurite "), " service is successfully listening at ")
		if !ok {
			continue
		}
		s.endpoints[azuretest.Kind(strings.ToLower(name))] = strings.TrimSpace(address) + "/" + account
		if len(s.endpoints) == 3 {
			listening <- nil
			break
		}
	}
	_, _ = io.Copy(io.Discard, out)
	err := s.command.Wait()
	select {
	case listening <- fmt.Errorf("azurite ended before it listened: %w", errors.Join(err, net.ErrClosed)):
	default:
	}
}

// Stop ends Azurite and waits for it.
func (s *Server) Stop() error {
	err := s.lifeline.Close()
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-s.ended:
		return nil
	case <-timeout.C:
		return errors.Join(err, s.command.Process.Kill(), fmt.Errorf("azurite: still running %v after its stop", stopTimeout))
	}
}
