package main

import (
	"context"
	"time"
)

// tell prints a line for people.
func (s *session) tell(format string, args ...any) error {
	if s.json {
		return nil
	}
	return printf(s.stdout, format+"\n", args...)
}

// result prints what a command has done for programs.
func (s *session) result(v any) error {
	if !s.json {
		return nil
	}
	return printJSON(s.stdout, v)
}

// sent tells people that a message was sent, and if nobody is there to read it now.
func (s *session) sent(format string, args ...any) error {
	if !s.alive() {
		format += " It takes effect when the app runs."
	}
	return s.tell(format, args...)
}

// show prints a table.
func (s *session) show(t *table) error { return t.print(s.stdout, s.width, s.colours()) }

// statusCell is a state with its colour.
func statusCell(status string) cell { return cell{status, statusColour(status)} }

// How often an instance is looked at that somebody waits for.
const (
	firstLook   = 100 * time.Millisecond
	longestLook = 2 * time.Second
)

// watch looks at an instance until it is as wanted, or the limit is over: then it returns the last that was seen with an error that is
// context.DeadlineExceeded. It looks once at least.
func (s *session) watch(ctx context.Context, limit time.Duration, id string, v view, wanted func(*instance) bool) (*instance, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for pause := firstLook; ; pause = min(2*pause, longestLook) {
		i, err := s.get(ctx, id, v)
		if err != nil || wanted(i) {
			return i, err
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-limited.Done():
		}
		t.Stop()
		if err := limited.Err(); err != nil {
			return i, err //nolint:wrapcheck // callers know which it is
		}
	}
}

// changed is what programs are told of an instance that was sent a message.
type changed struct {
	InstanceID    string `json:"instanceId"`
	RuntimeStatus string `json:"runtimeStatus"`
}
