package local

import (
	"context"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// History returns the committed history of the instance's present execution.
func (b *Backend) History(ctx context.Context, instanceID string) ([]history.Event, error) {
	if err := b.enter(ctx, "history", instanceID, ""); err != nil {
		return nil, err
	}
	var events []history.Event
	err := b.readers.with(ctx, func(c *conn) error {
		var rows int
		var err error
		events, rows, err = c.history(historyByID, instanceID)
		if err == nil && rows == 0 {
			return backend.ErrInstanceNotFound
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read history of instance %q: %w", instanceID, b.explain(err))
	}
	return events, nil
}

// history reads the events of an execution, and how many rows the answer had.
func (c *conn) history(s statement, arg any) (events []history.Event, rows int, err error) {
	err = c.query(func(r *sqlite3.Stmt) error {
		rows++
		more, err := history.Decode(r.ColumnRawText(0))
		events = append(events, more...)
		return err
	}, s, arg)
	return events, rows, err
}
