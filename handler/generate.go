package handler

import (
	"fmt"
	"io"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/handler/approot"
)

// generate writes or checks the function folders of an app, and returns the exit code.
func generate(app *durabletask.App, o Options, f *flags, stdout, stderr io.Writer) int {
	folder := f.generate + f.check // one of them is empty
	plan, err := plan(app, o.Extension, folder)
	if err != nil {
		fmt.Fprintf(stderr, "azdurable: %v\n", err)
		return exitFailed
	}
	if err := plan.Describe(stdout); err != nil {
		fmt.Fprintf(stderr, "azdurable: %v\n", err)
		return exitFailed
	}
	for _, note := range plan.Notes {
		fmt.Fprintf(stderr, "azdurable: note: %s\n", note)
	}
	if f.check != "" {
		if len(plan.Changes) > 0 {
			fmt.Fprintf(stderr, "azdurable: %d file(s) in %s differ from what the app's code says; -generate %[2]s mends that\n", len(plan.Changes), folder)
			return exitFailed
		}
		return exitClean
	}
	if err := plan.Apply(); err != nil {
		fmt.Fprintf(stderr, "azdurable: %v\n", err)
		return exitFailed
	}
	return exitClean
}

// plan finds out what has to be done in an app root.
func plan(app *durabletask.App, o extension.Options, folder string) (*approot.Plan, error) {
	o.Folder, o.Unstarted = folder, true
	e, err := extension.Initialize(app, o)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what to change
	}
	return approot.New(folder, e.Table().All()) //nolint:wrapcheck // as above
}
