package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var rewrite = flag.Bool("rewrite", false, "write the reference part of the page about the command line anew")

// The page about the command line has a part that is made from the commands.
const (
	pageFile       = "../../docs/20-command-line.md"
	referenceBegin = "<!-- made from the commands: go test ./cmd/azdurable -run TestReference -rewrite -->\n"
	referenceEnd   = "<!-- end -->\n"
)

func TestReference(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(file), referenceBegin)
	old, after, ends := strings.Cut(rest, referenceEnd)
	if !begins || !ends {
		t.Fatalf("%s has not the marks %s and %s", pageFile, referenceBegin, referenceEnd)
	}
	made := reference(newParser(&commands{}, t.Context(), &outside{}, nil).Model)
	if *rewrite {
		if err := os.WriteFile(pageFile, []byte(before+referenceBegin+made+referenceEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != made {
		t.Errorf("%s does not describe the commands as they are: run go test ./cmd/azdurable -run TestReference -rewrite", pageFile)
	}
}

// reference describes all commands, the flags that groups share, and the exit codes.
func reference(m *kong.Application) string {
	var b strings.Builder
	b.WriteString("| Command | | Flags |\n|---|---|---|\n")
	for _, leaf := range m.Leaves(true) {
		var arguments []string
		for _, p := range leaf.Positional {
			arguments = append(arguments, " "+p.Summary())
		}
		var names []string
		for _, f := range leaf.Flags {
			if f.Name != "help" {
				names = append(names, flagName(f))
			}
		}
		path := strings.TrimPrefix(leaf.Path(), m.Name+" ")
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", markdown(path+strings.Join(arguments, "")), markdown(leaf.Help), strings.Join(names, ", "))
	}
	b.WriteString("\nFlags of all `instances`, `entities`, `hub` and `poison` commands:\n\n| Flag | |\n|---|---|\n")
	for _, child := range m.Children {
		if child.Name != "instances" {
			continue
		}
		for _, f := range child.Flags {
			fmt.Fprintf(&b, "| %s | %s |\n", flagName(f), markdown(f.Help))
		}
	}
	b.WriteString("\n| Exit code | |\n|---|---|\n")
	for _, c := range exitCodes() {
		fmt.Fprintf(&b, "| %d | %s |\n", c.code, c.meaning)
	}
	return b.String()
}

func flagName(f *kong.Flag) string {
	name := "--" + f.Name
	if f.Tag.Negatable != "" {
		name = "--[no-]" + f.Name
	}
	return "`" + name + "`"
}

// markdown is a text in a table of the page.
func markdown(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
