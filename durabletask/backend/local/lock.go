package local

import (
	"errors"
	"fmt"

	"github.com/gofrs/flock"
)

// ErrInUse means that another process has the store open.
var ErrInUse = errors.New("in use by another process")

// lockFile makes sure that one process has the store open. The operating system gives the lock back when the process ends,
// however it ends; the file beside the store stays.
func lockFile(path string) (*flock.Flock, error) {
	l := flock.New(path + ".lock")
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the store: %w; make its folder writable or choose another -data folder", err)
	}
	if !ok {
		return nil, fmt.Errorf("the store %s is %w: stop that one or choose another -data folder", path, ErrInUse)
	}
	return l, nil
}
