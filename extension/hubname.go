package extension

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// The lengths of hub names (ext: AzureStorageOptions.cs). The limits promised and the limit checked differ in the reference.
const (
	shortestHub = 3
	longestHub  = 45
	checkedHub  = 50
)

// legalHub is what a hub name looks like.
var legalHub = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

// errSlot refuses to let two slots share a hub (ext: DurableTaskOptions.cs).
var errSlot = errors.New("Task Hub name must be specified in host.json when using slots. " + // the reference's words
	"Specified name must not equal the default HubName. Set extensions.durableTask.hubName to a name of its own for each slot, " +
	"for example \"%HubName%\" with a slot setting HubName")

// resolveHub finds the name of the task hub: given, or made from the name of the site.
func resolveHub(given string, app *AppSettings, lookup func(string) (string, bool), log *slog.Logger) (string, error) {
	standard := "TestHubName"
	if app.SiteName != "" {
		standard = sanitizeHub(app.SiteName)
	}
	hub := standard
	if given != "" {
		hub = expand(given, lookup)
		if err := checkHub(hub); err != nil {
			return "", err
		}
		if len(hub) > longestHub {
			log.Warn("the task hub's name is longer than it should be", "name", hub, "longest", longestHub)
		}
	}
	if app.SlotName != "" && !strings.EqualFold(app.SlotName, "Production") && strings.EqualFold(hub, standard) {
		return "", errSlot
	}
	return hub, nil
}

// checkHub returns an error if a text can't be the name of a hub.
func checkHub(name string) error {
	if len(name) < shortestHub || len(name) > checkedHub || !legalHub.MatchString(name) {
		return fmt.Errorf("Task hub name '%s' should contain only alphanumeric characters, start with a letter, "+ // ext: AzureStorageOptions.cs
			"and have length between %d and %d.", name, shortestHub, longestHub)
	}
	return nil
}

// expand replaces a text that is a single %SETTING% by the setting. Anything else stays, and so does an unknown setting.
func expand(value string, lookup func(string) (string, bool)) string {
	name, ok := strings.CutPrefix(value, "%")
	name, end := strings.CutSuffix(name, "%")
	if !ok || !end || name == "" || strings.Contains(name, "%") {
		return value
	}
	if v, found := lookup(name); found {
		return v
	}
	return value
}

// sanitizeHub makes a hub name from the name of a site.
func sanitizeHub(site string) string {
	var b strings.Builder
	for _, c := range site {
		if c < 0x80 && legalHub.MatchString("a"+string(c)) {
			b.WriteRune(c)
		}
	}
	hub := b.String()
	if hub == "" {
		return "DefaultTaskHub"
	}
	if hub[0] >= '0' && hub[0] <= '9' {
		hub = "t" + hub
	}
	if len(hub) > longestHub {
		hub = hub[:longestHub]
	}
	if len(hub) < shortestHub {
		hub += "Hub"
	}
	return hub
}
