package extension

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/azdurable/azdurable/bindings"
)

// CustomHandler is what host.json says of how the Functions host hands over invocations.
type CustomHandler struct {
	// Forwards says that HTTP functions without outputs are sent the caller's own request, at its own path.
	Forwards bool
	// Timeout is after how long the host ends an invocation, and with it the process; 0 for never.
	Timeout time.Duration
}

// How long invocations may take if host.json doesn't say.
const (
	consumptionTimeout = 5 * time.Minute
	otherTimeout       = 30 * time.Minute
)

// customHandlerSection is where the settings stand in host.json.
const customHandlerSection = "customHandler"

// readCustomHandler reads how the host hands over invocations. It warns of settings that the host does not know (custom-handler §1.2).
func readCustomHandler(c configuration, app *AppSettings, log *slog.Logger) (CustomHandler, error) {
	var forwarding, proxying bool
	known := []setting{
		{"enableForwardingHttpRequest", boolean(&forwarding)},
		{"enableProxyingHttpRequest", boolean(&proxying)},
		{"type", text(nil)},
		{"initializationTimeout", text(nil)},
		{"port", text(nil)},
		{"http:defaultAuthorizationLevel", text(nil)},
		{"description:defaultExecutablePath", text(nil)},
		{"description:workingDirectory", text(nil)},
		{"description:workerDirectory", text(nil)},
		{"description:defaultWorkerPath", text(nil)},
		{"description:useStdErrorStreamForErrorsOnly", text(nil)},
		{"description:isDisabled", text(nil)},
		{"description:arguments", text(nil)}, // a list in one variable
		{"description:workerArguments", text(nil)},
		{"description:arguments:*", text(nil)},
		{"description:workerArguments:*", text(nil)},
	}
	for _, entry := range c.section(customHandlerSection) {
		name := customHandlerSection + "." + strings.ReplaceAll(entry.path, ":", ".")
		s, ok := find(known, entry.path)
		switch {
		case strings.HasPrefix(strings.ToLower(entry.path), "http:routes:"):
			log.Warn("functions made of routes in host.json can't be called: define them with bindings.HTTP", "setting", name, "in", entry.source)
		case !ok:
			log.Warn("unknown setting: it has no effect", "setting", name, "in", entry.source,
				"did you mean", customHandlerSection+"."+strings.ReplaceAll(nearest(known, entry.path), ":", "."))
		default:
			if err := s.set(entry.value); err != nil {
				return CustomHandler{}, fmt.Errorf("%s %w (%q in %s)", name, err, entry.value, entry.source)
			}
		}
	}
	timeout, err := functionTimeout(c, app)
	return CustomHandler{Forwards: forwarding || proxying, Timeout: timeout}, err
}

// functionTimeout is how long an invocation may take.
func functionTimeout(c configuration, app *AppSettings) (time.Duration, error) {
	entry, ok := c["functiontimeout"]
	switch {
	case !ok && app.consumptionPlan():
		return consumptionTimeout, nil
	case !ok:
		return otherTimeout, nil
	case strings.TrimSpace(entry.value) == "-1":
		return 0, nil
	}
	d, err := bindings.ParseTimeSpan(entry.value)
	if err == nil && d < time.Second {
		err = fmt.Errorf("%q is below the least one of a second; -1 is for none", entry.value)
	}
	if err != nil {
		return 0, fmt.Errorf("functionTimeout in %s: %w", entry.source, err)
	}
	return d, nil
}
