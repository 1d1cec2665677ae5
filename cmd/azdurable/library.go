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
	"slices"
	"strings"
)

// modulePath is the module of this command and of what apps import.
const modulePath = "github.com/azdurable/azdurable"

// unpublished is the version of a module that a checkout stands in for.
const unpublished = "v0.0.0"

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
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == modulePath && info.Main.Version != unpublished && released.MatchString(info.Main.Version) {
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
	return &library{version: unpublished, folder: folder, replace: true}, nil
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

// writeModule writes go.mod and go.sum. Versions and checksums are those that the library itself was built with, so nothing has to be asked for: an app is
// made and built without a network where the library was.
func (o *outside) writeModule(folder, module string, l *library) error {
	sums, err := os.ReadFile(filepath.Join(l.folder, "go.sum"))
	if err != nil {
		return fmt.Errorf("the checksums of azdurable: %w", err)
	}
	if err := writeModuleFile(folder, "go.sum", l.sums+string(sums)); err != nil {
		return err
	}
	needed, err := o.requirements(l)
	if err != nil {
		return err
	}
	// First all that the library needs, for its own tests, too; then what of it the app's packages are made of.
	if err := writeModuleFile(folder, "go.mod", l.moduleFile(module, needed)); err != nil {
		return err
	}
	var used []string
	for _, packages := range [][]string{{"-test", "./..."}, {modulePath + "/cmd/azdurable"}} {
		list, err := o.goOutput(folder, append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, packages...)...)
		if err != nil {
			return err
		}
		used = append(used, strings.Fields(string(list))...)
	}
	needed = slices.DeleteFunc(needed, func(r requirement) bool { return !slices.Contains(used, r.Path) })
	return writeModuleFile(folder, "go.mod", l.moduleFile(module, needed))
}

// requirement is a module that a module needs.
type requirement struct {
	Path    string `json:"Path"`
	Version string `json:"Version"`
}

// requirements are the modules that the library needs.
func (o *outside) requirements(l *library) ([]requirement, error) {
	text, err := o.goOutput(".", "mod", "edit", "-json", filepath.Join(l.folder, "go.mod"))
	if err != nil {
		return nil, err
	}
	var file struct {
		Require []requirement `json:"Require"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("what the go command says of the modules that azdurable needs: %w", err)
	}
	slices.SortFunc(file.Require, func(a, b requirement) int { return strings.Compare(a.Path, b.Path) })
	return file.Require, nil
}

// moduleFile is the go.mod of an app.
func (l *library) moduleFile(module string, needed []requirement) string {
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n\ngo 1.26.0\n\nrequire %s %s\n\nrequire (\n", module, modulePath, l.version)
	for _, r := range needed {
		fmt.Fprintf(&b, "\t%s %s // indirect\n", r.Path, r.Version)
	}
	fmt.Fprintf(&b, ")\n\ntool %s/cmd/azdurable\n", modulePath)
	if l.replace {
		fmt.Fprintf(&b, "\nreplace %s => %s\n", modulePath, l.folder)
	}
	return b.String()
}

func writeModuleFile(folder, name, text string) error {
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil { //nolint:gosec // a checkout is readable
		return fmt.Errorf("make the app's module: %w", err)
	}
	return nil
}
