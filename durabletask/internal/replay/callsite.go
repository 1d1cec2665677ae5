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
		if f.File != "" && !engineFrame(f) {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}

// engineFrame reports whether a frame belongs to package durabletask, to this one or to the runtime, tests excepted.
func engineFrame(f runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	for _, engine := range []string{framework + ".", framework + "/internal/replay.", "runtime.", "iter."} {
		if strings.HasPrefix(f.Function, engine) {
			return true
		}
	}
	return false
}
