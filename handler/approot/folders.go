package approot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/azdurable/azdurable/bindings"
)

// functionFile is what makes a folder a function.
const functionFile = "function.json"

// generator is the value of generatedBy in what this package has written.
const generator = "azdurable"

// folders are the folders of an app root.
type folders struct {
	generated  map[string][]byte // the function.json of each folder that was generated, by its name
	written    []string          // functions that somebody wrote by hand
	taken      []string          // whatever else is there
	needBundle bool              // a function written by hand needs the bundle
}

// readFolders looks at the folders of an app root.
func readFolders(root string) (*folders, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("look for function folders: %w", err)
	}
	f := &folders{generated: map[string][]byte{}}
	for _, entry := range entries {
		if err := f.read(root, entry); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *folders) read(root string, entry fs.DirEntry) error {
	name := entry.Name()
	if !entry.IsDir() {
		f.taken = append(f.taken, name)
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, name, functionFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if inside, err := os.ReadDir(filepath.Join(root, name)); err != nil || len(inside) > 0 {
			f.taken = append(f.taken, name)
		}
		return nil
	case err != nil:
		return fmt.Errorf("look for function folders: %w", err)
	}
	var is struct {
		GeneratedBy string `json:"generatedBy"`
		Bindings    []struct {
			Type string `json:"type"`
		} `json:"bindings"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &is); err == nil && is.GeneratedBy == generator {
		f.generated[name] = text
		return nil
	}
	f.written = append(f.written, name)
	for _, b := range is.Bindings {
		if bindings.EngineBinding(b.Type) {
			return fmt.Errorf("%s/%s has a %s: the host would start Microsoft's engine on the task hub of this one; remove the folder", name, functionFile, b.Type)
		}
		f.needBundle = f.needBundle || bindings.NeedsBundle(bindings.Function{Bindings: []bindings.Binding{{Type: b.Type}}})
	}
	return nil
}

// ByHand returns the names of the function folders in an app root that were not generated, in order.
func ByHand(root string) ([]string, error) {
	f, err := readFolders(root)
	if err != nil {
		return nil, err
	}
	return f.written, nil
}

// names returns the names of the folders that were generated, in order.
func (f *folders) names() []string { return slices.Sorted(maps.Keys(f.generated)) }

// obstacle returns an error if the folder of a function can't be generated. Names are compared as systems do that don't tell letter cases apart: a
// checkout must work on these, too.
func (f *folders) obstacle(function string) error {
	same := func(name string) bool { return strings.EqualFold(name, function) }
	if i := slices.IndexFunc(f.written, same); i >= 0 {
		return fmt.Errorf("%s/%s was written by hand (it has no \"generatedBy\": %q) and is not touched: remove the folder, or give the function another name",
			f.written[i], functionFile, generator)
	}
	if i := slices.IndexFunc(f.taken, same); i >= 0 {
		return fmt.Errorf("%s is there and is no function's folder: give the function another name, or move that out of the app root", f.taken[i])
	}
	return nil
}

// marshal writes a function.json: the mark first, two spaces, a newline at the end.
func marshal(f bindings.Function) ([]byte, error) {
	text, err := json.MarshalIndent(struct {
		GeneratedBy string `json:"generatedBy"`
		bindings.Function
	}{generator, f}, "", "  ")
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller does
	}
	return append(text, '\n'), nil
}
