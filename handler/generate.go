package handler

import (
	"fmt"
	"io"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/handler/approot"
)

// instead is what the flags ask for instead of running the app.
func (f *flags) instead() func(*durabletask.App, extension.Options, io.Writer, io.Writer) int {
	switch {
	case f.version:
		return func(_ *durabletask.App, _ extension.Options, stdout, _ io.Writer) int {
			printVersion(stdout)
			return exitClean
		}
	case f.generate != "" || f.check != "":
		return func(app *durabletask.App, o extension.Options, stdout, stderr io.Writer) int {
			if err := f.agree(app, o, stdout, stderr); err != nil {
				fmt.Fprintf(stderr, "azdurable: %v\n", err)
				return exitFailed
			}
			return exitClean
		}
	default:
		return nil
	}
}

// agree writes the function folders of an app, or checks them.
func (f *flags) agree(app *durabletask.App, o extension.Options, stdout, stderr io.Writer) error {
	folder := f.generate + f.check // one of them is empty
	plan, err := plan(app, o, folder)
	if err != nil {
		return err
	}
	if err := plan.Describe(stdout); err != nil {
		return err //nolint:wrapcheck // it says what it did
	}
	for _, note := range plan.Notes {
		fmt.Fprintf(stderr, "azdurable: note: %s\n", note)
	}
	switch {
	case f.generate != "":
		return plan.Apply() //nolint:wrapcheck // as above
	case len(plan.Changes) > 0:
		return fmt.Errorf("%d file(s) in %s differ from what the app's code says; -generate %[2]s mends that", len(plan.Changes), folder)
	}
	return nil
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
