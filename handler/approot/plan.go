package approot

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/azdurable/azdurable/bindings"
)

// Change is one file that differs from what the app's code says.
type Change struct {
	// Path is the file, from the app root, with slashes.
	Path string
	// Old is what it holds, nil if it isn't there. New is what it should hold, nil if it should not be there.
	Old, New []byte
}

// Plan is what has to be done so that an app root agrees with the app.
type Plan struct {
	// Changes are the files to write and to remove; those to remove come first, because a function whose name only changed its letters has one folder
	// on some systems.
	Changes []Change
	// Notes are what a person should know and may want to change.
	Notes []string

	root string
}

// New finds out what has to be done in the app root for an app with these triggers; those that the host does not call are left out. It changes
// nothing. It returns an error that says what to change if the host would refuse a function, if the root has no host.json or one that can't go with
// function folders, or if something that was not generated is in the way.
func New(root string, triggers []bindings.Trigger) (*Plan, error) {
	var functions []bindings.HostTrigger
	for _, t := range triggers {
		if f, ok := t.(bindings.HostTrigger); ok {
			functions = append(functions, f)
		}
	}
	if err := bindings.FunctionErrors(functions); err != nil {
		return nil, err //nolint:wrapcheck // it says which function
	}
	host, err := readHostFile(root)
	if err != nil {
		return nil, err
	}
	there, err := readFolders(root)
	if err != nil {
		return nil, err
	}
	p := &Plan{root: root}
	bundle := there.needBundle
	wanted := make([]string, 0, len(functions))
	for _, f := range functions {
		if err := p.write(there, f); err != nil {
			return nil, err
		}
		bundle = bundle || bindings.NeedsBundle(f.Function())
		wanted = append(wanted, f.Name())
	}
	p.removeStale(there, wanted)
	p.bundle(host, bundle)
	slices.SortStableFunc(p.Changes, func(a, b Change) int { return rank(&a) - rank(&b) })
	return p, nil
}

// rank puts removals first.
func rank(c *Change) int {
	if c.New == nil {
		return 0
	}
	return 1
}

// write plans the file of one function.
func (p *Plan) write(there *folders, f bindings.HostTrigger) error {
	if err := there.obstacle(f.Name()); err != nil {
		return fmt.Errorf("the function %q (%s): %w", f.Name(), f.Place(), err)
	}
	text, err := marshal(f.Function())
	if err != nil {
		return fmt.Errorf("the function.json of %q (%s): %w", f.Name(), f.Place(), err)
	}
	if old := there.generated[f.Name()]; !bytes.Equal(old, text) {
		p.Changes = append(p.Changes, Change{Path: f.Name() + "/" + functionFile, Old: old, New: text})
	}
	return nil
}

// removeStale plans the removal of generated folders whose functions are gone.
func (p *Plan) removeStale(there *folders, wanted []string) {
	for _, name := range there.names() {
		if !slices.Contains(wanted, name) {
			p.Changes = append(p.Changes, Change{Path: name + "/" + functionFile, Old: there.generated[name]})
		}
	}
}

// bundle plans the change of host.json.
func (p *Plan) bundle(host *hostFile, needed bool) {
	switch {
	case needed && !host.hasBundle:
		p.Changes = append(p.Changes, Change{Path: HostFile, Old: host.text, New: host.withBundle()})
		p.Notes = append(p.Notes, "host.json gets an extensionBundle, because a trigger needs it; the host downloads it at its first start")
	case !needed && host.ourBundle:
		p.Notes = append(p.Notes, "host.json has an extensionBundle that no trigger needs any more; without it the host starts faster")
	}
}

// Apply does it. A folder that is empty afterwards is removed, too.
func (p *Plan) Apply() error {
	for _, c := range p.Changes {
		path := filepath.Join(p.root, filepath.FromSlash(c.Path))
		if err := change(path, c.New); err != nil {
			return fmt.Errorf("generate %s: %w", c.Path, err)
		}
	}
	return nil
}

func change(path string, text []byte) error {
	if text != nil {
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)) //nolint:gosec // the host may run as another user
	}
	if err := os.Remove(path); err != nil {
		return err //nolint:wrapcheck // Apply does
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		return err //nolint:wrapcheck // as above
	}
	return os.Remove(filepath.Dir(path)) //nolint:wrapcheck // as above
}
