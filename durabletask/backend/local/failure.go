package local

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// errStopped is the answer to client calls after Stop.
var errStopped = errors.New("the store has been closed")

// explain turns an error of SQLite's into one that says what to do. Others it returns as they are.
func (b *Backend) explain(err error) error {
	var code sqlite3.ErrorCode
	if !errors.As(err, &code) {
		return err
	}
	switch code {
	case sqlite3.FULL, sqlite3.IOERR, sqlite3.CANTOPEN, sqlite3.READONLY, sqlite3.BUSY, sqlite3.LOCKED, sqlite3.PROTOCOL:
		if code == sqlite3.FULL || errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("%w: no space left for %s: free some, the store then goes on: %w", backend.ErrTransient, b.name, err)
		}
		return fmt.Errorf("%w: cannot read or write %s: check the disk and the rights to the folder: %w", backend.ErrTransient, b.name, err)
	case sqlite3.CORRUPT, sqlite3.NOTADB:
		return damaged(b.name, err)
	case sqlite3.TOOBIG:
		return fmt.Errorf("a value is larger than the store can keep (%d MiB): %w", maxValue>>20, err)
	}
	return err
}

func damaged(path string, err error) error {
	return fmt.Errorf("%s is damaged or no store: restore it from a backup, or move it away to begin with an empty one: %w", path, err)
}

// everyoneFails reports whether an error of a transaction for many requests will meet each of them alone, too.
func everyoneFails(err error) bool {
	var code sqlite3.ErrorCode
	if !errors.As(err, &code) {
		return false
	}
	switch code {
	case sqlite3.IOERR, sqlite3.CANTOPEN, sqlite3.READONLY, sqlite3.BUSY, sqlite3.LOCKED, sqlite3.PROTOCOL, sqlite3.CORRUPT, sqlite3.NOTADB:
		return true
	}
	return false
}
