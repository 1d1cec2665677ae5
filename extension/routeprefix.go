package extension

import "strings"

// routePrefix is the path below which HTTP functions are: extensions.http.routePrefix of host.json, default api.
func routePrefix(c configuration) string {
	if entry, ok := c["extensions:http:routeprefix"]; ok {
		return strings.Trim(entry.value, "/")
	}
	return "api"
}
