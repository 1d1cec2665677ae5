package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
)

// modulePath is the module of this command and of what apps import.
const modulePath = "github.com/azdurable/azdurable"

// library is the azdurable that an app is built with.
type library struct {
	version string
	folder  string // its files: a checkout, or in the module cache
	replace bool   // by that folder
	sums    string // its own lines of go.sum
}

// findLibrary finds the azdurable for a new app: the checkout named; else the version of this command; else, if this command was built from a
// checkout, that checkout if this is run in it.
func (o *outside) findLibrary(checkout string) (*library, error) {
	if checkout != "" {
		return replaced(checkout)
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == modulePath && released.MatchString(info.Main.Version) {
		return o.downloaded(info.Main.Version)
	}
	file, err := o.goOutput(".", "env", "GOMOD")
	if err != nil {
		return nil, err
	}
	if found, err := replaced(filepath.Dir(string(bytes.TrimSpace(file)))); err == nil {
		return found, nil
	}
	return nil, errors.New("this azdurable was built from a checkout, so there is no version that an app could require: name the checkout with --replace")
}

// released matches versions that the go command can find; what a build from a changed checkout is called has a plus.
var released = regexp.MustCompile(`^v\d[^+]*$`)

var moduleLine = regexp.MustCompile(`(?m)^module (\S+)$`)

// replaced is a checkout of this module.
func replaced(folder string) (*library, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("the checkout: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("%s is no checkout of azdurable: %w", folder, err)
	}
	if m := moduleLine.FindSubmatch(text); m == nil || string(m[1]) != modulePath {
		return nil, fmt.Errorf("%s is no checkout of azdurable: its go.mod has another module", folder)
	}
	return &library{version: "v0.0.0", folder: folder, replace: true}, nil
}

// downloaded is a published version.
func (o *outside) downloaded(version string) (*library, error) {
	text, err := o.goOutput(".", "mod", "download", "-json", modulePath+"@"+version)
	if err != nil {
		return nil, err
	}
	var m struct {
		Dir      string `json:"Dir"`
		Sum      string `json:"Sum"`
		GoModSum string `json:"GoModSum"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("what the go command says of %s@%s: %w", modulePath, version, err)
	}
	return &library{
		version: version, folder: m.Dir,
		sums: fmt.Sprintf("%s %s %s\n%[1]s %[2]s/go.mod %[4]s\n", modulePath, version, m.Sum, m.GoModSum),
	}, nil
}

// writeModule writes go.mod and go.sum. The checksums are those that the library itself was built with, so nothing has to be asked for: an app is made
// and built without a network where the library was.
func (o *outside) writeModule(folder, module string, l *library) error {
	mod := fmt.Sprintf("module %s\n\ngo 1.26.0\n\nrequire %s %s\n\ntool %[2]s/cmd/azdurable\n", module, modulePath, l.version)
	if l.replace {
		mod += fmt.Sprintf("\nreplace %s => %s\n", modulePath, l.folder)
	}
	sums, err := os.ReadFile(filepath.Join(l.folder, "go.sum"))
	if err != nil {
		return fmt.Errorf("the checksums of azdurable: %w", err)
	}
	for name, text := range map[string]string{"go.mod": mod, "go.sum": l.sums + string(sums)} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil { //nolint:gosec // a checkout is readable
			return fmt.Errorf("make the app's module: %w", err)
		}
	}
	// This completes go.mod with the modules that the app's packages need.
	_, err = o.goOutput(folder, "list", "-mod=mod", "-deps", "-test", "./...", modulePath+"/cmd/azdurable")
	return err
}
