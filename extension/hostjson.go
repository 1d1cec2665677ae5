package extension

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
	"strconv"
	"strings"
)

// HostFile is where the settings of the Functions host stand, and with them the extension's.
const HostFile = "host.json"

// overridePrefix begins the environment variables that override host.json.
const overridePrefix = "AzureFunctionsJobHost__"

// configuration is what host.json and the variables that override it say, flattened as .NET does it: "a:b:c" → text.
type configuration map[string]configured // by path in lower case

type configured struct {
	path   string // as written
	value  string
	source string // the file or the variable
}

// readConfiguration reads host.json, if there is one, and puts the overrides over it.
func readConfiguration(folder string, environ []string) (configuration, error) {
	c := make(configuration)
	path := filepath.Join(folder, HostFile)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", HostFile, err)
	}
	if err == nil {
		var tree map[string]any
		decoder := json.NewDecoder(bytes.NewReader(withoutMark(text)))
		decoder.UseNumber()
		if err := decoder.Decode(&tree); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		c.add("", tree, HostFile)
	}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if len(name) > len(overridePrefix) && strings.EqualFold(name[:len(overridePrefix)], overridePrefix) {
			c.set(strings.ReplaceAll(name[len(overridePrefix):], "__", ":"), value, name)
		}
	}
	return c, nil
}

func (c configuration) add(path string, value any, source string) {
	under := func(key string) string {
		if path == "" {
			return key
		}
		return path + ":" + key
	}
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			c.add(under(key), member, source)
		}
	case []any:
		for i, element := range v {
			c.add(under(strconv.Itoa(i)), element, source)
		}
	case nil: // as if it were not there
	default:
		c.set(path, fmt.Sprint(v), source)
	}
}

func (c configuration) set(path, value, source string) {
	c[strings.ToLower(path)] = configured{path, value, source}
}

// section returns what stands below a path, in order, with the path cut off.
func (c configuration) section(path string) []configured {
	var found []configured
	prefix := strings.ToLower(path) + ":"
	for _, key := range slices.Sorted(maps.Keys(c)) {
		if strings.HasPrefix(key, prefix) {
			entry := c[key]
			entry.path = entry.path[len(prefix):]
			found = append(found, entry)
		}
	}
	return found
}
