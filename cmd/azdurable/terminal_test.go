package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
)

// terminal is a person at a terminal.
type terminal struct {
	stdout, stderr strings.Builder
	outside        outside
}

func newTerminal(answer string, env ...string) *terminal {
	c := &terminal{}
	c.outside = outside{
		stdout: &c.stdout, stderr: &c.stderr, stdin: strings.NewReader(answer), env: env, now: time.Now,
		screen: true, progress: true, keyboard: true, width: 100,
	}
	return c
}

func (c *terminal) run(t *testing.T, args ...string) int {
	t.Helper()
	return run(t.Context(), args, &c.outside)
}

// ended makes a store in which n instances were terminated before they began.
func ended(t *testing.T, n int) string {
	t.Helper()
	path := t.TempDir() + "/Ended.db"
	b, err := local.Open(t.Context(), local.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	client := durabletask.NewClient(b, nil, durabletask.ClientOptions{})
	for i := range n {
		later := durabletask.StartAt(time.Now().Add(time.Hour)) // such an instance ends at once when it is terminated
		id, err := client.Schedule(t.Context(), "Later", nil, durabletask.InstanceID(fmt.Sprintf("i-%03d", i)), later)
		if err == nil {
			err = client.Terminate(t.Context(), id, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestColours(t *testing.T) {
	t.Parallel()
	path := ended(t, 1)
	for _, tc := range []struct {
		name     string
		env      []string
		redirect bool
		want     bool
	}{
		{"on a terminal", []string{"TERM=xterm"}, false, true},
		{"NO_COLOR", []string{"NO_COLOR=1"}, false, false},
		{"NO_COLOR that is empty", []string{"NO_COLOR="}, false, true},
		{"a dumb terminal", []string{"TERM=dumb"}, false, false},
		{"redirected", nil, true, false},
	} {
		c := newTerminal("", tc.env...) // one after the other: a store is opened once
		c.outside.screen = !tc.redirect
		for _, command := range []string{"list", "get"} {
			args := []string{"instances", command, "--data", path}
			if command == "get" {
				args = append(args, "i-000")
			}
			if code := c.run(t, args...); code != exitDone {
				t.Fatalf("%s: %d\n%s", tc.name, code, &c.stderr)
			}
		}
		if n := strings.Count(c.stdout.String(), grey+"Terminated"+plain); n != 2 && tc.want || n != 0 && !tc.want {
			t.Errorf("%s: %d coloured states in\n%s", tc.name, n, &c.stdout)
		}
	}
}

func TestConfirmation(t *testing.T) {
	t.Parallel()
	path := ended(t, 25)
	purge := []string{"instances", "purge", "--all", "--data", path}
	for _, answer := range []string{"n\n", "\n", "", "yesterday\n"} {
		c := newTerminal(answer)
		if code := c.run(t, purge...); code != exitFailed || !strings.Contains(c.stderr.String(), "[y/N] ") || !strings.Contains(c.stderr.String(), "nothing was done") {
			t.Errorf("%q: %d\n%s", answer, code, &c.stderr)
		}
	}
	c := newTerminal("Y\n")
	if code := c.run(t, purge...); code != exitDone || !strings.Contains(c.stdout.String(), "Instances deleted: 25\n") {
		t.Errorf("yes: %d\n%s%s", code, &c.stdout, &c.stderr)
	}
	if !strings.Contains(c.stderr.String(), "\rInstances deleted: 25") || !strings.HasSuffix(c.stderr.String(), "\r\x1b[K") {
		t.Errorf("the progress was %q", &c.stderr)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	c := newTerminal("")
	c.outside.progress = false
	if code := c.run(t, "instances", "purge", "--all", "--yes", "--data", ended(t, 25)); code != exitDone || c.stderr.Len() > 0 {
		t.Errorf("%d, and on stderr %q", code, &c.stderr)
	}
}

// Ctrl-C ends a command with the exit code that shells expect.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := newTerminal("")
	if code := run(ctx, []string{"instances", "purge", "--all", "--yes", "--data", ended(t, 1)}, &c.outside); code != exitInterrupted {
		t.Errorf("%d\n%s", code, &c.stderr)
	}
	c = newTerminal("")
	if code := run(ctx, []string{"instances", "list", "--url", "http://127.0.0.1:1"}, &c.outside); code != exitInterrupted {
		t.Errorf("%d\n%s", code, &c.stderr)
	}
}
