package extension

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask/backend"
)

// ManagementPath is where the management API is mounted, unless Options say otherwise.
const ManagementPath = "/runtime/webhooks/durabletask"

// management answers the management API: the HTTP API of the Durable Functions extension, by which SDKs, tools and people start
// and look after instances.
type management struct {
	base       string
	routes     []route
	client     *bindings.DurableClient
	table      *bindings.Table
	hub        string
	connection string
	lock       lock
	backend    backend.Backend
	appLease   bool
	log        *slog.Logger
}

func newManagement(e *Extension, h *openHub) *management {
	links := h.client.Links()
	return &management{
		base: links.Path, routes: routes(endpoints()), client: h.client, table: e.table, hub: e.hub, connection: links.Connection,
		lock: newLock(e.key, links.Signer), backend: h.backend, appLease: e.settings.useAppLease, log: e.log,
	}
}

// at returns the same API at another path.
func (m *management) at(base string) *management {
	other := *m
	other.base, other.client = base, m.client.At(base)
	return &other
}

// UnderManagement reports whether a path belongs to the management API at its usual place.
func UnderManagement(path string) bool { return Under(ManagementPath, path) }

// Under reports whether a path is base or below it, in any letter case.
func Under(base, path string) bool {
	_, ok := cutBase(base, path)
	return ok
}

// ServeHTTP finds the endpoint. Whatever is none, and a wrong verb on one, is 404 without a body; 405 is for verbs that the
// Functions host does not hand on at all. Callers who may not come in learn nothing of either.
func (m *management) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := m.call(r)
	if !m.lock.admits(c, r) {
		empty(w, http.StatusUnauthorized)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodOptions:
	default:
		empty(w, http.StatusMethodNotAllowed)
		return
	}
	if c.route == nil {
		empty(w, http.StatusNotFound)
		return
	}
	err := c.address()
	if err == nil {
		err = c.route.answer(c, w, r)
	}
	if err != nil {
		m.fail(w, r, err)
	}
}

// call is one request on its way: its path and query taken apart, and a client whose links repeat how the request spells the hub.
type call struct {
	*management
	client *bindings.DurableClient
	route  *route // nil if there is no such endpoint
	path   []segment
	query  query
	// elsewhere says that the request is for a hub that is not this app's. It finds nothing there, and starts nothing, because nothing would
	// ever run it.
	//
	// Differs from ext, which answers 500 for a bad name, and makes a message for a hub without workers.
	elsewhere bool
}

// call takes a request apart.
func (m *management) call(r *http.Request) *call {
	c := &call{management: m, query: parseQuery(r.URL.RawQuery)}
	rest, ok := cutBase(m.base, r.URL.EscapedPath())
	if !ok {
		return c
	}
	if c.path, ok = splitPath(rest); !ok {
		return c
	}
	for i := range m.routes {
		if m.routes[i].fits(r.Method, c.path) {
			c.route = &m.routes[i]
			break
		}
	}
	return c
}

// address finds out which hub and which storage the request is for.
func (c *call) address() error {
	hub, connection := c.query.trimmed("taskHub"), c.query.trimmed("connection")
	if connection != "" && !strings.EqualFold(connection, c.connection) && !strings.EqualFold(connection, "AzureWebJobs"+c.connection) {
		return &invalidOperationError{"Unable to resolve the Azure Storage connection named '" + connection + "'."}
	}
	if c.elsewhere = hub != "" && !strings.EqualFold(hub, c.hub); c.elsewhere {
		if err := checkHub(hub); err != nil {
			return &argumentError{err.Error()}
		}
	}
	c.client = c.management.client.With(hub, connection)
	return nil
}

// here returns an error if the request is for a hub where nothing would ever run what it sends.
func (c *call) here() error {
	if !c.elsewhere {
		return nil
	}
	return &argumentError{
		"This app serves the task hub '" + c.hub + "' only: what is sent to '" + c.query.trimmed("taskHub") + "' would never run. Leave taskHub out.",
	}
}

// empty answers without a body, which clients that parse every body rely on.
func empty(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(code)
}
