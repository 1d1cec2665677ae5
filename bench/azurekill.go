package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// serve is a worker that runs until its standard input ends, and prints the instance of each activity that it runs.
func serve(ctx context.Context, j job) (*outcome, error) {
	var mu sync.Mutex
	m := &meter{next: network(), counts: map[string]int{}}
	h, err := openHub(ctx, j.Connection, m, 1, func(ctx context.Context) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(durabletask.ActivityInfo(ctx).InstanceID)
	})
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return &outcome{}, h.Close()
}

// server is a process that serves.
type server struct {
	command *exec.Cmd
	input   io.Closer
	ran     chan string // instances of activities that were run
}

func startServer(ctx context.Context, j job) (*server, error) {
	s := &server{ran: make(chan string, 1024)}
	var err error
	if s.command, err = jobCommand(ctx, j); err != nil {
		return nil, err
	}
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.input, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	go func() {
		defer close(s.ran)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if !strings.HasPrefix(lines.Text(), "{") {
				s.ran <- lines.Text()
			}
		}
	}()
	return s, nil
}

// kill ends the process as the system does when memory is short: without warning.
func (s *server) kill() {
	_ = s.command.Process.Kill()
	for range s.ran { // what it still printed
	}
	_ = s.command.Wait()
}

func (s *server) stop() error {
	err := s.input.Close()
	for range s.ran { // what it still printed
	}
	return errors.Join(err, s.command.Wait())
}

// jobCommand is this program, to do a job in a process of its own.
func jobCommand(ctx context.Context, j job) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, self)
	c.Env = append(os.Environ(), jobVariable+"="+string(text))
	c.Stderr = os.Stderr
	return c, nil
}

const (
	killInstances = 200
	// killAfter is how many of their 5 activities have run when the worker is killed.
	killAfter = killInstances * 5 / 2
	killLook  = 100 * time.Millisecond
	// killLimit is for how long instances may stand still until they count as lost.
	killLimit = 3 * time.Minute
)

// killed measures how long the instances of a killed worker stand still when it is started again at once.
func killed(ctx context.Context, connection string) ([]figure, error) {
	j := job{Load: "serve", Connection: connection}
	first, err := startServer(ctx, j)
	if err != nil {
		return nil, err
	}
	h, err := openHub(ctx, connection, &meter{next: network(), counts: map[string]int{}}, 0, nil)
	if err != nil {
		first.kill()
		return nil, err
	}
	if err := h.untilCreated(ctx); err != nil {
		first.kill()
		return nil, err
	}
	startErr := inParallel(killInstances, func(int) error {
		_, err := h.hello5.Schedule(ctx, h.client, cities)
		return err
	})
	for n := 0; n < killAfter && startErr == nil; n++ {
		select {
		case _, ok := <-first.ran:
			if !ok {
				startErr = errors.New("the worker has ended")
			}
		case <-ctx.Done():
			startErr = ctx.Err()
		}
	}
	first.kill()
	if startErr != nil {
		return nil, startErr
	}
	at := time.Now()
	second, err := startServer(ctx, j)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, killLimit)
	defer cancel()
	moved, ended, running, err := h.untilMoved(ctx, second, at)
	if err = errors.Join(err, second.stop()); err != nil {
		return nil, err
	}
	note := fmt.Sprintf("%d of %d instances were running", running, killInstances)
	return []figure{
		{name: "azure/kill/moved", value: moved.Seconds(), unit: seconds, note: note, target: atMost(60)},
		{name: "azure/kill/ended", value: ended.Seconds(), unit: seconds, note: "the same until the last has ended"},
	}, nil
}

// untilCreated waits until the worker has made the hub, and then until it works.
func (h *azureHub) untilCreated(ctx context.Context) error {
	for {
		i, err := h.hello1.Schedule(ctx, h.client, cities[:1])
		if err == nil {
			_, err = i.Wait(ctx)
		}
		if err == nil || !account.NotFound(err) {
			return err
		}
		select {
		case <-time.After(killLook):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// untilMoved waits until all instances have ended, and says when the last of those that were running had moved: run an activity, or ended.
func (h *azureHub) untilMoved(ctx context.Context, s *server, since time.Time) (moved, ended time.Duration, running int, err error) {
	open, err := h.unfinished(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	running = len(open)
	waiting := open
	look := time.NewTicker(killLook)
	defer look.Stop()
	for {
		select {
		case id := <-s.ran:
			if waiting[id] {
				delete(waiting, id)
				moved = time.Since(since)
			}
		case <-look.C:
			now, err := h.unfinished(ctx)
			if err != nil {
				return 0, 0, running, err
			}
			for id := range waiting {
				if !now[id] {
					delete(waiting, id)
					moved = time.Since(since)
				}
			}
			if len(now) == 0 {
				return moved, time.Since(since), running, nil
			}
		case <-ctx.Done():
			return 0, 0, running, fmt.Errorf("%d of %d have not moved after %v: %v: %w", len(waiting), running, time.Since(since), h.describe(waiting), ctx.Err())
		}
	}
}

// describe tells how far instances are.
func (h *azureHub) describe(ids map[string]bool) []string {
	var all []string
	for id := range ids {
		events, err := h.client.History(context.Background(), id)
		text := fmt.Sprintf("%s: %d events, %v", id, len(events), err)
		if len(events) > 0 {
			text += fmt.Sprintf(", last %T", events[len(events)-1])
		}
		all = append(all, text)
	}
	return all
}

// unfinished are the instances that have not ended.
func (h *azureHub) unfinished(ctx context.Context) (map[string]bool, error) {
	open := map[string]bool{}
	q := durabletask.Query{Statuses: []durabletask.Status{durabletask.Pending, durabletask.Running}, PageSize: 1000}
	for {
		p, err := h.client.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, i := range p.Instances {
			open[i.Instance.ID] = true
		}
		if q.Token = p.Next; q.Token == "" {
			return open, nil
		}
	}
}
