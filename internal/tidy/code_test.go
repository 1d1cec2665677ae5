package tidy

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// environment is the one file by which time and chance enter the framework.
const environment = "durabletask/backend/environment.go"

var (
	clocks = []string{"Now", "Since", "Until"}
	// seeded are the functions of math/rand that make a source of one's own.
	seeded = []string{"New", "NewPCG", "NewChaCha8", "NewSource", "NewZipf", "Rand", "Source", "PCG", "ChaCha8", "Zipf"}
	// generators make values that differ each time.
	generators = []string{"crypto/rand", "github.com/google/uuid", "github.com/gofrs/uuid/v5"}
	emptyNames = regexp.MustCompile(`^(utils?|commons?|helpers?|misc|types|shared|base)(_test)?$`)
)

func codeRules() []rule {
	return []rule{
		{
			name:  "time enters by the environment",
			check: noClocks,
			broken: file{"durabletask/internal/dispatch/loop.go", `package dispatch
				import "time"
				var start = time.Now()`},
			finding: "durabletask/internal/dispatch/loop.go:3: time.Now: the framework reads no clock",
			fine: file{environment, `package backend
				import "time"
				var start = time.Now()`},
		},
		{
			name:  "chance enters by the environment",
			check: noChance,
			broken: file{"durabletask/backend/local/store.go", `package local
				import "math/rand/v2"
				var n, _ = rand.IntN(5), rand.New(rand.NewPCG(1, 2))`},
			finding: "durabletask/backend/local/store.go:3: math/rand/v2.IntN: the framework draws no random numbers of its own",
			fine: file{"durabletask/internal/replay/random.go", `package replay
				import "math/rand/v2"
				func seed(s uint64) *rand.Rand { return rand.New(rand.NewPCG(s, 0)) }`},
		},
		{
			name:  "ids enter by the environment",
			check: noGenerators,
			broken: file{"durabletask/client.go", `package durabletask
				import "github.com/google/uuid"`},
			finding: "durabletask/client.go:2: imports github.com/google/uuid: the framework makes no ids of its own",
			fine: file{"durabletask/client_test.go", `package durabletask
				import "github.com/google/uuid"`},
		},
		{
			name:  "tests do not sleep",
			check: noSleeps,
			broken: file{"handler/server_test.go", `package handler
				import "time"
				func wait() { time.Sleep(1) }`},
			finding: "handler/server_test.go:3: time.Sleep: wait for a signal, or run the test in testing/synctest",
			fine: file{"handler/server_test.go", `package handler
				import ("testing"; "testing/synctest"; "time")
				func TestWait(t *testing.T) { synctest.Test(t, func(*testing.T) { time.Sleep(1) }) }`},
		},
		{
			name:  "a skipped test says why",
			check: skipsSayWhy,
			broken: file{"handler/server_test.go", `package handler
				func skip(t *testing.T) { t.Skip() }`},
			finding: "handler/server_test.go:2: Skip without a message: say why, and how to run the test",
			fine: file{"handler/server_test.go", `package handler
				func skip(t *testing.T, r reader) { r.SkipAll(); t.Skip("no C compiler") }`},
		},
		{
			name:    "a package is named for what it is about",
			check:   packagesAreNamed,
			broken:  file{"extension/util/util.go", "package util"},
			finding: "extension/util/util.go:1: package util: name it for what it is about",
			fine:    file{"extension/settings/settings.go", "package settings"},
		},
		{
			name:    "every package has a comment",
			check:   packagesAreExplained,
			broken:  file{"extension/settings.go", "package extension"},
			finding: "extension: no package comment: say in doc.go what it is for",
			fine:    file{"extension/doc.go", "// Package extension opens a hub.\npackage extension"},
		},
	}
}

// framework calls fn for each file of the framework to which the rules of time and chance apply.
func framework(t *tree, fn func(*goFile)) {
	for _, p := range t.packages {
		if !within("durabletask/...", p.folder) || within("durabletask/backend/backendtest/...", p.folder) {
			continue
		}
		for _, f := range p.files {
			if !f.test && f.path != environment {
				fn(f)
			}
		}
	}
}

func noClocks(t *tree) (found []string) {
	framework(t, func(f *goFile) {
		f.uses(func(path, member string, pos token.Pos) {
			if path == "time" && slices.Contains(clocks, member) {
				found = append(found, f.at(pos)+": time."+member+": the framework reads no clock: take the time from backend.Environment")
			}
		})
	})
	return found
}

func noChance(t *tree) (found []string) {
	framework(t, func(f *goFile) {
		f.uses(func(path, member string, pos token.Pos) {
			if (path == "math/rand" || path == "math/rand/v2") && !slices.Contains(seeded, member) {
				found = append(found, f.at(pos)+": "+path+"."+member+
					": the framework draws no random numbers of its own: take a source from backend.Environment")
			}
		})
	})
	return found
}

func noGenerators(t *tree) (found []string) {
	framework(t, func(f *goFile) {
		for _, i := range f.imports {
			if slices.Contains(generators, i.path) {
				found = append(found, f.at(i.pos)+": imports "+i.path+": the framework makes no ids of its own: take them from backend.Environment")
			}
		}
	})
	return found
}

// tests calls fn for each file of tests.
func tests(t *tree, fn func(*goFile)) {
	for _, p := range t.packages {
		for _, f := range p.files {
			if f.test || within("durabletask/backend/backendtest/...", p.folder) {
				fn(f)
			}
		}
	}
}

// noSleeps lets files alone that use testing/synctest: in its bubble Sleep is how time passes.
func noSleeps(t *tree) (found []string) {
	tests(t, func(f *goFile) {
		if f.name("testing/synctest") != "" {
			return
		}
		f.uses(func(path, member string, pos token.Pos) {
			if path == "time" && member == "Sleep" {
				found = append(found, f.at(pos)+": time.Sleep: wait for a signal, or run the test in testing/synctest")
			}
		})
	})
	return found
}

func skipsSayWhy(t *tree) (found []string) {
	tests(t, func(f *goFile) {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) > 0 {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "Skip" || s.Sel.Name == "SkipNow") {
				found = append(found, f.at(call.Pos())+": "+s.Sel.Name+" without a message: say why, and how to run the test")
			}
			return true
		})
	})
	return found
}

func packagesAreNamed(t *tree) (found []string) {
	for _, p := range t.packages {
		for _, f := range p.files {
			if name := f.syntax.Name.Name; emptyNames.MatchString(name) {
				found = append(found, f.at(f.syntax.Package)+": package "+name+": name it for what it is about")
			}
		}
	}
	return found
}

func packagesAreExplained(t *tree) (found []string) {
	for _, p := range t.packages {
		code := slices.DeleteFunc(slices.Clone(p.files), func(f *goFile) bool { return f.test })
		explained := slices.ContainsFunc(code, func(f *goFile) bool { return strings.TrimSpace(f.syntax.Doc.Text()) != "" })
		if len(code) > 0 && !explained {
			found = append(found, p.folder+": no package comment: say in doc.go what it is for")
		}
	}
	return found
}
