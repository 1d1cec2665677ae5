package replay

import (
	"fmt"
	"runtime"
	"strings"
)

// callSite is where user code made a durable call. It is captured cheaply and looked up only for a message.
type callSite struct {
	pcs [8]uintptr
}

func here() callSite {
	var s callSite
	runtime.Callers(3, s.pcs[:])
	return s
}

// framework is the import path below which frames are the engine's own.
const framework = "github.com/azdurable/azdurable/durabletask"

// String returns the file and line of the innermost frame outside of the framework.
func (s callSite) String() string {
	n := 0
	for n < len(s.pcs) && s.pcs[n] != 0 {
		n++
	}
	frames := runtime.CallersFrames(s.pcs[:n])
	for {
		f, more := frames.Next()
		if f.File != "" && !engineFrame(f.Function) {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}

// engineFrame reports whether a function belongs to package durabletask or to this one, external tests excepted.
func engineFrame(function string) bool {
	rest, ok := strings.CutPrefix(function, framework)
	return ok && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "/internal/replay.")) || strings.HasPrefix(function, "runtime.")
}
