package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

var _ backend.Compactor = (*Backend)(nil)

// errFileRead means that the log could not be emptied. What it holds is safe, and is copied into the file later.
var errFileRead = errors.New("the file is compacted, but another program reads it and keeps it from shrinking: end that one and compact again")

// Compact writes the file anew without what is free in it, and gives the space back to the disk. It works on a store that was just opened and on one
// that is at work, where all that changes something waits meanwhile; reading goes on. It needs as much free space as the new file takes, twice: in
// the folder of temporary files and beside the file. If the process ends, or the disk is full, everything is as it was before. The error is transient
// (backend.ErrTransient) for a full or broken disk, and if another program reads the file.
func (b *Backend) Compact(ctx context.Context) (backend.Compaction, error) {
	c, err := b.compact(ctx)
	if err != nil {
		return backend.Compaction{}, fmt.Errorf("compact %s: %w", b.name, b.explain(err))
	}
	b.log.Info("the store was compacted", "store", b.name, "bytes before", c.Before, "bytes after", c.After)
	return c, nil
}

func (b *Backend) compact(ctx context.Context) (done backend.Compaction, err error) {
	if err := b.enter(ctx, "compact", "", ""); err != nil {
		return done, err
	}
	err = b.writer.with(ctx, func(c *conn) error {
		if done.Before, err = b.size(c); err != nil {
			return err
		}
		// The copy that VACUUM makes can be as large as the file, so it is not to be in memory.
		if err := c.Exec("PRAGMA temp_store = FILE; VACUUM"); err != nil {
			_ = c.Exec(settings) // the first error is the one to know
			return err
		}
		if err := c.Exec(settings); err != nil {
			return err
		}
		return b.emptyLog(ctx, c)
	})
	if err != nil {
		return done, err
	}
	err = b.writer.with(ctx, func(c *conn) error {
		done.After, err = b.size(c)
		return err
	})
	return done, err
}

// emptyLog copies the log into the file, which becomes as small as its pages are few. None of our own readers may be in the way.
func (b *Backend) emptyLog(ctx context.Context, c *conn) error {
	if b.path == "" {
		return nil
	}
	var held []*conn
	defer func() {
		for _, r := range held {
			b.readers <- r
		}
	}()
	for range readers {
		select {
		case r, ok := <-b.readers:
			if !ok {
				return errStopped
			}
			held = append(held, r)
		case <-b.life.Done(): // Stop wants them, too
			return errStopped
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s, _, err := c.Prepare("PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	blocked := s.Step() && s.ColumnBool(0)
	if err := s.Err(); err != nil {
		return err
	}
	if blocked {
		return fmt.Errorf("%w: %w", backend.ErrTransient, errFileRead)
	}
	return nil
}

// size is how many bytes the store has, with its log.
func (b *Backend) size(c *conn) (int64, error) {
	if b.path == "" {
		return product(c, "page_count", "page_size")
	}
	var all int64
	for _, path := range []string{b.path, b.path + "-wal"} {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return 0, err
		default:
			all += info.Size()
		}
	}
	return all, nil
}

// product multiplies the values of two pragmas.
func product(c *conn, x, y string) (int64, error) {
	n, err := pragma(c.Conn, x)
	if err != nil {
		return 0, err
	}
	m, err := pragma(c.Conn, y)
	return n * m, err
}

// Info says what is in the store.
func (b *Backend) Info(ctx context.Context) (backend.HubInfo, error) {
	if err := b.enter(ctx, "info", "", ""); err != nil {
		return backend.HubInfo{}, err
	}
	info := backend.HubInfo{Store: backend.StoreLocal, Place: b.name}
	err := b.readers.with(ctx, func(c *conn) error {
		if err := c.countInstances(&info); err != nil {
			return err
		}
		for _, q := range []struct{ name, sql string }{
			{"messages", "SELECT count(*) FROM messages WHERE due IS NULL"},
			{"timers", "SELECT count(*) FROM messages WHERE due IS NOT NULL"},
			{"activities", "SELECT count(*) FROM activities"},
		} {
			n, err := number(c.Conn, q.sql)
			if err != nil {
				return err
			}
			info.Queues = append(info.Queues, backend.QueueInfo{Name: q.name, Length: int(n)})
		}
		poison, err := number(c.Conn, "SELECT count(*) FROM poison")
		if err != nil {
			return err
		}
		info.Poison = int(poison)
		format, err := pragma(c.Conn, "user_version")
		if err != nil {
			return err
		}
		info.Format = fmt.Sprintf("store format %d", format)
		if info.FreeBytes, err = product(c, "freelist_count", "page_size"); err != nil {
			return err
		}
		info.Bytes, err = b.size(c)
		return err
	})
	if err != nil {
		return backend.HubInfo{}, fmt.Errorf("look at %s: %w", b.name, b.explain(err))
	}
	return info, nil
}

// countInstances reads the table of instances from end to end, but no payloads: about 100 ms for 100,000.
func (c *conn) countInstances(info *backend.HubInfo) error {
	info.Instances = make(map[history.Status]int)
	s, _, err := c.Prepare("SELECT status, id GLOB '@*@*' AS entity, count(*) FROM instances WHERE " + storedOnce + " GROUP BY status, entity")
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return each(s, func() {
		if n := s.ColumnInt(2); s.ColumnBool(1) {
			info.Entities += n
		} else {
			info.Instances[history.Status(s.ColumnInt64(0))] += n
		}
	})
}

// each calls row for each row of an answer.
func each(s *sqlite3.Stmt, row func()) error {
	for s.Step() {
		row()
	}
	return s.Err()
}
