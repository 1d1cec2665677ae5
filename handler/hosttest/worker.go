package hosttest

import (
	"context"
	"errors"
	"maps"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// worker is the host's keeper of the one program of a job host: it starts it, probes it, restarts it, and counts its deaths.
type worker struct {
	job    *jobHost
	orders chan chan<- struct{}

	mu      sync.Mutex
	state   state
	changed chan struct{} // closed with every change
	program program
	pool    *pool
	faults  []time.Time
	lines   []string // the last on standard error
	gone    program  // the last that has ended
}

type state int

const (
	stateInitializing state = iota
	stateInitialized
	stateStopped
)

// String is the state as the host's dispatcher calls it.
func (s state) String() string { return [...]string{"Initializing", "Initialized", "Disposed"}[s] }

func newWorker(j *jobHost) *worker {
	return &worker{job: j, orders: make(chan chan<- struct{}), changed: make(chan struct{}), pool: newPool(j.port)}
}

func (w *worker) set(s state, p program, connections *pool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
	if p != nil {
		w.program, w.pool = p, connections
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// look returns how things stand, and a channel that is closed when that changes.
func (w *worker) look() (state, program, *pool, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, w.program, w.pool, w.changed
}

// running is the program of now; nil before the first.
func (w *worker) running() program {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.program
}

func (w *worker) standing() state {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// outcome is how the life of a program ended.
type outcome int

const (
	outcomeStop    outcome = iota // the job host ends
	outcomeRestart                // not the program's fault
	outcomeFault                  // counted
	outcomeLeft                   // it went by itself with code 0, and stays away
)

// run keeps a program until ctx ends.
func (w *worker) run(ctx context.Context, started func()) {
	defer w.set(stateStopped, nil, nil)
	id := newGUID()
	for ctx.Err() == nil {
		connections := newPool(w.job.port)
		p, err := w.launch(id)
		started()
		if err != nil {
			w.job.logf(Error, categoryWorker+id, "Failed to start Worker Channel. Process fileName: %s\n%v", w.job.app.program.file, err)
			w.job.host.failf("the program %q can't be started, and the host does not try again: %v", w.job.app.program.file, err)
			<-ctx.Done()
			return
		}
		w.set(stateInitializing, p, connections)
		end := w.supervise(ctx, p, connections, id)
		connections.close()
		p.kill()
		<-p.exited()
		switch end {
		case outcomeStop:
			return
		case outcomeFault:
			if w.exhausted() {
				w.job.logf(Error, dispatcherClass, "Exceeded http worker restart retry count. Shutting down Functions Host")
				w.job.host.failf("the program has failed %d times: the host stops", errorBudget)
				w.job.host.shutDown()
				return
			}
		case outcomeLeft:
			select {
			case <-ctx.Done():
				return
			case done := <-w.orders:
				close(done)
			}
		case outcomeRestart:
		}
		id = newGUID()
	}
}

// launch starts the program.
func (w *worker) launch(id string) (program, error) {
	j := w.job
	environment := maps.Clone(j.host.options.Settings)
	port := strconv.Itoa(j.port)
	environment["FUNCTIONS_CUSTOMHANDLER_PORT"], environment["FUNCTIONS_HTTPWORKER_PORT"] = port, port
	environment["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"], environment["FUNCTIONS_HTTPWORKER_ID"] = id, id
	environment["FUNCTIONS_APP_ROOT_PATH"] = j.app.root
	l := &launch{folder: j.app.program.folder, environment: environment, port: j.port}
	l.line = func(line string, stderr bool) {
		if stderr {
			w.mu.Lock()
			w.lines = append(w.lines, line)
			w.lines = w.lines[max(0, len(w.lines)-3):]
			w.mu.Unlock()
		}
		c := classify(line, stderr, j.app.program.errorsOnly, id)
		j.logf(c.Level, c.Category, "%s", c.Message)
	}
	if j.host.scripted {
		return j.host.options.launch(l)
	}
	var err error
	if l.file, l.arguments, err = j.app.program.command(environment); err != nil {
		return nil, err
	}
	return j.host.options.launch(l)
}

// supervise watches a program until it ends or must.
func (w *worker) supervise(ctx context.Context, p program, connections *pool, id string) outcome {
	probes, stop := context.WithCancel(ctx)
	defer stop()
	probed := make(chan error, 1)
	w.job.spawn(func() { probed <- w.untilReady(probes, connections) })
	exited, ready := p.exited(), false
	for {
		select {
		case <-ctx.Done():
			return outcomeStop
		case done := <-w.orders:
			w.set(stateInitializing, nil, nil)
			connections.close()
			p.kill()
			<-p.exited()
			close(done)
			return outcomeRestart
		case err := <-probed:
			switch {
			case err == nil:
				ready = true
				w.job.logf(Information, dispatcherClass, "Worker process started and initialized.")
				w.set(stateInitialized, nil, nil)
			case !errors.Is(err, context.Canceled):
				w.job.logf(Error, categoryChannel+id, "Failed to start http worker process. workerId:%s\n%v", id, err)
				w.set(stateInitializing, nil, nil)
				return outcomeFault
			}
		case <-exited:
			switch code := p.code(); {
			case ctx.Err() != nil:
				return outcomeStop
			case code == 0 && ready:
				w.ended(p)
				return outcomeLeft
			case code == 0:
				exited = nil // the host does not notice, and goes on probing
			case code == exitRestart:
				w.job.logf(Information, categoryWorker+id, "Language Worker Process exited and needs to be restarted.")
				w.set(stateInitializing, nil, nil)
				return outcomeRestart
			default:
				w.set(stateInitializing, nil, nil)
				w.mu.Lock()
				last := strings.Join(w.lines, "\n")
				w.mu.Unlock()
				w.job.logf(Error, categoryWorker+id, "Language Worker Process exited. Pid=%d.\n%s exited with code %d (0x%X)\n%s",
					p.pid(), filepath.Base(w.job.app.program.file), code, code, last)
				return outcomeFault
			}
		}
	}
}

// exitRestart is the exit code of a program that wants to be started again.
const exitRestart = 200

// exhausted counts a fault and reports whether it is one too many. After a quiet time the count begins anew.
func (w *worker) exhausted() bool {
	now := time.Now()
	if n := len(w.faults); n > 0 && now.Sub(w.faults[n-1]) > errorWindow {
		w.faults = nil
	}
	w.faults = append(w.faults, now)
	return len(w.faults) >= errorBudget
}

// await waits until the program is ready. If it never is, the host stops, and the invocation goes on and fails.
func (w *worker) await(ctx context.Context) (*pool, error) {
	limit := time.NewTimer(waitFactor * w.job.app.initialization)
	defer limit.Stop()
	for {
		s, _, connections, changed := w.look()
		if s != stateInitializing {
			return connections, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-limit.C:
			w.job.logf(Error, invokerClass, "Final functionDispatcher state: %s. Initialization timed out and host is shutting down", s)
			w.job.host.shutDown()
			return connections, nil
		}
	}
}

// restart kills the program and starts another; it returns when the first is gone.
func (w *worker) restart(ctx context.Context) {
	done := make(chan struct{})
	select {
	case w.orders <- done:
		<-done
	case <-ctx.Done():
	}
}

// aliveTime is how long an invocation whose connection broke waits for the news that the program has ended, if the program still seems to be there.
const aliveTime = 20 * time.Millisecond

// notice waits until the worker knows that the program p has ended, or until it is clear that it has not. The host hears of the end and of the broken
// connection at about the same time; a test wants them in this order, so that the caller's next request waits for the new program.
func (w *worker) notice(ctx context.Context, p program, connections *pool) {
	patience := aliveTime
	var dialer net.Dialer
	if k, err := dialer.DialContext(ctx, "tcp4", connections.address); err != nil { // nobody listens any more
		patience = exitTime
	} else {
		_ = k.Close() // it has said what it was to say
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		s, now, _, changed := w.look()
		if s != stateInitialized || now != p || w.knows(p) {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// ended notes that a program has ended, and knows reports whether that has been noted.
func (w *worker) ended(p program) {
	w.mu.Lock()
	w.gone = p
	w.mu.Unlock()
	w.set(w.standing(), nil, nil)
}

func (w *worker) knows(p program) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gone == p
}
