package main

import (
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// outside is what commands see of the world.
type outside struct {
	stdout, stderr io.Writer
	stdin          io.Reader
	// env are the environment variables, as os.Environ returns them.
	env []string
	// now is the time of day.
	now func() time.Time
	// screen, progress and keyboard say which of stdout, stderr and stdin are a person's; width is that of the screen in columns, 0 if it is not known.
	screen, progress, keyboard bool
	width                      int
}

// here is the world of this process.
func here() *outside {
	o := &outside{
		stdout: os.Stdout, stderr: os.Stderr, stdin: os.Stdin, env: os.Environ(), now: time.Now,
		screen: isTerminal(os.Stdout), progress: isTerminal(os.Stderr), keyboard: isTerminal(os.Stdin),
	}
	if o.screen {
		if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			o.width = width
		}
	}
	return o
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// lookup returns an environment variable that is not empty.
func (o *outside) lookup(name string) string {
	for _, variable := range o.env {
		if key, value, _ := strings.Cut(variable, "="); key == name && value != "" {
			return value
		}
	}
	return ""
}

// colours reports whether output may be coloured (no-color.org).
func (o *outside) colours() bool {
	return o.screen && o.lookup("NO_COLOR") == "" && o.lookup("TERM") != "dumb"
}
