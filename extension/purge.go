package extension

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// purged is the answer to a purge.
type purged struct {
	InstancesDeleted int `json:"instancesDeleted"`
}

// purge is DELETE instances/{instanceId}. An entity is removed in whatever state.
func (c *call) purge(w http.ResponseWriter, r *http.Request) error {
	state, err := c.instance(r.Context())
	if err == nil {
		err = c.client.Purge(r.Context(), state.Instance.ID)
	}
	switch {
	case err == nil:
		bindings.WriteJSON(w, http.StatusOK, purged{1})
	case errors.Is(err, durabletask.ErrInstanceNotFound):
		empty(w, http.StatusNotFound)
	case errors.Is(err, durabletask.ErrInstanceRunning):
		status := state.Status
		if status.Terminal() {
			status = durabletask.Running // it has been started again since
		}
		bindings.WriteJSON(w, http.StatusPreconditionFailed, fmt.Sprintf(
			"Only orchestrations in a terminal state can be purged, but the orchestration with instance ID %s has status %s", state.Instance.ID, status))
	default:
		return err
	}
	return nil
}

// The refusals of a purge of many, which are JSON strings.
const (
	noFrom   = "Please provide value for 'createdTimeFrom' parameter."
	noStatus = "None of the values of 'runtimeStatus' is a status. Nothing was purged. " +
		"The names are Completed, Failed, Terminated and Canceled, in exactly this spelling."
)

// purgeMany is DELETE instances. It stops when the caller goes away, and can be asked again to go on.
//
// Differs from ext, which takes a list without a state that ends for no list, and without a list purges instances that are running, too: here
// such a list is refused or finds nothing, and only what has ended is ever purged.
func (c *call) purgeMany(w http.ResponseWriter, r *http.Request) error {
	f := durabletask.PurgeFilter{CreatedFrom: c.query.time("createdTimeFrom"), CreatedTo: c.query.time("createdTimeTo")}
	if f.CreatedFrom.IsZero() {
		bindings.WriteJSON(w, http.StatusBadRequest, noFrom)
		return nil
	}
	if f.CreatedTo.IsZero() {
		f.CreatedTo = time.Now()
	}
	if c.query.trimmed("runtimeStatus") != "" {
		if f.Statuses = c.query.statuses("runtimeStatus"); len(f.Statuses) == 0 {
			bindings.WriteJSON(w, http.StatusBadRequest, noStatus)
			return nil
		}
	}
	if c.elsewhere {
		empty(w, http.StatusNotFound)
		return nil
	}
	n, err := c.client.PurgeMany(r.Context(), f)
	switch {
	case err != nil && n > 0:
		return fmt.Errorf("%w; %d instances were purged before", err, n)
	case err != nil:
		return err
	case n == 0:
		empty(w, http.StatusNotFound)
	default:
		bindings.WriteJSON(w, http.StatusOK, purged{n})
	}
	return nil
}
