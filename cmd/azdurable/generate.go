package main

type generateCommand struct {
	Package string `arg:"" optional:"" default:"./functions" help:"The app's main package; default: ${default}."`
	Root    string `default:"." type:"path" help:"The app root, which has host.json; default: the current folder."`
	Check   bool   `help:"Write nothing; list what differs, and fail if anything does."`
}

// Run lets the app's own program write its function folders: only that knows its functions.
func (c *generateCommand) Run(o *outside) error {
	flag := "-generate"
	if c.Check {
		flag = "-generate-check"
	}
	return o.goRun(native(), "run", c.Package, flag, c.Root)
}
