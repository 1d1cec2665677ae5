package local

import (
	"context"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Rewind takes back the failures of an instance and of its failed children.
func (b *Backend) Rewind(ctx context.Context, instanceID string, reason *string) error {
	wake := &history.GenericEvent{Header: history.Header{ID: history.NoID, Time: b.env.Now()}, Data: reason}
	body, err := history.Append(nil, wake)
	if err == nil {
		err = b.submit(ctx, &rewind{reply: newReply(), id: instanceID, wake: wake, body: body})
	}
	if err != nil {
		return fmt.Errorf("rewind instance %q: %w", instanceID, err)
	}
	return nil
}

type rewind struct {
	reply
	id   string
	wake history.Event
	body []byte
	// revived are the instances that go on; those without a failed child have a message that wakes them.
	revived []*instance
	wakes   []post
}

func (q *rewind) order() order { return order{rewindRank, q.id, string(q.body)} }

func (q *rewind) prepare(t *transaction) (refused, failed error) {
	q.revived, q.wakes = nil, nil
	row, err := t.c.instance(instanceByID, q.id)
	switch {
	case err != nil:
		return nil, err
	case row == nil:
		return backend.ErrInstanceNotFound, nil
	case row.status != history.Failed:
		return &backend.NotFailedError{Status: row.status}, nil
	}
	return nil, q.revive(t, row)
}

// revive rewinds one instance, and its children that have failed.
func (q *rewind) revive(t *transaction, row *instanceRow) error {
	children, err := t.rewindHistory(row.key)
	if err != nil {
		return err
	}
	if err := t.run(rewindInstance, row.key, t.b.env.Now()); err != nil {
		return err
	}
	t.b.mu.Lock()
	i := t.b.instanceOf(row.key) // known still if an activity of its runs
	i.fill(row)
	t.b.mu.Unlock()
	q.revived = append(q.revived, i)
	leaf := true
	for _, id := range children {
		child, err := t.c.instance(instanceByID, id)
		if err != nil {
			return err
		}
		if child == nil || child.status != history.Failed { // purged, or going on already
			continue
		}
		leaf = false
		if err := q.revive(t, child); err != nil {
			return err
		}
	}
	if !leaf {
		return nil
	}
	wake := post{event: q.wake, body: q.body}
	if err := wake.write(t, i); err != nil {
		return err
	}
	q.wakes = append(q.wakes, wake)
	return nil
}

// rewindHistory rewrites the rows of a history that a rewind changes, and returns the children to rewind.
func (t *transaction) rewindHistory(key int64) (children []string, err error) {
	type historyRow struct {
		seq    int64
		events []history.Event
	}
	var rows []historyRow
	var all []history.Event
	if err := t.c.query(func(r *sqlite3.Stmt) error {
		events, err := history.Decode(r.ColumnRawText(1))
		rows = append(rows, historyRow{r.ColumnInt64(0), events})
		all = append(all, events...)
		return err
	}, historyRows, key); err != nil {
		return nil, err
	}
	rewound, children := backend.Rewound(all)
	at := 0
	for _, row := range rows {
		changed := false
		for n, e := range row.events {
			changed = changed || rewound[at+n] != e
		}
		if changed {
			text, err := history.Append(nil, rewound[at:at+len(row.events)]...)
			if err != nil {
				return nil, err
			}
			if err := t.run(updateHistory, key, row.seq, text); err != nil {
				return nil, err
			}
		}
		at += len(row.events)
	}
	return children, nil
}

func (q *rewind) apply(b *Backend) {
	for _, i := range q.revived {
		i.ended, i.place, i.state = false, parked, stored{}
		b.keep(i)
	}
	for n := range q.wakes {
		q.wakes[n].apply(b)
	}
}
