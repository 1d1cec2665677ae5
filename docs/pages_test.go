package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// longestPage is how many lines a page may have.
const longestPage = 120

var (
	goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	link    = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
)

// The Go code of the pages is that of the tests in this folder, the pages are short, and the list of pages has all of them.
func TestPages(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, file := range glob(t, "*_test.go") {
		code.WriteString(read(t, file))
	}
	pages := glob(t, "[0-9][0-9]-*.md")
	if len(pages) == 0 {
		t.Fatal("there are no pages")
	}
	list := read(t, "README.md")
	for _, page := range pages {
		text := read(t, page)
		if n := strings.Count(text, "\n"); n > longestPage {
			t.Errorf("%s has %d lines, more than %d", page, n, longestPage)
		}
		if !strings.Contains(list, "]("+page+")") {
			t.Errorf("README.md does not list %s", page)
		}
		for _, block := range goBlock.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(code.String(), "\n"+block[1]) {
				t.Errorf("%s has code that is in no test of this folder:\n%s", page, block[1])
			}
		}
	}
	for _, page := range append(pages, "README.md") {
		for _, m := range link.FindAllStringSubmatch(goBlock.ReplaceAllString(read(t, page), ""), -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
