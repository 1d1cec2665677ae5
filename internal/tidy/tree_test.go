package tidy

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is this repository's; the benchmarks and the tools are modules of their own.
const module = "github.com/azdurable/azdurable"

// tree is the repository as the rules see it.
type tree struct {
	files    []textFile
	packages []*pkg // by folder
}

type textFile struct {
	path string // slashes, from the root
	text []byte
}

// pkg is what one folder holds.
type pkg struct {
	folder string
	own    bool // part of the main module
	files  []*goFile
}

type goFile struct {
	path    string
	test    bool
	fset    *token.FileSet
	syntax  *ast.File
	imports []imported
}

type imported struct {
	path string
	name string // as the file calls it
	pos  token.Pos
}

func (f *goFile) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(pos).Line)
}

// name returns what the file calls the package it imports as path, or "".
func (f *goFile) name(path string) string {
	for _, i := range f.imports {
		if i.path == path {
			return i.name
		}
	}
	return ""
}

// uses calls fn for every pkg.Member of the file, with the import path of pkg.
func (f *goFile) uses(fn func(path, member string, pos token.Pos)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := selector.X.(*ast.Ident); ok {
			for _, i := range f.imports {
				if i.name == x.Name {
					fn(i.path, selector.Sel.Name, selector.Pos())
				}
			}
		}
		return true
	})
}

// parse makes a tree of files by path.
func parse(sources map[string][]byte) (*tree, error) {
	t := &tree{}
	var modules []string // folders of other modules
	for name := range sources {
		if path.Base(name) == "go.mod" && name != "go.mod" {
			modules = append(modules, path.Dir(name)+"/")
		}
	}
	folders := map[string]*pkg{}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		text := sources[name]
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			continue // not text
		}
		t.files = append(t.files, textFile{name, text})
		if path.Ext(name) != ".go" || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		f, err := parseGo(name, text)
		if err != nil {
			return nil, err
		}
		folder := path.Dir(name)
		if folders[folder] == nil {
			other := slices.ContainsFunc(modules, func(m string) bool { return strings.HasPrefix(name, m) })
			folders[folder] = &pkg{folder: folder, own: !other}
			t.packages = append(t.packages, folders[folder])
		}
		folders[folder].files = append(folders[folder].files, f)
	}
	return t, nil
}

func parseGo(name string, text []byte) (*goFile, error) {
	f := &goFile{path: name, test: strings.HasSuffix(name, "_test.go"), fset: token.NewFileSet()}
	var err error
	if f.syntax, err = parser.ParseFile(f.fset, name, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("parse %s: import %s: %w", name, spec.Path.Value, err)
		}
		i := imported{path: p, name: defaultName(p), pos: spec.Pos()}
		if spec.Name != nil {
			i.name = spec.Name.Name
		}
		f.imports = append(f.imports, i)
	}
	return f, nil
}

// defaultName is what a package is called where it is imported without a name: the last element that is not a version.
func defaultName(importPath string) string {
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(importPath))
	}
	return base
}

// checkout reads what git tracks or is about to: new files are checked before they are committed.
func checkout(t *testing.T) *tree {
	t.Helper()
	root := filepath.Join("..", "..")
	git := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir = root
	list, err := git.Output()
	if err != nil {
		t.Skipf("not a git checkout, so there is no telling which files are ours: %v", err)
	}
	sources := map[string][]byte{}
	folders := map[string]bool{}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		file := filepath.Join(root, filepath.FromSlash(name))
		if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
			continue // deleted but not yet committed, or a link
		}
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		sources[name] = text
		folders[filepath.Dir(file)] = true
	}
	for folder := range folders {
		// go test remembers what a test has read: after this a new file makes it run the test again.
		if _, err := os.ReadDir(folder); err != nil {
			t.Fatal(err)
		}
	}
	all, err := parse(sources)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
