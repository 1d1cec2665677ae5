package local

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// conn is a connection with its prepared statements. It is used by one goroutine at a time.
type conn struct {
	*sqlite3.Conn
	prepared [numberOfStatements]*sqlite3.Stmt
}

const (
	// busyTimeout is how long a statement waits for other programs that read or write the file.
	busyTimeout = 5 * time.Second
	// walPages is after how many pages in the log they are copied to the file: 32 MiB. A page that is written again and again
	// is copied once.
	walPages = 32 << 20 / pageSize
	// maxValue is the longest text that is stored. SQLite's own limit is higher, but its memory has to hold several copies.
	maxValue = 256 << 20
	// walLimit is what is left of the log after it has grown beyond.
	walLimit = 64 << 20
)

// openConn opens a connection to the file, in the folder of a file system of go-sqlite3's.
func openConn(ctx context.Context, path, vfs string, flags sqlite3.OpenFlag) (*conn, error) {
	name := "file:" + (&url.URL{Path: path}).EscapedPath()
	if vfs != "" {
		name += "?vfs=" + url.QueryEscape(vfs)
	}
	return newConn(ctx, name, flags|sqlite3.OPEN_URI)
}

// openMemory makes a database of its own in memory.
func openMemory(ctx context.Context) (*conn, error) {
	return newConn(ctx, ":memory:", sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE|sqlite3.OPEN_MEMORY)
}

func newConn(_ context.Context, name string, flags sqlite3.OpenFlag) (*conn, error) {
	c, err := sqlite3.OpenFlags(name, flags)
	if err != nil {
		return nil, err
	}
	if err := c.BusyTimeout(busyTimeout); err != nil {
		_ = c.Close()
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// close gives back the statements and the connection.
func (c *conn) close() error {
	for _, s := range c.prepared {
		_ = s.Close() // its only errors repeat those of the last step
	}
	return c.Conn.Close()
}

// run executes a statement that has no rows.
func (c *conn) run(s statement, args ...any) error {
	stmt, err := c.bind(s, args)
	if err != nil {
		return err
	}
	return stmt.Exec()
}

// query calls row for each row of the answer. What row reads of it is valid until it returns.
func (c *conn) query(row func(*sqlite3.Stmt) error, s statement, args ...any) error {
	stmt, err := c.bind(s, args)
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Reset() }() // reports the error of the last step once more
	for stmt.Step() {
		if err := row(stmt); err != nil {
			return err
		}
	}
	return stmt.Err()
}

// count returns the only number of an answer.
func (c *conn) count(s statement, args ...any) (n int64, err error) {
	err = c.query(func(r *sqlite3.Stmt) error {
		n = r.ColumnInt64(0)
		return nil
	}, s, args...)
	return n, err
}

func (c *conn) bind(s statement, args []any) (*sqlite3.Stmt, error) {
	stmt := c.prepared[s]
	if stmt == nil {
		var err error
		if stmt, _, err = c.PrepareFlags(s.sql(), sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
		c.prepared[s] = stmt
	}
	for i, arg := range args {
		if err := bindOne(stmt, i+1, arg); err != nil {
			return nil, err
		}
	}
	return stmt, nil
}

func bindOne(stmt *sqlite3.Stmt, n int, arg any) error {
	switch v := arg.(type) {
	case int64:
		return stmt.BindInt64(n, v)
	case int:
		return stmt.BindInt64(n, int64(v))
	case *int:
		if v != nil {
			return stmt.BindInt64(n, int64(*v))
		}
		return stmt.BindNull(n)
	case bool:
		return stmt.BindBool(n, v)
	case string:
		if len(v) > maxValue {
			return sqlite3.TOOBIG
		}
		return stmt.BindText(n, v)
	case *string:
		if v != nil {
			return bindOne(stmt, n, *v)
		}
		return stmt.BindNull(n)
	case []byte:
		if len(v) > maxValue {
			return sqlite3.TOOBIG
		}
		return stmt.BindRawText(n, v)
	case time.Time:
		if v.IsZero() {
			return stmt.BindNull(n)
		}
		return stmt.BindInt64(n, ticks(v))
	case pastAllText:
		return stmt.BindBlob(n, []byte{})
	case nil:
		return stmt.BindNull(n)
	}
	panic(fmt.Sprintf("local: argument %d of %q is a %T", n, stmt.SQL(), arg))
}

// pastAllText is greater than every text: SQLite orders blobs behind text.
type pastAllText struct{}
