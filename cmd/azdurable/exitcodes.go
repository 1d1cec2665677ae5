package main

import (
	"context"
	"errors"
	"fmt"
)

// The exit codes. Scripts rely on them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitState       = 4
	exitAccess      = 5
	exitUnreachable = 6
	exitTimeout     = 7
	exitInstFailed  = 8
	exitTerminated  = 9
	exitInterrupted = 130 // as shells report Ctrl-C
)

// exitCodes explains them, for the help and the documentation.
func exitCodes() []struct {
	code    int
	meaning string
} {
	return []struct {
		code    int
		meaning string
	}{
		{exitDone, "done"},
		{exitFailed, "failed"},
		{exitUsage, "wrong usage, or input that is not what it should be; nothing was done"},
		{exitNotFound, "there is no such instance, entity, message, store or task hub"},
		{exitState, "the instance or the task hub is not in the state for it"},
		{exitAccess, "the key is missing or wrong, or storage refuses access"},
		{exitUnreachable, "the app or its storage can't be reached, or the store is in use"},
		{exitTimeout, "it took longer than --timeout allows"},
		{exitInstFailed, "instances wait: the instance has failed"},
		{exitTerminated, "instances wait: the instance was terminated or cancelled"},
		{exitInterrupted, "interrupted by Ctrl-C"},
	}
}

// exitError is an error with an exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// fail makes an error with an exit code.
func fail(code int, format string, args ...any) error {
	return &exitError{code, fmt.Errorf(format, args...)}
}

// codeOf is the exit code for an error.
func codeOf(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitFailed
}
