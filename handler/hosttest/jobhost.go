package hosttest

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// jobHost is one life of the host's inner part: the functions it has read, the port it has chosen, the program it keeps, the listeners of triggers. A
// restart makes a new one.
type jobHost struct {
	host   *Host
	app    *app
	port   int
	worker *worker // nil if no function can run
	ctx    context.Context
	end    context.CancelFunc

	mu      sync.Mutex
	stopped bool
	wg      sync.WaitGroup
}

// spawn starts a goroutine that stop waits for; false if the job host has been stopped.
func (j *jobHost) spawn(run func()) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.stopped {
		j.wg.Go(run)
	}
	return !j.stopped
}

// newJobHost reads the app. Its program is started by start.
func (h *Host) newJobHost() (*jobHost, error) {
	a, err := readApp(&h.options)
	if err != nil {
		return nil, err
	}
	j := &jobHost{host: h, app: a}
	if j.port, err = freePort(); err != nil {
		return nil, err
	}
	j.ctx, j.end = context.WithCancel(context.Background())
	if len(a.valid()) > 0 {
		j.worker = newWorker(j)
	}
	return j, nil
}

// start starts the program, if a function can run, and the listeners of triggers. The host must know the job host by then.
func (j *jobHost) start() {
	j.announce()
	if j.worker == nil {
		j.logf(Information, categoryStartup, "No job functions found.")
		return
	}
	launched := make(chan struct{})
	once := sync.OnceFunc(func() { close(launched) })
	if !j.spawn(func() { j.worker.run(j.ctx, once) }) {
		return
	}
	<-launched
	if !j.host.options.NoLiveness {
		j.spawn(func() { j.worker.liveness(j.ctx) })
	}
	j.listen()
}

// announce logs the routes and the functions in error.
func (j *jobHost) announce() {
	for _, f := range j.app.functions {
		for _, e := range f.errors {
			j.logf(Error, categoryStartup, "The '%s' function is in error: %s", f.name, e)
		}
	}
	var lines strings.Builder
	for _, f := range j.app.functions {
		if f.route == nil || len(f.errors) > 0 {
			continue
		}
		methods := "all"
		if len(f.route.methods) > 0 {
			methods = strings.ToLower(strings.Join(f.route.methods, ","))
		}
		fmt.Fprintf(&lines, "Mapped function route '%s' [%s] to '%s'\n", strings.TrimPrefix(j.app.prefix+"/"+f.route.template, "/"), methods, f.name)
	}
	if lines.Len() > 0 {
		j.logf(Information, routesClass, "Initializing function HTTP routes\n%s", lines.String())
	}
}

// listen starts the listeners of triggers that are not disabled.
func (j *jobHost) listen() {
	for _, f := range j.app.valid() {
		if j.host.options.disabled(f) {
			continue
		}
		switch trigger := f.trigger(); {
		case trigger.is("queueTrigger"):
			j.spawn(func() { j.listenQueue(f) })
		case trigger.is("timerTrigger") && strings.EqualFold(trigger.property("runOnStartup"), "true"):
			j.spawn(func() { _, _ = j.fire(f, Timer{}) })
		}
	}
}

// stop kills the program with everything that is under way, and waits.
func (j *jobHost) stop() {
	j.mu.Lock()
	j.stopped = true
	j.mu.Unlock()
	j.end()
	if j.worker != nil {
		_, p, connections, _ := j.worker.look()
		connections.close()
		if p != nil {
			p.kill()
		}
	}
	j.wg.Wait()
}

func (j *jobHost) logf(l Level, category, format string, args ...any) {
	j.host.journal.addf(l, category, format, args...)
}
