package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Get returns the state of an instance.
func (b *Backend) Get(ctx context.Context, instanceID string) (*backend.InstanceState, error) {
	if err := b.enter(ctx, "get", instanceID, ""); err != nil {
		return nil, err
	}
	return b.get(ctx, instanceID)
}

func (b *Backend) get(ctx context.Context, instanceID string) (state *backend.InstanceState, err error) {
	err = b.readers.with(ctx, func(c *conn) error {
		return c.query(func(r *sqlite3.Stmt) (err error) {
			state, err = scanState(r)
			return err
		}, stateByID, instanceID)
	})
	if err == nil && state == nil {
		err = backend.ErrInstanceNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read instance %q: %w", instanceID, b.explain(err))
	}
	return state, nil
}

// scanState reads a row of stateColumns.
func scanState(r *sqlite3.Stmt) (*backend.InstanceState, error) {
	s := &backend.InstanceState{
		Instance:       history.Instance{ID: r.ColumnText(0), ExecutionID: r.ColumnText(1)},
		Name:           r.ColumnText(2),
		Version:        text(r, 3),
		Status:         history.Status(r.ColumnInt64(4)),
		Generation:     integer(r, 5),
		Created:        timeOf(r.ColumnInt64(6)),
		Updated:        timeOf(r.ColumnInt64(7)),
		Completed:      optionalTime(r, 8),
		ScheduledStart: optionalTime(r, 9),
		CustomStatus:   text(r, 12),
		Output:         text(r, 14),
		Input:          text(r, 15),
	}
	if err := errors.Join(unmarshal(r, 10, &s.Parent), unmarshal(r, 11, &s.Tags), unmarshal(r, 13, &s.Failure)); err != nil {
		return nil, fmt.Errorf("decode the state of instance %q: %w", s.Instance.ID, err)
	}
	return s, r.Err()
}

// unmarshal reads a column of JSON. NULL leaves v as it is.
func unmarshal(r *sqlite3.Stmt, n int, v any) error {
	if r.ColumnType(n) == sqlite3.NULL {
		return nil
	}
	return json.Unmarshal(r.ColumnRawText(n), v)
}

func text(r *sqlite3.Stmt, n int) *string {
	if r.ColumnType(n) == sqlite3.NULL {
		return nil
	}
	s := r.ColumnText(n)
	return &s
}

func integer(r *sqlite3.Stmt, n int) *int {
	if r.ColumnType(n) == sqlite3.NULL {
		return nil
	}
	i := r.ColumnInt(n)
	return &i
}

func optionalTime(r *sqlite3.Stmt, n int) time.Time {
	if r.ColumnType(n) == sqlite3.NULL {
		return time.Time{}
	}
	return timeOf(r.ColumnInt64(n))
}

// update writes the state of an instance.
func (t *transaction) update(key int64, s *backend.InstanceState) error {
	tags, err := marshalTags(s.Tags)
	if err != nil {
		return err
	}
	parent, err := marshal(s.Parent)
	if err != nil {
		return err
	}
	failure, err := marshal(s.Failure)
	if err != nil {
		return err
	}
	return t.run(updateInstance, key, s.Instance.ExecutionID, s.Name, s.Version, int(s.Status), s.Generation, s.Created, s.Updated,
		s.Completed, s.ScheduledStart, parent, tags, s.CustomStatus, failure, s.Output, s.Input)
}

// marshal returns the JSON of what v points to, and nil for nil.
func marshal[T any](v *T) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

func marshalTags(tags map[string]string) ([]byte, error) {
	if tags == nil {
		return nil, nil
	}
	return json.Marshal(tags)
}
