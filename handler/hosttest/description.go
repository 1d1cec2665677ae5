package hosttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// description is the program of an app, as host.json describes it, and how it gets HTTP requests.
type description struct {
	file, folder string   // folder is the working directory
	arguments    []string // with %NAME% in them
	errorsOnly   bool     // standard error carries errors only
	mode         mode
	toFunction   bool // the old section httpWorker: requests go to /Function
}

type mode int

const (
	modeJSON mode = iota
	modeForward
	modeProxy
)

// The faults of a description that keep the host from starting, in its words.
var (
	errNoDescription = errors.New("Missing worker Description.") //nolint:revive // the host's words
	errNoExecutable  = errors.New("WorkerDescription DefaultExecutablePath cannot be empty")
)

// describe reads the section customHandler, or the older httpWorker.
func describe(c *hostJSON, root string, settings map[string]string) (*description, error) {
	section := "customHandler"
	if in, ok := c.value(section).(map[string]any); !ok || len(in) == 0 {
		section = "httpWorker"
	}
	in, ok := c.value(section).(map[string]any)
	switch {
	case !ok || len(in) == 0:
		return nil, errNoWorkerConfig
	case c.value(section, "description") == nil:
		return nil, errNoDescription
	}
	at := func(name string) string { return c.text(section, "description", name) }
	expand := func(s string) string { return expandSettings(s, settings) }
	d := &description{
		file: expand(at("defaultExecutablePath")), folder: under(root, at("workingDirectory")),
		errorsOnly: c.flag(true, section, "description", "useStdErrorStreamForErrorsOnly"),
	}
	if d.file == "" {
		return nil, errNoExecutable
	}
	switch {
	case section == "httpWorker":
		d.mode, d.toFunction = modeForward, true
	case c.flag(false, section, "enableProxyingHttpRequest"):
		d.mode = modeProxy
	case c.flag(false, section, "enableForwardingHttpRequest"):
		d.mode = modeForward
	}
	// The host resolves a relative path against workerDirectory, and only if the file is there.
	if joined := filepath.Join(under(root, at("workerDirectory")), d.file); !filepath.IsAbs(d.file) && isFile(joined) {
		d.file = joined
	}
	d.arguments = c.list(section, "description", "arguments")
	if path := at("defaultWorkerPath"); path != "" {
		d.arguments = append(d.arguments, strconv.Quote(path))
	}
	d.arguments = append(d.arguments, c.list(section, "description", "workerArguments")...)
	return d, nil
}

func under(root, folder string) string {
	if filepath.IsAbs(folder) {
		return folder
	}
	return filepath.Join(root, folder)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

var percent = regexp.MustCompile(`%([^%\s]+)%`)

// expandSettings replaces %NAME% for the names that there are.
func expandSettings(s string, settings map[string]string) string {
	return percent.ReplaceAllStringFunc(s, func(m string) string {
		if text, ok := settings[m[1:len(m)-1]]; ok {
			return text
		}
		return m
	})
}

// command is the file and the arguments as the operating system gets them: all arguments in one line, without quoting, cut again at spaces outside
// double quotes. What is left of %NAME% vanishes.
func (d *description) command(environment map[string]string) (file string, arguments []string, err error) {
	expand := func(s string) string { return percent.ReplaceAllString(expandSettings(s, environment), "") }
	file = expand(d.file)
	if !filepath.IsAbs(file) {
		// What is left for the operating system to find; of the paths it would look at, the settings' own is the only one that is not this machine's.
		found, err := lookPath(file, environment["PATH"])
		if err != nil {
			return "", nil, err
		}
		file = found
	}
	if err := executable(file); err != nil {
		return "", nil, err
	}
	return file, splitArguments(expand(strings.Join(d.arguments, " "))), nil
}

func lookPath(name, path string) (string, error) {
	for _, folder := range filepath.SplitList(path) {
		if file := filepath.Join(folder, name); executable(file) == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("%q: %w", name, exec.ErrNotFound)
}

func executable(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	if info.IsDir() || os.PathSeparator == '/' && info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s: %w", file, os.ErrPermission)
	}
	return nil
}

// splitArguments cuts a line as .NET does on Unix.
func splitArguments(line string) []string {
	var out []string
	var b strings.Builder
	quoted, begun := false, false
	flush := func() {
		if begun {
			out = append(out, b.String())
		}
		b.Reset()
		begun = false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] == '"':
			i++
			b.WriteByte('"')
			begun = true
		case c == '"':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			flush()
		default:
			b.WriteByte(c)
			begun = true
		}
	}
	flush()
	return out
}
