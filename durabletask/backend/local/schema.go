package local

import (
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// applicationID marks a file as ours ("azdu"), so that no other program's database is taken for a store.
const applicationID = 0x617a6475

// pageSize suits the rows of a checkpoint: most of them fit into a page without overflow, and a commit of hundreds of them
// writes few pages.
const pageSize = 8192

// migrations lead from each format to the next: the first makes format 1 of an empty file, and so on. What has been released
// is never changed, only added to. The format of a file is its user_version.
//
// Times are numbers of 100 ns since 1970: datetime(created/10000000, 'unixepoch') shows them. Large columns come last, so
// that reading the others does not read past them.
func migrations() []string {
	return []string{`
CREATE TABLE instances (
	key             INTEGER PRIMARY KEY, -- a new one for each start: rows of instances that run at one time stand together
	id              TEXT NOT NULL UNIQUE,
	execution_id    TEXT NOT NULL,
	name            TEXT NOT NULL,
	version         TEXT,
	status          INTEGER NOT NULL,    -- 0 Running, 1 Completed, 3 Failed, 4 Canceled, 5 Terminated, 6 Pending, 7 Suspended
	generation      INTEGER,
	created         INTEGER NOT NULL,
	updated         INTEGER NOT NULL,
	completed       INTEGER,
	scheduled_start INTEGER,
	parent          TEXT,
	tags            TEXT,
	custom_status   TEXT,
	failure         TEXT,
	output          TEXT,
	input           TEXT
) STRICT;
CREATE TABLE history (
	key    INTEGER NOT NULL,
	seq    INTEGER NOT NULL, -- counts the checkpoints of the instance from 1
	events TEXT NOT NULL,    -- one on each line
	PRIMARY KEY (key, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE messages (
	key          INTEGER NOT NULL,
	seq          INTEGER NOT NULL, -- order of arrival, over all instances
	due          INTEGER,          -- a timer: not to be delivered before
	start        INTEGER NOT NULL, -- 1 if the message starts the execution
	execution_id TEXT NOT NULL,    -- the only execution that it is for; empty if any
	body         TEXT NOT NULL,
	PRIMARY KEY (key, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE activities (
	key          INTEGER NOT NULL,
	seq          INTEGER NOT NULL, -- order of scheduling, over all instances
	execution_id TEXT NOT NULL,    -- the execution that scheduled it
	body         TEXT NOT NULL,
	PRIMARY KEY (key, seq)
) STRICT, WITHOUT ROWID;
`, `
CREATE TABLE poison (
	id           INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: who drops a message means this one
	at           INTEGER NOT NULL,                  -- when it was given up
	tries        INTEGER NOT NULL,
	source       TEXT NOT NULL,                     -- the table in which it was: messages or activities
	key          INTEGER NOT NULL,                  -- what it was there
	seq          INTEGER NOT NULL,
	start        INTEGER NOT NULL,
	instance_id  TEXT NOT NULL,
	execution_id TEXT NOT NULL,
	kind         TEXT NOT NULL,                     -- of the event; empty if it can't be understood
	name         TEXT NOT NULL,
	reason       TEXT NOT NULL,
	body         TEXT NOT NULL
) STRICT;
`, `
CREATE INDEX uncompleted ON instances (id, status, created) WHERE status <> 1; -- small: most instances complete, and soon
CREATE INDEX created ON instances (created);                                  -- grows at its end only, which is cheap
`}
}

// checkOwnership fails unless the file is a store of ours or empty. It changes nothing.
func checkOwnership(c *sqlite3.Conn, path string) error {
	id, err := pragma(c, "application_id")
	if err != nil {
		return err
	}
	if id == applicationID {
		return nil
	}
	objects, err := number(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	if id != 0 || objects != 0 {
		return fmt.Errorf("%s is a database of another program: choose another folder or file name, or move it away", path)
	}
	return nil
}

// checkFormat returns the format of the file, and fails if this program, which has these migrations, can't bring it to the newest.
func checkFormat(c *sqlite3.Conn, path string, steps []string) (format int, err error) {
	n, err := pragma(c, "user_version")
	switch newest := int64(len(steps)); {
	case err != nil:
		return 0, err
	case n > newest:
		return 0, fmt.Errorf("%s has store format %d and this program knows formats up to %d: use a newer azdurable", path, n, newest)
	case n < 0:
		return 0, fmt.Errorf("%s has store format %d, which no azdurable has written: restore the file from a backup or move it away", path, n)
	}
	return int(n), nil
}

// migrate brings the file to the newest format, in one transaction.
func migrate(c *sqlite3.Conn, path string, steps []string) (err error) {
	format, err := checkFormat(c, path, steps)
	if err != nil || format == len(steps) {
		return err
	}
	tx, err := c.BeginImmediate()
	if err != nil {
		return err
	}
	defer tx.End(&err)
	for n := format; n < len(steps); n++ {
		if err := c.Exec(steps[n]); err != nil {
			return fmt.Errorf("upgrade %s from store format %d to %d: %w", path, n, n+1, err)
		}
	}
	return c.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps)))
}

func pragma(c *sqlite3.Conn, name string) (int64, error) { return number(c, "PRAGMA "+name) }

// number returns the only value of a query.
func number(c *sqlite3.Conn, sql string) (int64, error) {
	s, _, err := c.Prepare(sql)
	if err != nil {
		return 0, err
	}
	defer func() { _ = s.Close() }()
	var n int64
	if s.Step() {
		n = s.ColumnInt64(0)
	}
	return n, s.Err()
}
