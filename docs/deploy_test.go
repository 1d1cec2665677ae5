package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The template compiles, where a compiler is to be had: bicep itself, or the one of az.
func TestBicepCompiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join("deploy", "main.bicep")
	command := []string{"bicep", "build", "--stdout", file}
	if _, err := exec.LookPath("bicep"); err != nil {
		command = []string{"az", "bicep", "build", "--stdout", "--file", file}
		if _, err := exec.LookPath("az"); err != nil {
			t.Skip("neither bicep nor az is there; TestBicep reads the file without them")
		}
	}
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

var (
	declared  = regexp.MustCompile(`(?m)^(param|var|resource|output) (\w+)`)
	mentioned = regexp.MustCompile(`\b[A-Za-z_]\w*\b`)
	member    = regexp.MustCompile(`(^|[^.\w'])([a-z]\w*)(\.\w+)+`)
	typed     = regexp.MustCompile(`(?m)^resource \w+ '([^']*)'`)
	typeName  = regexp.MustCompile(`^Microsoft\.[A-Za-z]+(/[A-Za-z]+)+@20\d\d-\d\d-\d\d$`)
)

// What can be seen without a compiler: brackets and texts close, every name is declared once and used, and every resource has a type with a version.
func TestBicep(t *testing.T) {
	t.Parallel()
	text := read(t, filepath.Join("deploy", "main.bicep"))
	code, err := bicepCode(text)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range declared.FindAllStringSubmatch(code, -1) {
		if kind, name := m[1], m[2]; kind != "output" && kind != "resource" {
			if slices.Contains(names, name) {
				t.Errorf("%s is declared twice", name)
			}
			if n := len(slices.DeleteFunc(mentioned.FindAllString(code, -1), func(w string) bool { return w != name })); n < 2 {
				t.Errorf("the %s %s is used nowhere", kind, name)
			}
		}
		names = append(names, m[2])
	}
	names = append(names, "role", "environment") // a loop's variable; a function
	for _, m := range member.FindAllStringSubmatch(code, -1) {
		if !slices.Contains(names, m[2]) {
			t.Errorf("%s of %s is declared nowhere", m[2], m[0])
		}
	}
	types := typed.FindAllStringSubmatch(text, -1)
	for _, m := range types {
		if !typeName.MatchString(m[1]) {
			t.Errorf("the type %q has no version", m[1])
		}
	}
	if len(types) != strings.Count(code, "\nresource ") || len(types) == 0 {
		t.Errorf("%d of %d resources have a type", len(types), strings.Count(code, "\nresource "))
	}
	// What an app can't do without.
	for _, setting := range []string{"AzureWebJobsStorage__accountName", "AZDURABLE_KEY", "APPLICATIONINSIGHTS_CONNECTION_STRING"} {
		if !strings.Contains(text, "name: '"+setting+"'") {
			t.Errorf("the app setting %s is missing", setting)
		}
	}
	if !strings.Contains(text, "@secure()\n@minLength(16)\nparam key string\n") {
		t.Error("the key is no secret")
	}
}

// bicepCode returns a template without its comments and texts, but with what is put into texts. The error says what does not close, and where.
func bicepCode(text string) (string, error) {
	var out strings.Builder
	var open []string // closing brackets that are to come; "'" for a text
	line := 1
	for i := 0; i < len(text); i++ {
		c, rest := text[i], text[i:]
		inText := len(open) > 0 && open[len(open)-1] == "'"
		switch {
		case c == '\n' && inText:
			return "", fmt.Errorf("line %d: the text does not end", line)
		case c == '\n':
			line++
			out.WriteByte(c)
		case inText && c == '\\':
			i++
		case inText && c == '\'':
			open = open[:len(open)-1]
			out.WriteByte(c)
		case inText && strings.HasPrefix(rest, "${"):
			open = append(open, "}")
			out.WriteByte(' ')
			i++
		case inText:
		case strings.HasPrefix(rest, "//"):
			i += strings.IndexByte(rest, '\n') - 1
		case c == '\'':
			open = append(open, "'")
			out.WriteByte(c)
		case strings.ContainsRune("([{", rune(c)):
			open = append(open, string(")]}"[strings.IndexByte("([{", c)]))
			out.WriteByte(c)
		case strings.ContainsRune(")]}", rune(c)):
			if len(open) == 0 || open[len(open)-1] != string(c) {
				return "", fmt.Errorf("line %d: %q closes nothing", line, c)
			}
			open = open[:len(open)-1]
			out.WriteByte(c)
		default:
			out.WriteByte(c)
		}
	}
	if len(open) > 0 {
		return "", fmt.Errorf("%q is missing", open)
	}
	return out.String(), nil
}

var (
	stage     = regexp.MustCompile(`(?m)^FROM \S+ AS (\w+)$`)
	copies    = regexp.MustCompile(`(?m)^COPY (--from=(\w+) )?(.*) \S+$`)
	azdurable = regexp.MustCompile(`go run ./cmd/azdurable (\w+)((?: --\w+(?: [^-&\s]\S*)?)*)`)
	option    = regexp.MustCompile(`--\w+`)
)

// The images are made of files and stages that are there, by commands that exist. (What they do is tested beside these.)
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := read(t, filepath.Join("deploy", "Dockerfile"))
	var stages []string
	for _, m := range stage.FindAllStringSubmatch(text, -1) {
		stages = append(stages, m[1])
	}
	for _, m := range copies.FindAllStringSubmatch(text, -1) {
		if m[2] != "" {
			if !slices.Contains(stages, m[2]) {
				t.Errorf("%s: no such stage among %q", m[0], stages)
			}
			continue
		}
		for file := range strings.FieldsSeq(m[3]) {
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Errorf("%s: %v", m[0], err)
			}
		}
	}
	runs := azdurable.FindAllStringSubmatch(text, -1)
	if len(runs) == 0 {
		t.Fatal("it makes no package")
	}
	for _, m := range runs {
		help, err := exec.Command("go", "run", "../cmd/azdurable", m[1], "--help").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", m[0], err, help)
		}
		for _, o := range option.FindAllString(m[2], -1) {
			if !strings.Contains(string(help), o) {
				t.Errorf("%s has no %s", m[0], o)
			}
		}
	}
}

// The pages about hosting lead somewhere.
func TestHostingPages(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"deploy.md", "hosting.md"} {
		text := read(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
		for _, m := range regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z-]*)").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(read(t, filepath.Join("..", "Makefile")), "\n.PHONY: "+m[1]+"\n") {
				t.Errorf("%s: there is no make %s", page, m[1])
			}
		}
	}
}
