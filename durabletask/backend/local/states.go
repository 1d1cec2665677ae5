package local

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
		CustomStatus:   text(r, 11),
		Output:         text(r, 13),
		Input:          text(r, 14),
	}
	if tags := text(r, 10); tags != nil {
		if err := json.Unmarshal([]byte(*tags), &s.Tags); err != nil {
			return nil, fmt.Errorf("decode tags of instance %q: %w", s.Instance.ID, err)
		}
	}
	if failure := text(r, 12); failure != nil {
		if err := json.Unmarshal([]byte(*failure), &s.Failure); err != nil {
			return nil, fmt.Errorf("decode failure of instance %q: %w", s.Instance.ID, err)
		}
	}
	return s, r.Err()
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
	var failure []byte
	if s.Failure != nil {
		if failure, err = json.Marshal(s.Failure); err != nil {
			return err
		}
	}
	return t.run(updateInstance, key, s.Name, s.Version, int(s.Status), s.Generation, s.Created, s.Updated, s.Completed,
		s.ScheduledStart, tags, s.CustomStatus, failure, s.Output, s.Input)
}

func marshalTags(tags map[string]string) ([]byte, error) {
	if tags == nil {
		return nil, nil
	}
	return json.Marshal(tags)
}

// sameBut reports whether two states differ at most in the time of the last change.
func sameBut(a, b *backend.InstanceState) bool {
	return a.Name == b.Name &&
		equal(a.Version, b.Version) &&
		a.Status == b.Status &&
		equal(a.Input, b.Input) &&
		equal(a.Output, b.Output) &&
		sameFailure(a.Failure, b.Failure) &&
		equal(a.CustomStatus, b.CustomStatus) &&
		maps.Equal(a.Tags, b.Tags) && (a.Tags == nil) == (b.Tags == nil) &&
		equal(a.Generation, b.Generation) &&
		a.Created.Equal(b.Created) &&
		a.ScheduledStart.Equal(b.ScheduledStart) &&
		a.Completed.Equal(b.Completed)
}

func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

func sameFailure(a, b *history.FailureDetails) bool {
	for a != b {
		if a == nil || b == nil || a.ErrorType != b.ErrorType ||
			a.ErrorMessage != b.ErrorMessage || a.StackTrace != b.StackTrace || a.NonRetriable != b.NonRetriable {
			return false
		}
		a, b = a.Inner, b.Inner
	}
	return true
}
