package local_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
)

// refuses makes sure that the path is not opened, and that the error has these words in it.
func refuses(t *testing.T, o local.Options, words ...string) {
	t.Helper()
	b, err := local.Open(t.Context(), o)
	if err == nil {
		b.Stop(t.Context())
		t.Fatalf("%s is opened, want an error", o.Path)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q, want %q in it", err, w)
		}
	}
}

// unchanged makes sure that what f does leaves a file as it is.
func unchanged(t *testing.T, path string, f func()) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f()
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Errorf("%s has been changed", path)
	}
}

// execute runs SQL on a file by itself.
func execute(t *testing.T, path, sql string) {
	t.Helper()
	c, err := sqlite3.Open(path)
	if err == nil {
		err = c.Exec(sql)
		c.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// made is the path of a store that has been closed.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hub.db")
	b := open(t, local.Options{Path: path})
	create(t, b, "one")
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenMakesFolderAndFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b", "c%20?#d", "hub.db")
	b := open(t, local.Options{Path: path})
	defer b.Stop(context.Background())
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestOpenRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	b := open(t, local.Options{Path: "hub.db"})
	defer b.Stop(context.Background())
	if _, err := os.Stat("hub.db"); err != nil {
		t.Error(err)
	}
}

func TestOpenTwiceIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	b := open(t, local.Options{Path: path})
	refuses(t, local.Options{Path: path}, path, "in use by another process", "stop that one", "another -data folder")
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	open(t, local.Options{Path: path}).Stop(t.Context())
}

func TestOpenFolderAsFile(t *testing.T) {
	t.Parallel()
	refuses(t, local.Options{Path: t.TempDir()}, "is a folder")
}

func TestOpenBelowAFile(t *testing.T) {
	t.Parallel()
	path := made(t)
	unchanged(t, path, func() { refuses(t, local.Options{Path: filepath.Join(path, "hub.db")}, "choose another -data folder") })
}

func TestOpenInUnwritableFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		// Nothing is unwritable to root but what is not on a disk.
		refuses(t, local.Options{Path: "/proc/hub.db"}, "choose another -data folder")
		return
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	refuses(t, local.Options{Path: filepath.Join(folder, "hub.db")}, "choose another -data folder")
}

func TestOpenOnFailingDisk(t *testing.T) {
	t.Parallel()
	for _, code := range []sqlite3.ErrorCode{sqlite3.CANTOPEN, sqlite3.READONLY, sqlite3.FULL, sqlite3.IOERR} {
		disk := localtest.RegisterLossy("failing-" + t.Name() + fmt.Sprint(uint8(code)))
		t.Cleanup(disk.Unregister)
		path := filepath.Join(t.TempDir(), "hub.db")
		disk.Fail(func(o localtest.Operation) error {
			if o.Kind == "open" && code == sqlite3.CANTOPEN || o.Kind == "write" && code != sqlite3.CANTOPEN {
				return code
			}
			return nil
		})
		refuses(t, local.Options{Path: path, VFS: "failing-" + t.Name() + fmt.Sprint(uint8(code))}, path)
		disk.Fail(nil)
		open(t, local.Options{Path: path}).Stop(t.Context())
	}
}

func TestOpenForeignFiles(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "hub.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	unchanged(t, text, func() {
		refuses(t, local.Options{Path: text}, text, "restore it from a backup, or move it away")
	})
	foreign := filepath.Join(t.TempDir(), "hub.db")
	execute(t, foreign, "CREATE TABLE instances (id)")
	unchanged(t, foreign, func() { refuses(t, local.Options{Path: foreign}, foreign, "another program") })
	marked := filepath.Join(t.TempDir(), "hub.db")
	execute(t, marked, "PRAGMA application_id = 4711; PRAGMA user_version = 1")
	unchanged(t, marked, func() { refuses(t, local.Options{Path: marked}, marked, "another program") })
}

func TestOpenNewerFormat(t *testing.T) {
	t.Parallel()
	path := made(t)
	execute(t, path, "PRAGMA user_version = 1000")
	unchanged(t, path, func() { refuses(t, local.Options{Path: path}, path, "format 1000", "use a newer azdurable") })
	execute(t, path, "PRAGMA user_version = -1")
	unchanged(t, path, func() { refuses(t, local.Options{Path: path}, path, "format -1", "restore the file") })
}

func TestOpenDamagedFile(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"cut":       func(data []byte) []byte { return data[:len(data)/3] },
		"zeroed":    func(data []byte) []byte { clear(data[100:]); return data },
		"scrambled": func(data []byte) []byte { copy(data[8192:], bytes.Repeat([]byte{0xAA}, len(data))); return data },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := made(t)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(data), 0o600); err != nil {
				t.Fatal(err)
			}
			unchanged(t, path, func() {
				refuses(t, local.Options{Path: path}, path, "is damaged", "restore it from a backup", "move it away")
			})
		})
	}
}

func TestOpenEmptyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, local.Options{Path: path}).Stop(t.Context())
}

// What another tool shows of the file while it is in use.
func TestFileIsReadableWhileInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	b := open(t, local.Options{Path: path})
	defer b.Stop(context.Background())
	create(t, b, "one")
	c, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, _, err := c.Prepare("SELECT id, datetime(created / 10000000, 'unixepoch') FROM instances")
	if err != nil {
		t.Fatal(err)
	}
	if !s.Step() || s.ColumnText(0) != "one" || !strings.HasPrefix(s.ColumnText(1), "20") {
		t.Errorf("row %q %q, error %v", s.ColumnText(0), s.ColumnText(1), s.Err())
	}
	create(t, b, "two") // a reader does not block the writer
}

func TestOpenByAnotherName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	b := open(t, local.Options{Path: path})
	defer b.Stop(context.Background())
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(path), link); err != nil {
		t.Fatal(err)
	}
	refuses(t, local.Options{Path: filepath.Join(link, "hub.db")}, "in use by another process")
}
