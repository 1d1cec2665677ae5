package handler

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
)

// functionsHost is what the environment says of the Functions host that started the app.
type functionsHost struct {
	port string // where to listen; empty without the host
	// unclear says what speaks for a host that forgot the port; empty if nothing does.
	unclear string
}

// The variables by which the host makes itself known (custom-handler §2.1).
const (
	portVariable    = "FUNCTIONS_CUSTOMHANDLER_PORT"
	workerVariable  = "FUNCTIONS_CUSTOMHANDLER_WORKER_ID"
	runtimeVariable = "FUNCTIONS_WORKER_RUNTIME"
)

// findHost looks for the host. It is to be asked before local.settings.json has been put into the environment, which looks like a host's then.
func findHost(lookup func(string) (string, bool)) (functionsHost, error) {
	var h functionsHost
	h.port, _ = lookup(portVariable)
	if h.port != "" {
		const most = 65535
		if n, err := strconv.Atoi(h.port); err != nil || n < 1 || n > most {
			return h, fmt.Errorf("%s = %q is not a port, which the Functions host chooses between 1 and %d", portVariable, h.port, most)
		}
		return h, nil
	}
	if id, _ := lookup(workerVariable); id != "" {
		return h, fmt.Errorf("%s is set, so that the Functions host must have started this app, "+
			"but %s is not: the host says where to listen", workerVariable, portVariable)
	}
	if runtime, _ := lookup(runtimeVariable); strings.EqualFold(runtime, "custom") {
		h.unclear = runtimeVariable + "=custom"
	}
	return h, nil
}

// present reports whether the host started the app.
func (h functionsHost) present() bool { return h.port != "" }

// address is where the host reaches the app. It has no other way: it takes no other address, IPv6 neither.
func (h functionsHost) address() string { return net.JoinHostPort(loopbackAddress, h.port) }

// errHelp says that the host has been told to ask for help.
var errHelp = errors.New("the arguments of the app ask for help instead of starting it: change customHandler.description.arguments in host.json")

// checkProxy warns of a proxy in the environment: the host sends even what is for this machine to it, so that nothing reaches the app and the
// host gives up on it (custom-handler §3.2).
func checkProxy(lookup func(string) (string, bool), log *slog.Logger) {
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"} {
		if proxy, _ := lookup(name); proxy == "" {
			continue
		}
		for _, except := range []string{"no_proxy", "NO_PROXY"} {
			list, _ := lookup(except)
			if slices.Contains(strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' }), loopbackAddress) {
				return
			}
		}
		log.Warn("the Functions host sends its requests to the proxy that the environment names, so that none reaches this app: set NO_PROXY to "+
			loopbackAddress+", or add it to the list", "variable", name)
		return
	}
}
