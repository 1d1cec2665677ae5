package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

type initCommand struct {
	Name    string `arg:"" help:"The folder to make the app in; its last element is the app's name."`
	Module  string `help:"The app's module path; default: its name." placeholder:"PATH"`
	Replace string `help:"Build the app with the checkout of azdurable in this folder instead of a published version." placeholder:"FOLDER" type:"existingdir"`
}

// What names may be.
var (
	appName    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
	moduleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9][A-Za-z0-9._~-]*)*$`)
)

// The lengths of a task hub's name.
const (
	shortestHub = 3
	longestHub  = 45
)

// Run makes the app.
func (c *initCommand) Run(o *outside) error {
	folder, err := filepath.Abs(c.Name)
	if err != nil {
		return fmt.Errorf("the folder %q: %w", c.Name, err)
	}
	s := scaffold{Name: filepath.Base(folder), Module: c.Module}
	if !appName.MatchString(s.Name) {
		return fmt.Errorf("the name %q won't do: it must have 1 to 64 letters, digits, _ or -, and begin with a letter", s.Name)
	}
	if s.Module == "" {
		s.Module = s.Name
	}
	if !moduleName.MatchString(s.Module) {
		return fmt.Errorf("the module path %q won't do: write it like example.com/team/%s", s.Module, s.Name)
	}
	s.Hub = hubName(s.Name)
	if err := mustBeEmpty(folder); err != nil {
		return err
	}
	library, err := o.findLibrary(c.Replace)
	if err != nil {
		return err
	}
	paths, err := s.write(folder)
	if err != nil {
		return err
	}
	if err := o.writeModule(folder, s.Module, library); err != nil {
		return err
	}
	for _, path := range append(paths, "go.mod", "go.sum") {
		fmt.Fprintf(o.stdout, "+ %s\n", filepath.Join(c.Name, filepath.FromSlash(path)))
	}
	_, err = fmt.Fprintf(o.stdout, "\nStart it:\n\n  cd %s\n  make run\n", c.Name)
	return err //nolint:wrapcheck // nothing to add
}

// mustBeEmpty returns an error if a folder has anything in it.
func mustBeEmpty(folder string) error {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look into the folder: %w", err)
	case len(entries) > 0:
		return fmt.Errorf("the folder %s is not empty, and nothing is overwritten: choose another name", folder)
	}
	return nil
}

// hubName makes the name of a task hub, which has letters and digits only, from an app's.
func hubName(app string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(app, func(r rune) bool { return r == '-' || r == '_' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	hub := b.String()
	if len(hub) < shortestHub {
		hub += "Hub"
	}
	return hub[:min(len(hub), longestHub)]
}
