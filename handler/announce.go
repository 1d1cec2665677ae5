package handler

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/extension"
)

// announce says what is served and how to try it.
func announce(out io.Writer, address net.Addr, e *extension.Extension) {
	base := "http://" + reachable(address)
	curl := "curl"
	if e.Locked() {
		curl += " -H 'x-functions-key: <the key>'"
	}
	fmt.Fprintf(out, "Listening on %s (process %d)\nState is kept in the %s.\n", base, os.Getpid(), e.Store())
	start, id := example(base, e)
	if start == "" {
		return
	}
	fmt.Fprintf(out, "\nStart an orchestration, and read its status:\n\n  %s -X POST %s\n  %s %s%s/instances/%s\n\nCtrl-C stops.\n",
		curl, start, curl, base, extension.ManagementPath, id)
}

// example is the URL that starts an orchestration, and the instance id it is given: the app's own example, else by the management
// API; empty if the app has no orchestrators.
func example(base string, e *extension.Extension) (url, id string) {
	for _, trigger := range e.Table().All() {
		t, ok := trigger.(*bindings.HTTPTrigger)
		if !ok || t.Route().Example == "" {
			continue
		}
		path := strings.Trim(t.Route().Example, "/")
		if prefix := e.RoutePrefix(); prefix != "" {
			path = prefix + "/" + path
		}
		return base + "/" + path, path[strings.LastIndexByte(path, '/')+1:]
	}
	for _, name := range e.Table().Names(bindings.TypeOrchestration) {
		return base + extension.ManagementPath + "/orchestrators/" + name + "/first", "first"
	}
	return "", ""
}

// reachable is an address by which this machine reaches the listener.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() && !tcp.IP.IsLoopback() {
		return address.String()
	}
	return fmt.Sprintf("localhost:%d", tcp.Port)
}
