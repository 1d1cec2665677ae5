package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// settings are those of every connection. FULL makes each commit durable; the rest is about memory.
const settings = `
PRAGMA synchronous = FULL;
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = OFF;
PRAGMA trusted_schema = OFF;`

// writerCache is the page cache of the writer in KiB: enough for the pages that thousands of active instances share.
const writerCache = 32 << 10

func (b *Backend) openMemory(ctx context.Context, image []byte) error {
	c, err := openMemory(ctx)
	if err != nil {
		return fmt.Errorf("make a store in memory: %w", err)
	}
	b.readers = newPool(c)
	b.writer = b.readers
	if err := c.loadImage(image); err != nil {
		return fmt.Errorf("make a store in memory of an image: %w", err)
	}
	return migrate(c.Conn, b.name, migrations())
}

func (b *Backend) openFile(ctx context.Context, path, vfs string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	b.name = path
	if err := checkPath(path); err != nil {
		return err
	}
	if path, err = realPath(path); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	b.path = path
	if b.lock, err = lockFile(path); err != nil {
		return err
	}
	c, err := openWriter(ctx, path, vfs)
	if err != nil {
		return b.explainOpen(err)
	}
	b.writer = newPool(c)
	var conns []*conn
	for range readers {
		r, err := openConn(ctx, path, vfs, sqlite3.OPEN_READWRITE)
		if err == nil {
			conns = append(conns, r)
			err = r.Exec(settings)
		}
		if err != nil {
			_ = newPool(conns...).close(len(conns))
			return b.explainOpen(err)
		}
	}
	b.readers = newPool(conns...)
	return nil
}

// checkPath makes the folder and says what else may be wrong with the path.
func checkPath(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("open the store: %s is a folder: name a file in it", path)
	case err == nil || errors.Is(err, fs.ErrNotExist):
	default:
		return fmt.Errorf("open the store: %w; choose another -data folder", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make the folder of the store: %w; choose another -data folder", err)
	}
	return nil
}

// realPath follows links, so that a store has one lock whatever it is called.
func realPath(path string) (string, error) {
	file, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(folder, filepath.Base(path)), err
}

// openWriter opens the connection that writes. The file is not touched before it is known to be ours or empty.
func openWriter(ctx context.Context, path, vfs string) (_ *conn, err error) {
	c, err := openConn(ctx, path, vfs, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = c.close()
		}
	}()
	if err := checkOwnership(c.Conn, path); err != nil {
		return nil, err
	}
	if _, err := checkFormat(c.Conn, path, migrations()); err != nil {
		return nil, err
	}
	if err := c.Exec(fmt.Sprintf(`
		PRAGMA page_size = %d;
		PRAGMA journal_mode = WAL;
		PRAGMA wal_autocheckpoint = %d;
		PRAGMA journal_size_limit = %d;
		PRAGMA cache_size = -%d;`, pageSize, walPages, walLimit, writerCache) + settings); err != nil {
		return nil, err
	}
	return c, migrate(c.Conn, path, migrations())
}

// explainOpen is explain for errors of opening.
func (b *Backend) explainOpen(err error) error {
	return fmt.Errorf("open the store: %w", b.explain(err))
}

// restore rebuilds from the file what is kept in memory: that something waits, not what.
func (b *Backend) restore(ctx context.Context) error {
	err := b.writer.with(ctx, func(c *conn) error {
		if err := c.query(func(r *sqlite3.Stmt) error {
			b.lastKey = r.ColumnInt64(0)
			return nil
		}, lastKey); err != nil {
			return err
		}
		if err := b.restorePoison(c); err != nil {
			return err
		}
		if err := b.restoreMessages(c); err != nil {
			return err
		}
		return b.restoreActivities(c)
	})
	if err != nil {
		return fmt.Errorf("read what waits in the store: %w", b.explain(err))
	}
	return nil
}
