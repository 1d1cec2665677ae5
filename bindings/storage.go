package bindings

import (
	"fmt"
	"regexp"
	"strings"
)

// storageName is how queues and containers may be named: 3 to 63 characters.
var storageName = regexp.MustCompile(`^[a-z0-9](?:-?[a-z0-9]){2,62}$`)

// checkQueue panics if there can't be such a queue, or a connection is not the name of a setting.
func checkQueue(constructor, queue, connection string) {
	if !nameable(queue) {
		panic(fmt.Sprintf("bindings: %q can't be the name of a queue: write "+
			"3 to 63 lower-case letters, digits and single hyphens, such as bindings.%s(…, …{Queue: \"new-orders\"})",
			queue, constructor))
	}
	checkConnection(constructor, connection)
}

// checkBlobPath panics if a path is not container/blob.
func checkBlobPath(constructor, path, connection string) {
	container, blob, found := strings.Cut(path, "/")
	if !found || blob == "" || !nameable(container) && container != "$web" && container != "$root" {
		panic(fmt.Sprintf("bindings: %q is not the path of blobs: write container/blob, such as bindings.%s(…, …{Path: \"uploads/{name}.csv\"})", path, constructor))
	}
	checkConnection(constructor, connection)
}

// nameable reports whether a name can be; what the host fills in can't be checked here.
func nameable(name string) bool {
	return storageName.MatchString(name) && len(name) <= 63 || strings.ContainsAny(name, "%{") && !strings.ContainsAny(name, " /")
}

// checkConnection panics if someone wrote a connection string where the name of a setting belongs. It does not repeat it.
func checkConnection(constructor, connection string) {
	if strings.ContainsAny(connection, "=; ") {
		panic("bindings: the connection of bindings." + constructor + " is the name of an app setting, such as \"OrdersStorage\", " +
			"and not a connection string, which would end up in function.json")
	}
}

// checkType panics if a binding can't be of a type.
func checkType(constructor, kind, example string) {
	if !bindingName.MatchString(kind) {
		panic(fmt.Sprintf("bindings: %q is not a type of bindings; write it as function.json does: %s", kind, example))
	}
	if EngineBinding(kind) {
		panic(fmt.Sprintf("bindings: bindings.%s can't be used for %s: it would make the host start Microsoft's Durable extension; "+
			"define orchestrations with durabletask.New, and use the client that each function is handed", constructor, kind))
	}
}
