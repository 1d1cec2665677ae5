package localtest

import (
	"errors"
	"io"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// file is an open file of a disk. What it does not define goes to the operating system's file: locks, above all.
type file struct {
	vfs.File
	disk    *Disk
	path    string
	content *content
	crashes int // of the disk, when it was opened
}

var (
	_ vfs.FileLockState    = (*file)(nil)
	_ vfs.FilePersistWAL   = (*file)(nil)
	_ vfs.FileSharedMemory = (*file)(nil)
)

// content is what is in a file, synced or not. It is guarded by the disk's lock.
type content struct {
	data    []byte
	dirty   []span // written since the last sync
	synced  int64  // the size then
	lowest  int64  // the smallest size since then: what was behind is gone
	handles int
}

type span struct{ from, to int64 }

func readContent(f vfs.File) (*content, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	c := &content{data: make([]byte, size), synced: size, lowest: size}
	if _, err := f.ReadAt(c.data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return c, nil
}

// begin locks the disk for an operation, unless that is to fail. The lock is the caller's if there is no error.
func (f *file) begin(kind string, crashed error) error {
	if err := f.disk.check(kind, f.path); err != nil {
		return err
	}
	f.disk.mu.Lock()
	if f.crashes != f.disk.crashes {
		f.disk.mu.Unlock()
		return crashed
	}
	return nil
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.begin("read", sqlite3.IOERR_READ); err != nil {
		return 0, err
	}
	defer f.disk.mu.Unlock()
	if off >= int64(len(f.content.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.content.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if err := f.begin("write", sqlite3.IOERR_WRITE); err != nil {
		return 0, err
	}
	defer f.disk.mu.Unlock()
	c := f.content
	end := off + int64(len(p))
	if grow := end - int64(len(c.data)); grow > 0 {
		c.data = append(c.data, make([]byte, grow)...)
	}
	copy(c.data[off:], p)
	if last := len(c.dirty) - 1; last >= 0 && c.dirty[last].to == off {
		c.dirty[last].to = end
	} else {
		c.dirty = append(c.dirty, span{off, end})
	}
	return len(p), nil
}

func (f *file) Truncate(size int64) error {
	if err := f.begin("truncate", sqlite3.IOERR_TRUNCATE); err != nil {
		return err
	}
	defer f.disk.mu.Unlock()
	if c := f.content; size < int64(len(c.data)) {
		c.data = c.data[:size:size]
		c.lowest = min(c.lowest, size)
	}
	return nil
}

func (f *file) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.crashes != f.disk.crashes {
		return 0, sqlite3.IOERR_FSTAT
	}
	return int64(len(f.content.data)), nil
}

// Sync is where writes reach the operating system's file.
func (f *file) Sync(flags vfs.SyncFlag) error {
	if err := f.begin("sync", sqlite3.IOERR_FSYNC); err != nil {
		return err
	}
	defer f.disk.mu.Unlock()
	c := f.content
	size := int64(len(c.data))
	if c.lowest < c.synced {
		if err := f.File.Truncate(c.lowest); err != nil {
			return err
		}
	}
	for _, s := range c.dirty {
		if s.to = min(s.to, size); s.from >= s.to {
			continue
		}
		if _, err := f.File.WriteAt(c.data[s.from:s.to], s.from); err != nil {
			return err
		}
	}
	c.dirty, c.synced, c.lowest = c.dirty[:0], size, size
	return f.File.Sync(flags)
}

func (f *file) Close() error {
	f.disk.mu.Lock()
	c := f.content
	c.handles--
	if c.handles == 0 && len(c.dirty) == 0 && int64(len(c.data)) == c.synced && f.disk.files[f.path] == c {
		delete(f.disk.files, f.path) // so that a test can put another file in its place
	}
	f.disk.mu.Unlock()
	return f.File.Close()
}

// DeviceCharacteristics leaves out atomic writes, which this file does not pass on.
func (f *file) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics() &^ vfs.IOCAP_BATCH_ATOMIC
}

// The rest is the operating system's.

func (f *file) LockState() vfs.LockLevel       { return vfsutil.WrapLockState(f.File) }
func (f *file) PersistWAL() bool               { return vfsutil.WrapPersistWAL(f.File) }
func (f *file) SetPersistWAL(keep bool)        { vfsutil.WrapSetPersistWAL(f.File, keep) }
func (f *file) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }
