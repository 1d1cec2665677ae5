package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/internal/slow"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts make, generate, start, package and deploy apps as a person would, without a network. Besides the commands of every script there are:
//
//	zip <file>            prints the modes, times and names of a zip's files
//	unzip <file> <folder> takes a zip apart
//	tools <name>…         puts programs on PATH that write their arguments to $WORK/calls
//	without <name>        takes a program off PATH, with all but the go command
//
// $CHECKOUT is this repository, $PLATFORM this machine, $ZIP what a package for it is called, $FOLDER that in a folder.
//
// They build apps as their owners would, which takes the go command a while.
func TestAppScripts(t *testing.T) {
	t.Parallel()
	slow.Test(t)
	runScripts(t, "app")
}

// Those build a whole app the way packages are built, which nothing else does.
func TestPackageScripts(t *testing.T) {
	t.Parallel()
	slow.Test(t)
	runScripts(t, "package")
}

func runScripts(t *testing.T, folder string) {
	t.Helper()
	env := goEnv(t, "GOCACHE", "GOMODCACHE", "GOROOT")
	checkout, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", folder),
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			for name, value := range env {
				e.Setenv(name, value)
			}
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("GOPROXY", "off")
			e.Setenv("GOFLAGS", "-buildvcs=false")
			e.Setenv("GOTOOLCHAIN", "local")
			e.Setenv("CHECKOUT", checkout)
			e.Setenv("PLATFORM", runtime.GOOS+"/"+runtime.GOARCH)
			e.Setenv("FOLDER", "app-"+runtime.GOOS+"-"+runtime.GOARCH)
			e.Setenv("ZIP", "app-"+runtime.GOOS+"-"+runtime.GOARCH+".zip")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"zip": zipCommand, "unzip": unzipCommand, "tools": toolsCommand, "without": withoutCommand},
	})
}

// goEnv asks the go command for its folders: scripts have a home of their own.
func goEnv(t *testing.T, names ...string) map[string]string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for i, value := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		env[names[i]] = value
	}
	return env
}

func zipCommand(ts *testscript.TestScript, _ bool, args []string) {
	r, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer r.Close()
	for _, f := range r.File {
		fmt.Fprintf(ts.Stdout(), "%v %s %s\n", f.Mode(), f.Modified.UTC().Format("2006-01-02"), f.Name)
	}
}

func unzipCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(unzipFolder(ts.MkAbs(args[0]), ts.MkAbs(args[1])))
}

func toolsCommand(ts *testscript.TestScript, _ bool, args []string) {
	bin := ts.MkAbs("tools")
	ts.Check(os.MkdirAll(bin, 0o755))
	for _, name := range args {
		text := "#!/bin/sh\necho \"$(basename $0) $*\" >>" + ts.Getenv("WORK") + "/calls\nls host.json bin/app >>" + ts.Getenv("WORK") + "/seen 2>&1\nexit 0\n"
		ts.Check(os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755))
	}
	ts.Setenv("PATH", bin+string(os.PathListSeparator)+ts.Getenv("PATH"))
}

// withoutCommand leaves of PATH what has the go command and this one.
func withoutCommand(ts *testscript.TestScript, _ bool, args []string) {
	var kept []string
	for _, folder := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(folder, args[0])); err != nil {
			kept = append(kept, folder)
		}
	}
	ts.Setenv("PATH", strings.Join(kept, string(os.PathListSeparator)))
}

func TestUnzipStaysInItsFolder(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if _, err := w.Create("../outside"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	folder := t.TempDir()
	path := filepath.Join(folder, "evil.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unzipFolder(path, filepath.Join(folder, "in")); err == nil {
		t.Error("it was unpacked")
	}
}

func TestHubName(t *testing.T) {
	t.Parallel()
	for app, want := range map[string]string{
		"hello": "Hello", "order-desk": "OrderDesk", "a_b": "ABHub", "x": "XHub", "Ab3": "Ab3", strings.Repeat("y", 60): "Y" + strings.Repeat("y", 44),
		"a-": "AHub", "a--b-c": "ABC",
	} {
		if got := hubName(app); got != want {
			t.Errorf("hubName(%q) = %q, want %q", app, got, want)
		}
	}
}

// A new app is handed invocations in the same way as the sample.
func TestHostFileOfNewApps(t *testing.T) {
	t.Parallel()
	section := func(text []byte) any {
		var file map[string]any
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		return file["customHandler"]
	}
	sample, err := os.ReadFile(filepath.Join("..", "..", hostFile))
	if err != nil {
		t.Fatal(err)
	}
	made, err := scaffold{Hub: "Hello"}.render("template/host.json.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(section(sample), section(made)); diff != "" {
		t.Errorf("customHandler in template/host.json.tmpl must be that of the repository's host.json (-repository +template):\n%s", diff)
	}
}
