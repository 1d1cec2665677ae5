package extension

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/azdurable/azdurable/bindings"
)

// management answers the management API: the HTTP API of the Durable Functions extension, by which SDKs, tools and people start
// and look after instances.
type management struct {
	client     *bindings.DurableClient
	table      *bindings.Table
	hub        string
	connection string
	log        *slog.Logger
}

func newManagement(client *bindings.DurableClient, table *bindings.Table, hub, connection, key string, log *slog.Logger) http.Handler {
	return authorize(key, &management{client: client, table: table, hub: hub, connection: connection, log: log})
}

// UnderManagement reports whether a path belongs to the management API.
func UnderManagement(path string) bool {
	_, ok := cutBase(path)
	return ok
}

// ServeHTTP finds the endpoint. Whatever is none, and a wrong verb on one, is 404 without a body; 405 is for verbs that the
// Functions host does not hand on at all.
func (m *management) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodOptions:
	default:
		empty(w, http.StatusMethodNotAllowed)
		return
	}
	q, ok := m.call(w, r)
	if !ok {
		return
	}
	endpoint := q.route(r.Method)
	if endpoint == nil {
		empty(w, http.StatusNotFound)
		return
	}
	if err := endpoint(w, r); err != nil {
		m.fail(w, r, err)
	}
}

// call is one request on its way: its path and query taken apart, and a client whose links repeat how the request spells the hub.
type call struct {
	*management
	client *bindings.DurableClient
	path   []segment
	query  query
}

// endpoint answers a request, or returns an error without having answered.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// route finds the endpoint. The order is that of the reference: orchestrators, entities, instances.
func (c *call) route(method string) endpoint {
	switch {
	case c.matches(method, http.MethodPost, "orchestrators", "*"), c.matches(method, http.MethodPost, "orchestrators", "*", "*"):
		return c.start
	case c.matches(method, http.MethodGet, "entities"), c.matches(method, http.MethodGet, "entities", "*"):
		return c.listEntities
	case c.matches(method, http.MethodGet, "entities", "*", "*"):
		return c.readEntity
	case len(c.path) > 0 && len(c.path) <= 3 && strings.EqualFold(c.path[0].text, "entities"):
		return c.signalEntity(method)
	case c.matches(method, http.MethodGet, "instances"):
		return c.list
	case c.matches(method, http.MethodGet, "instances", "*"):
		return c.status
	case c.matches(method, http.MethodPost, "instances", "*", "raiseEvent", "*"):
		return c.raiseEvent
	case c.matches(method, http.MethodPost, "instances", "*", "terminate"):
		return c.terminate
	case c.matches(method, http.MethodPost, "instances", "*", "suspend"):
		return c.suspend
	case c.matches(method, http.MethodPost, "instances", "*", "resume"):
		return c.resume
	case c.matches(method, http.MethodPost, "instances", "*", "restart"):
		return c.restart
	case c.matches(method, http.MethodPost, "instances", "*", "rewind"):
		return c.rewind
	}
	return nil
}

// matches compares the path with a pattern, in which * stands for any segment.
func (c *call) matches(method, wanted string, pattern ...string) bool {
	if method != wanted || len(c.path) != len(pattern) {
		return false
	}
	for i, p := range pattern {
		if p != "*" && !strings.EqualFold(p, c.path[i].text) {
			return false
		}
	}
	return true
}

// call takes a request apart. It answers the ones that can't be for this app: bad paths, other hubs, other connections.
func (m *management) call(w http.ResponseWriter, r *http.Request) (*call, bool) {
	rest, _ := cutBase(r.URL.EscapedPath())
	path, ok := splitPath(rest)
	if !ok {
		empty(w, http.StatusNotFound)
		return nil, false
	}
	c := &call{management: m, path: path, query: parseQuery(r.URL.RawQuery)}
	hub, connection := c.query.trimmed("taskHub"), c.query.trimmed("connection")
	if connection != "" && !strings.EqualFold(connection, m.connection) && !strings.EqualFold(connection, "AzureWebJobs"+m.connection) {
		m.fail(w, r, &invalidOperationError{"Unable to resolve the Azure Storage connection named '" + connection + "'."})
		return nil, false
	}
	if hub != "" && !strings.EqualFold(hub, m.hub) {
		m.otherHub(w, r, c, hub)
		return nil, false
	}
	c.client = m.client.With(hub, connection)
	return c, true
}

// otherHub answers a request for a hub that is not this app's: it finds nothing there, and starts nothing, because nothing would
// ever run it.
//
// Differs from ext, which answers 500 for a bad name, and makes a message for a hub without workers.
func (m *management) otherHub(w http.ResponseWriter, r *http.Request, c *call, hub string) {
	if err := checkHub(hub); err != nil {
		m.fail(w, r, &argumentError{err.Error()})
		return
	}
	switch {
	case c.matches(r.Method, http.MethodGet, "instances"), c.matches(r.Method, http.MethodGet, "entities"),
		c.matches(r.Method, http.MethodGet, "entities", "*"):
		bindings.WriteJSON(w, http.StatusOK, []any{})
	case c.matches(r.Method, http.MethodPost, "orchestrators", "*"), c.matches(r.Method, http.MethodPost, "orchestrators", "*", "*"),
		strings.EqualFold(c.path[0].text, "entities") && r.Method != http.MethodGet:
		m.fail(w, r, &argumentError{"This app serves the task hub '" + m.hub + "' only: what is sent to '" + hub + "' would never run. Leave taskHub out."})
	default:
		empty(w, http.StatusNotFound)
	}
}

// empty answers without a body, which clients that parse every body rely on.
func empty(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(code)
}
