package main

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The modes of a package's files: its program is one for everybody, whoever the host runs as.
const (
	programMode fs.FileMode = 0o755
	fileMode    fs.FileMode = 0o644
)

// zipTime is when every file of a package was made, so that the same files make the same package. It is the first day that a zip can tell.
var zipTime = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// zipFolder makes a zip of the files of a folder, in order of their names, and returns its size. A zip of that name is replaced only if that succeeds.
func zipFolder(path, folder, program string) (size int64, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // packages are no secrets
		return 0, err //nolint:wrapcheck // the caller does
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".package-*")
	if err != nil {
		return 0, err //nolint:wrapcheck // as above
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	w := zip.NewWriter(f)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestCompression) })
	err = fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		mode := fileMode
		if name == program {
			mode = programMode
		}
		return zipFile(w, folder, name, mode)
	})
	if err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err //nolint:wrapcheck // as above
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err //nolint:wrapcheck // as above
	}
	if err := errors.Join(f.Chmod(fileMode), f.Close()); err != nil {
		return 0, err
	}
	return info.Size(), os.Rename(f.Name(), path) //nolint:wrapcheck // as above
}

func zipFile(w *zip.Writer, folder, name string, mode fs.FileMode) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: zipTime}
	header.SetMode(mode)
	out, err := w.CreateHeader(header)
	if err != nil {
		return err //nolint:wrapcheck // the caller does
	}
	in, err := os.Open(filepath.Join(folder, filepath.FromSlash(name)))
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, in.Close())
}

// unzipFolder takes a zip apart, with the modes of its files.
func unzipFolder(path, folder string) error {
	r, err := zip.OpenReader(path)
	if err != nil {
		return fmt.Errorf("open the package: %w", err)
	}
	defer func() { _ = r.Close() }() // it was only read
	for _, f := range r.File {
		if err := unzipFile(f, folder); err != nil {
			return fmt.Errorf("unpack %s: %w", f.Name, err)
		}
	}
	return nil
}

func unzipFile(f *zip.File, folder string) error {
	name := filepath.FromSlash(f.Name)
	if !filepath.IsLocal(name) {
		return errors.New("it lies outside of the package")
	}
	to := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // as in the zip
		return err //nolint:wrapcheck // the caller does
	}
	in, err := f.Open()
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, f.Mode().Perm())
	if err != nil {
		return errors.Join(err, in.Close())
	}
	_, err = io.Copy(out, in) //nolint:gosec // the package is this command's own
	return errors.Join(err, in.Close(), out.Close())
}
