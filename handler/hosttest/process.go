package hosttest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// launch is how a program is started.
type launch struct {
	file, folder string
	arguments    []string
	environment  map[string]string
	port         int
	line         func(text string, stderr bool) // gets what the program writes
}

// program is a running one.
type program interface {
	pid() int
	// exited is closed when the program has ended and its output has been read.
	exited() <-chan struct{}
	// code is the exit code, after that; 128 and the signal for a program that a signal ended.
	code() int
	kill()
	// interrupt is what Ctrl-C does to it.
	interrupt()
}

type launcher func(*launch) (program, error)

// process is a program of the operating system.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	exit  int
}

// startProcess starts a program without a shell, with pipes for its output, the null device for its input, and its environment alone.
func startProcess(l *launch) (program, error) {
	cmd := exec.Command(l.file, l.arguments...) //nolint:noctx // it is killed, never cancelled
	cmd.Dir = l.folder
	cmd.Env = []string{}
	for name, text := range l.environment {
		cmd.Env = append(cmd.Env, name+"="+text)
	}
	ownGroup(cmd)
	p := &process{cmd: cmd, ended: make(chan struct{})}
	var read sync.WaitGroup
	var ours, theirs []*os.File
	for _, stderr := range []bool{false, true} {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("a pipe for output: %w", err)
		}
		ours, theirs = append(ours, r), append(theirs, w)
		read.Go(func() { readLines(r, func(text string) { l.line(text, stderr) }) })
	}
	cmd.Stdout, cmd.Stderr = theirs[0], theirs[1]
	err := cmd.Start()
	for _, w := range theirs {
		_ = w.Close() // the program has its own
	}
	if err != nil {
		read.Wait()
		return nil, fmt.Errorf("An error occurred trying to start process '%s' with working directory '%s': %w", l.file, l.folder, err)
	}
	go p.wait(&read, ours)
	return p, nil
}

// wait ends with the process and its output. Output that a child of the process holds open is not waited for.
func (p *process) wait(read *sync.WaitGroup, pipes []*os.File) {
	_ = p.cmd.Wait() // the state has the outcome
	p.exit = exitCode(p.cmd.ProcessState)
	drained := make(chan struct{})
	go func() {
		read.Wait()
		close(drained)
	}()
	limit := time.NewTimer(exitTime)
	defer limit.Stop()
	select {
	case <-drained:
	case <-limit.C:
	}
	for _, r := range pipes {
		_ = r.Close() // what is not read by now is not waited for
	}
	<-drained
	close(p.ended)
}

// readLines reads lines of any length.
func readLines(r io.Reader, line func(string)) {
	b := bufio.NewReader(r)
	for {
		text, err := b.ReadString('\n')
		if err == nil {
			text = text[:len(text)-1]
		}
		if err == nil || text != "" {
			line(text)
		}
		if err != nil {
			return
		}
	}
}

func (p *process) pid() int                { return p.cmd.Process.Pid }
func (p *process) exited() <-chan struct{} { return p.ended }
func (p *process) code() int               { return p.exit }

// kill is SIGKILL for the process alone, not for its children: so does the host.
func (p *process) kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic(fmt.Sprintf("hosttest: kill process %d: %v", p.pid(), err))
	}
}

func (p *process) interrupt() { interruptGroup(p.cmd) }
