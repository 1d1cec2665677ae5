package hosttest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Level is how bad a line is.
type Level int

// The levels of lines.
const (
	Information Level = iota
	Warning
	Error
)

// String is the level's name.
func (l Level) String() string { return [...]string{"Information", "Warning", "Error"}[l] }

// Log is a line in the log of the host.
type Log struct {
	Level    Level
	Category string
	Message  string
}

// String is the line for people.
func (l Log) String() string { return fmt.Sprintf("%s %s: %s", l.Level, l.Category, l.Message) }

// The categories of the host's log that tests look for.
const (
	// CategoryConsole has what the program writes.
	CategoryConsole = "Host.Function.Console"
	// CategoryTooling has lines that begin with azfuncjsonlog:.
	CategoryTooling = "Host.Function.ToolingConsoleLog"
	categoryStartup = "Host.Startup"
	categoryWorker  = "Worker.HttpWorkerProcess."
	categoryChannel = "Worker.HttpWorkerChannel."
	dispatcherClass = "Microsoft.Azure.WebJobs.Script.Workers.HttpFunctionInvocationDispatcher"
	routesClass     = "Microsoft.Azure.WebJobs.Script.WebHost.WebScriptHostHttpRoutesManager"
	invokerClass    = "Microsoft.Azure.WebJobs.Script.Description.WorkerFunctionInvoker"
	timeoutClass    = "Microsoft.Azure.WebJobs.Script.WebHost.WebScriptHostExceptionHandler"
)

// journal keeps the host's log.
type journal struct {
	mu      sync.Mutex
	lines   []Log
	changed chan struct{}
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

func (j *journal) addf(l Level, category, format string, args ...any) {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, Log{l, category, message})
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *journal) all() ([]Log, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines), j.changed
}

// classify is a line of the program as the host logs it. Of standard output nothing is parsed; of standard error a warning is told by the word, and an
// error by words only if the program may write other things there.
func classify(line string, stderr, errorsOnly bool, worker string) Log {
	const systemPrefix, toolingPrefix = "languageworkerconsolelog", "azfuncjsonlog:"
	lower := strings.ToLower(line)
	l := Log{Information, CategoryConsole, line}
	switch {
	case strings.HasPrefix(lower, systemPrefix):
		l.Category, l.Message = categoryWorker+worker, line[len(systemPrefix):]
	case strings.HasPrefix(lower, toolingPrefix):
		l.Category = CategoryTooling
	}
	if !stderr {
		return l
	}
	words := func(list ...string) bool {
		return slices.ContainsFunc(list, func(w string) bool { return strings.Contains(lower, w) })
	}
	switch {
	case words("warn"):
		l.Level = Warning
	case errorsOnly, words("error", "fail", "severe", "unhandled exception"):
		l.Level = Error
	}
	return l
}
