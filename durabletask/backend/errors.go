package backend

import (
	"errors"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/history"
)

var (
	// ErrTransient means that storage failed and the same call may be made again.
	ErrTransient = errors.New("storage failed for now")
	// ErrDraining is the answer to a Next call once the backend has been told to drain.
	ErrDraining = errors.New("the backend is draining")
	// ErrSessionLost means that the work is no longer the caller's.
	ErrSessionLost = errors.New("the session is lost: somebody else has the work, or the instance is gone")
	// ErrInstanceNotFound means that no instance has the id.
	ErrInstanceNotFound = errors.New("no such instance")
	// ErrInstanceFinished means that the instance is in a terminal state.
	ErrInstanceFinished = errors.New("the instance has ended")
	// ErrInstanceRunning means that the instance has not ended, or that something waits for it.
	ErrInstanceRunning = errors.New("the instance has not ended: terminate it first")
	// ErrPageToken means that a page token was not made by this backend.
	ErrPageToken = errors.New("page token not understood: pass on the token of the page before, unchanged")
)

// NotFailedError refuses to rewind an instance that is in another state than Failed.
type NotFailedError struct{ Status history.Status }

// Error says so in the words that the reference uses.
func (e *NotFailedError) Error() string {
	return fmt.Sprintf("This orchestration has status %s, but only orchestrations in the \"Failed\" state can be rewound.", e.Status)
}

// InstanceExistsError refuses a start because an instance with the same id may not be replaced.
type InstanceExistsError struct {
	InstanceID string
	Status     history.Status
}

// Error says which state stands in the way, in the words that the reference uses.
func (e *InstanceExistsError) Error() string {
	return fmt.Sprintf("An Orchestration instance with the status %s already exists.", e.Status)
}
