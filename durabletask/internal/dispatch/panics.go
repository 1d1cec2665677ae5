package dispatch

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// panicError is a panic of the engine or of middleware. (Panics of user code are outcomes.) What sets one off again and again is given up in the end:
// nothing that happens outside would make it better.
type panicError struct {
	value any
	stack []byte
}

// Error has the stack, which is all there is to find the fault by.
func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// poisonous reports whether work has failed for a reason of its own.
func poisonous(cause error) bool {
	_, ok := errors.AsType[*panicError](cause)
	return ok
}

// contain turns a panic into an error: one message that the engine can't stand must not take the process down with everything else it does.
func contain(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p, debug.Stack()}
		}
	}()
	return f()
}
