package hosttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// hostJSON is the configuration of the host: host.json, with the settings that override it.
type hostJSON struct{ root map[string]any }

// overridePrefix begins the settings that override host.json.
const overridePrefix = "AzureFunctionsJobHost__"

// readHostJSON reads a folder's host.json.
func readHostJSON(folder string, settings map[string]string) (*hostJSON, error) {
	data, err := os.ReadFile(filepath.Join(folder, "host.json"))
	if err != nil {
		return nil, fmt.Errorf("an app needs a host.json: %w", err)
	}
	c := &hostJSON{root: map[string]any{}}
	if err := json.Unmarshal(data, &c.root); err != nil {
		return nil, fmt.Errorf("Unable to parse host configuration file '%s': %w", filepath.Join(folder, "host.json"), err)
	}
	if c.text("version") != "2.0" {
		return nil, errNoWorkerConfig
	}
	for name, text := range settings {
		if len(name) > len(overridePrefix) && strings.EqualFold(name[:len(overridePrefix)], overridePrefix) {
			c.override(strings.Split(name[len(overridePrefix):], "__"), text)
		}
	}
	return c, nil
}

// errNoWorkerConfig is what the host says of everything that keeps it from seeing a custom handler.
var errNoWorkerConfig = errors.New("WorkerConfig for runtime: custom not found")

// override puts a setting at its place.
func (c *hostJSON) override(path []string, text string) {
	at := c.root
	for _, name := range path[:len(path)-1] {
		next, ok := lookup(at, name).(map[string]any)
		if !ok {
			next = map[string]any{}
			at[known(at, name)] = next
		}
		at = next
	}
	at[known(at, path[len(path)-1])] = text
}

// known is how a name is spelt in a section.
func known(in map[string]any, name string) string {
	for key := range in {
		if strings.EqualFold(key, name) {
			return key
		}
	}
	return name
}

func lookup(in map[string]any, name string) any { return in[known(in, name)] }

// value is what is at a path, in any case; nil if there is nothing.
func (c *hostJSON) value(path ...string) any {
	var at any = c.root
	for _, name := range path {
		section, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = lookup(section, name)
	}
	return at
}

// text is a value as text; numbers and booleans as they are spelt.
func (c *hostJSON) text(path ...string) string {
	switch v := c.value(path...).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func (c *hostJSON) flag(whenAbsent bool, path ...string) bool {
	b, err := strconv.ParseBool(strings.ToLower(c.text(path...)))
	if err != nil {
		return whenAbsent
	}
	return b
}

func (c *hostJSON) number(whenAbsent int, path ...string) int {
	n, err := strconv.Atoi(c.text(path...))
	if err != nil {
		return whenAbsent
	}
	return n
}

// duration is a time span. What is none is taken as absent; -1 is for ever.
func (c *hostJSON) duration(whenAbsent time.Duration, path ...string) time.Duration {
	d, err := parseTimeSpan(c.text(path...))
	if err != nil {
		return whenAbsent
	}
	return d
}

// list is an array of strings, or one setting that holds such an array as JSON, or settings with indexes.
func (c *hostJSON) list(path ...string) []string {
	var out []string
	switch v := c.value(path...).(type) {
	case string:
		_ = json.Unmarshal([]byte(v), &out) // the host ignores what is none
	case []any:
		for _, item := range v {
			out = append(out, fmt.Sprint(item))
		}
	case map[string]any:
		for i := range len(v) {
			if item, ok := v[strconv.Itoa(i)]; ok {
				out = append(out, fmt.Sprint(item))
			}
		}
	}
	return out
}
