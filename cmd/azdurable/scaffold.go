package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// templates are the files of a new app. A dot at the beginning of a name is written "dot." there, or these files would act on this repository.
//
//go:embed template
var templates embed.FS

// scaffold is what the files of a new app are made from.
type scaffold struct {
	// Name is the app's name, Module its module path, Hub the name of its task hub.
	Name, Module, Hub string
}

// write makes the files in a folder, and returns their paths below it.
func (s scaffold) write(folder string) (paths []string, err error) {
	err = fs.WalkDir(templates, "template", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := s.render(path)
		if err != nil {
			return err
		}
		path = appPath(path)
		file := filepath.Join(folder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // a checkout is readable
			return err //nolint:wrapcheck // below
		}
		paths = append(paths, path)
		return os.WriteFile(file, text, 0o644) //nolint:gosec,wrapcheck // as above
	})
	if err != nil {
		return nil, fmt.Errorf("make the app in %s: %w", folder, err)
	}
	return paths, nil
}

func (s scaffold) render(path string) ([]byte, error) {
	text, err := templates.ReadFile(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // write does
	}
	t, err := template.New(path).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	var out bytes.Buffer
	err = t.Execute(&out, s)
	return out.Bytes(), err //nolint:wrapcheck // as above
}

// appPath is the path of a file in the app.
func appPath(path string) string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "template/"), ".tmpl")
	if rest, ok := strings.CutPrefix(path, "dot."); ok {
		return "." + rest
	}
	return path
}
