package extension

import (
	"net/http"
	"strings"
)

// endpoint is one row of the catalogue of the management API.
type endpoint struct {
	// method is the verb, or anyMethod.
	method string
	// path is what follows the base. What stands in braces fits every segment.
	path string
	// signed lets requests through that have a signature for the instance in place of the key. It is only for what touches no other instance.
	signed bool
	// answer answers, or returns an error without having answered.
	answer func(c *call, w http.ResponseWriter, r *http.Request) error
}

// anyMethod stands for every verb that the Functions host hands on.
const anyMethod = "*"

// endpoints is the catalogue (http-api.md §4). Paths without the name or the key of an entity are there because those mean something
// else than 404. restartWithOptions takes no signature: it can replace another instance.
func endpoints() []endpoint {
	return []endpoint{
		{"POST", "orchestrators/{functionName}", false, (*call).start},
		{"POST", "orchestrators/{functionName}/{instanceId}", false, (*call).start},
		{"GET", "entities", false, (*call).listEntities},
		{"GET", "entities/{entityName}", false, (*call).listEntities},
		{"GET", "entities/{entityName}/{entityKey}", false, (*call).readEntity},
		{"POST", "entities", false, (*call).signalEntity},
		{"POST", "entities/{entityName}", false, (*call).signalEntity},
		{"POST", "entities/{entityName}/{entityKey}", false, (*call).signalEntity},
		{"DELETE", "entities", false, (*call).deleteEntity},
		{"DELETE", "entities/{entityName}", false, (*call).deleteEntity},
		{"DELETE", "entities/{entityName}/{entityKey}", false, (*call).deleteEntity},
		{"GET", "instances", false, (*call).list},
		{"DELETE", "instances", false, (*call).purgeMany},
		{"GET", "instances/{instanceId}", true, (*call).status},
		{"DELETE", "instances/{instanceId}", true, (*call).purge},
		{"POST", "instances/{instanceId}/raiseEvent/{eventName}", true, (*call).raiseEvent},
		{"POST", "instances/{instanceId}/terminate", true, (*call).terminate},
		{"POST", "instances/{instanceId}/suspend", true, (*call).suspend},
		{"POST", "instances/{instanceId}/resume", true, (*call).resume},
		{"POST", "instances/{instanceId}/rewind", true, (*call).rewind},
		{"POST", "instances/{instanceId}/restart", true, (*call).restart},
		{"POST", "instances/{instanceId}/restartWithOptions", false, (*call).restartWithOptions},
		{anyMethod, "makeprimary", false, (*call).makePrimary},
		{"GET", "openapi.json", false, (*call).describe},
	}
}

// route is an endpoint whose path is taken apart.
type route struct {
	endpoint
	segments []string
}

// routes prepares the catalogue for requests.
func routes(catalogue []endpoint) []route {
	var all []route
	for _, e := range catalogue {
		all = append(all, route{e, strings.Split(e.path, "/")})
	}
	return all
}

// fits reports whether a request is for this endpoint. Letter case does not count.
func (r *route) fits(method string, path []segment) bool {
	if r.method != anyMethod && r.method != method || len(path) != len(r.segments) {
		return false
	}
	for i, s := range r.segments {
		if s[0] != '{' && !strings.EqualFold(s, path[i].text) {
			return false
		}
	}
	return true
}

// instance returns the number of the segment that names the instance; 0 if none does.
func (r *route) instance() int {
	for i, s := range r.segments {
		if s == "{instanceId}" {
			return i
		}
	}
	return 0
}
