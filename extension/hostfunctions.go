package extension

import (
	"net/http"

	"github.com/azdurable/azdurable/bindings"
)

// The functions that an app has under the Functions host besides its own. The host knows nothing of the engine, and hands on only what its functions
// are asked for.
const (
	// ManagementFunction answers the management API at <route prefix>/durabletask. The host lets everybody in, because it does not tell us its keys; the
	// API itself asks for the app's own.
	ManagementFunction = "DurableManagement"
	// HealthFunction answers at <route prefix>/healthz whether host, app and store are there, for the platform's health check.
	HealthFunction = "DurableHealth"
)

// managementRoute is where the management API is below the route prefix.
const managementRoute = "durabletask"

// hostManagementPath is where the management API is under the host.
func hostManagementPath(prefix string) string {
	if prefix == "" {
		return "/" + managementRoute
	}
	return "/" + prefix + "/" + managementRoute
}

// hostFunctions are the functions by which the Functions host reaches the engine.
func (e *Extension) hostFunctions() []bindings.Trigger {
	found := []bindings.Trigger{
		bindings.HTTP(ManagementFunction, bindings.Route{Pattern: managementRoute + "/{*path}", Auth: bindings.AuthAnonymous}, e.manage),
		bindings.HTTP(HealthFunction, bindings.Route{Pattern: "healthz", Methods: []string{http.MethodGet}, Auth: bindings.AuthAnonymous}, healthy),
	}
	if wakeUp := e.WakeUp(); wakeUp != nil {
		found = append(found, wakeUp)
	}
	return found
}

// manage answers the management API. Without a key it is for development only: anybody on the internet could start and end whatever there is.
func (e *Extension) manage(w http.ResponseWriter, r *http.Request, _ *bindings.DurableClient) {
	if e.key == "" && !e.options.Settings.development() {
		e.log.ErrorContext(r.Context(), "the management API is shut since the app has no key: set the app setting AZDURABLE_KEY to a long secret")
		empty(w, http.StatusUnauthorized)
		return
	}
	e.Management().ServeHTTP(w, r)
}

// healthy answers that all is well. It is asked only once the app has started; until then the server says what is wrong.
func healthy(w http.ResponseWriter, _ *http.Request, _ *bindings.DurableClient) {
	bindings.WriteJSON(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{"ok"})
}
