package handler

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// stamped is the version of the app's program. Only the linker sets it: -ldflags "-X github.com/azdurable/azdurable/handler.stamped=v1.2.3", which
// azdurable package does.
var stamped string

// modulePath is the module of this package.
const modulePath = "github.com/azdurable/azdurable"

// printVersion says what program this is: the app's module and version, that of this library, and the compiler.
func printVersion(w io.Writer) {
	path, version, library := "app", "(devel)", "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok {
		path = info.Path
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, m := range info.Deps {
			if m.Path == modulePath && m.Replace == nil {
				library = m.Version
			}
		}
		if info.Main.Path == modulePath {
			library = version
		}
	}
	if stamped != "" {
		version = stamped
	}
	fmt.Fprintf(w, "%s %s (azdurable %s) %s %s/%s\n", path, version, library, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
