package local

import (
	"cmp"
	"slices"

	"github.com/ncruces/go-sqlite3"
)

// restoreMessages puts the instances that have messages in line, the one with the oldest first, and sets the timers.
func (b *Backend) restoreMessages(c *conn) error {
	var waiting []*instance
	err := c.query(func(r *sqlite3.Stmt) error {
		i := b.instanceOf(r.ColumnInt64(0))
		i.entity = r.ColumnBool(5)
		seq, start, executionID := r.ColumnInt64(1), r.ColumnBool(3), r.ColumnText(4)
		b.lastSeq = max(b.lastSeq, seq)
		if r.ColumnType(2) != sqlite3.NULL {
			i.held = i.held || start
			b.setTimer(&timer{instance: i, due: r.ColumnInt64(2), seq: seq, start: start, executionID: executionID})
			return nil
		}
		b.keep(i)
		if len(i.inbox) == 0 {
			waiting = append(waiting, i)
		}
		i.inbox = append(i.inbox, &message{row: row{messages, seq}, executionID: executionID, start: start})
		return nil
	}, waitingMessages)
	slices.SortFunc(waiting, func(x, y *instance) int { return cmp.Compare(x.inbox[0].row.seq, y.inbox[0].row.seq) })
	for _, i := range waiting {
		b.settle(i)
	}
	return err
}

// restorePoison makes instances wait whose starts were given up, and keeps numbers from being used again that a replay may need.
func (b *Backend) restorePoison(c *conn) error {
	return c.query(func(r *sqlite3.Stmt) error {
		b.lastSeq = max(b.lastSeq, r.ColumnInt64(1))
		if r.ColumnBool(2) {
			i := b.instanceOf(r.ColumnInt64(0))
			i.held = true
			b.keep(i)
		}
		return nil
	}, poisonPlaces)
}

func (b *Backend) restoreActivities(c *conn) error {
	return c.query(func(r *sqlite3.Stmt) error {
		seq := r.ColumnInt64(1)
		b.lastSeq = max(b.lastSeq, seq)
		b.schedule(&activity{instance: b.instanceOf(r.ColumnInt64(0)), seq: seq, executionID: r.ColumnText(2)})
		return nil
	}, waitingActivities)
}
