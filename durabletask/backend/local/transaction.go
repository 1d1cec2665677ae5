package local

import (
	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/history"
)

// A transaction is what the requests that are committed together share. What they change is visible to the later ones in the
// file and here, to everybody else only after the commit.
type transaction struct {
	b *Backend
	c *conn
	// seen holds the instances that this transaction has created or read, by id.
	seen map[string]*instance
	// ended holds those that it has ended or replaced.
	ended map[*instance]bool
	// renamed holds the new execution ids of those that it has let continue as new.
	renamed map[*instance]string
}

func (t *transaction) run(s statement, args ...any) error { return t.c.run(s, args...) }

func (t *transaction) rollback() {
	if !t.c.GetAutocommit() { // SQLite itself rolls back after some errors
		_ = t.c.run(rollback) // what it can't undo now, it undoes when the file is next read
	}
}

// nextSeq numbers rows in order of arrival. Numbers of a transaction that fails are left out.
func (t *transaction) nextSeq() int64 {
	t.b.lastSeq++
	return t.b.lastSeq
}

func (t *transaction) nextKey() int64 {
	t.b.lastKey++
	return t.b.lastKey
}

func (t *transaction) see(i *instance) {
	if t.seen == nil {
		t.seen = make(map[string]*instance)
	}
	t.seen[i.id] = i
}

func (t *transaction) end(i *instance) {
	if t.ended == nil {
		t.ended = make(map[*instance]bool)
	}
	t.ended[i] = true
}

func (t *transaction) hasEnded(i *instance) bool { return i.ended || t.ended[i] }

func (t *transaction) rename(i *instance, executionID string) {
	if t.renamed == nil {
		t.renamed = make(map[*instance]string)
	}
	t.renamed[i] = executionID
}

// isFor reports whether a message that names this execution, or none, is for the present one of the instance.
func (t *transaction) isFor(executionID string, i *instance) bool {
	present := i.executionID
	if renamed, ok := t.renamed[i]; ok {
		present = renamed
	}
	return executionID == "" || executionID == present
}

// find returns the present execution of an instance id as this transaction sees it, or nil.
func (t *transaction) find(id string) (*instance, error) {
	if i, ok := t.seen[id]; ok {
		return i, nil
	}
	t.b.mu.Lock()
	i, ok := t.b.byID[id]
	t.b.mu.Unlock()
	if ok {
		return i, nil
	}
	row, err := t.c.instance(instanceByID, id)
	if row == nil || err != nil {
		return nil, err
	}
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	i = t.b.instanceOf(row.key)
	i.fill(row)
	t.see(i)
	return i, nil
}

// instanceRow is what identifies an instance and says how far it is.
type instanceRow struct {
	key             int64
	id, executionID string
	status          history.Status
	generation      int
	version         uint64
}

// instance reads a row by the statement, or nil.
func (c *conn) instance(s statement, arg any) (row *instanceRow, err error) {
	err = c.query(func(r *sqlite3.Stmt) error {
		row = &instanceRow{
			key:         r.ColumnInt64(0),
			id:          r.ColumnText(1),
			executionID: r.ColumnText(2),
			status:      history.Status(r.ColumnInt64(3)),
			generation:  r.ColumnInt(4),
			version:     uint64(r.ColumnInt64(5)),
		}
		return nil
	}, s, arg)
	return row, err
}

// fill puts what was left in the file into memory.
func (i *instance) fill(r *instanceRow) {
	if i.loaded {
		return
	}
	i.loaded = true
	i.id, i.executionID, i.version = r.id, r.executionID, r.version
	i.entity = history.IsEntity(i.id)
	i.ended = i.ended || r.status.Terminal()
}
