// Package localtest has disks for tests of the embedded store: file systems of go-sqlite3's over the operating system's that
// lose what has not been synced when they crash, and that fail when they are told to.
//
//	disk := localtest.RegisterLossy("lossy")
//	defer disk.Unregister()
//	b, err := local.Open(ctx, local.Options{Path: path, VFS: "lossy"})
//
// A program that opens its store this way and is killed leaves a file as a machine would whose power failed.
package localtest

import (
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// Disk keeps in memory what its files have been told to write, until they are told to sync. All connections of the process see
// the same; other processes see what has been synced. Locks and the shared memory of the log are the operating system's.
type Disk struct {
	name string
	os   vfs.VFS

	mu      sync.Mutex
	files   map[string]*content
	crashes int
	fault   func(Operation) error
}

// RegisterLossy registers a disk under a name, for local.Options.VFS.
func RegisterLossy(name string) *Disk {
	d := &Disk{name: name, os: vfs.Find("os"), files: make(map[string]*content)}
	vfs.Register(name, d)
	return d
}

// Unregister takes the disk out of go-sqlite3's list.
func (d *Disk) Unregister() { vfs.Unregister(d.name) }

// Crash loses everything that has not been synced. Files that are open fail from now on; opened anew they show what was left.
func (d *Disk) Crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashes++
	d.files = make(map[string]*content)
}

// Operation is something that a disk is about to do.
type Operation struct {
	// Kind is open, read, write, truncate, sync or delete.
	Kind string
	// File is the path.
	File string
}

// Fail asks fault before each operation from now on and fails with its error, such as sqlite3.FULL. Nil ends that.
func (d *Disk) Fail(fault func(Operation) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault
}

// check is called before each operation, without the lock.
func (d *Disk) check(kind, file string) error {
	d.mu.Lock()
	fault := d.fault
	d.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(Operation{Kind: kind, File: file})
}

// Open implements vfs.VFS. SQLite calls OpenFilename instead.
func (d *Disk) Open(string, vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return nil, 0, sqlite3.CANTOPEN
}

// OpenFilename implements vfs.VFSFilename.
func (d *Disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	path := name.String()
	if err := d.check("open", path); err != nil {
		return nil, flags, err
	}
	f, flags, err := vfsutil.WrapOpenFilename(d.os, name, flags)
	if err != nil || path == "" { // temporary files are nobody else's
		return f, flags, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.files[path]
	if !ok {
		if c, err = readContent(f); err != nil {
			_ = f.Close()
			return nil, flags, err
		}
		d.files[path] = c
	}
	c.handles++
	return &file{File: f, disk: d, path: path, content: c, crashes: d.crashes}, flags, nil
}

// Delete implements vfs.VFS. Deletions are not lost.
func (d *Disk) Delete(name string, syncDir bool) error {
	if err := d.check("delete", name); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, name)
	return d.os.Delete(name, syncDir)
}

// Access implements vfs.VFS.
func (d *Disk) Access(name string, flags vfs.AccessFlag) (bool, error) {
	return d.os.Access(name, flags)
}

// FullPathname implements vfs.VFS.
func (d *Disk) FullPathname(name string) (string, error) { return d.os.FullPathname(name) }
