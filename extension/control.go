package extension

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// terminate is POST instances/{instanceId}/terminate.
func (c *call) terminate(w http.ResponseWriter, r *http.Request) error {
	id, ok, err := c.target(w, r)
	if !ok {
		return err
	}
	return c.accepted(w, c.client.Terminate(r.Context(), id, c.reason()))
}

// suspend is POST instances/{instanceId}/suspend.
func (c *call) suspend(w http.ResponseWriter, r *http.Request) error {
	id, ok, err := c.target(w, r)
	if !ok {
		return err
	}
	return c.accepted(w, c.client.Suspend(r.Context(), id, c.reason()))
}

// resume is POST instances/{instanceId}/resume.
func (c *call) resume(w http.ResponseWriter, r *http.Request) error {
	id, ok, err := c.target(w, r)
	if !ok {
		return err
	}
	return c.accepted(w, c.client.Resume(r.Context(), id, c.reason()))
}

// rewind is POST instances/{instanceId}/rewind. Its refusals are JSON strings, the first with a stray $, as recorded.
func (c *call) rewind(w http.ResponseWriter, r *http.Request) error {
	state, err := c.instance(r.Context())
	if err == nil {
		err = c.client.Rewind(r.Context(), state.Instance.ID, c.reason())
	}
	not, isNot := errors.AsType[*durabletask.NotFailedError](err)
	switch {
	case err == nil:
		empty(w, http.StatusAccepted)
	case errors.Is(err, durabletask.ErrInstanceNotFound):
		bindings.WriteJSON(w, http.StatusNotFound, fmt.Sprintf("No orchestration with instance ID \"$%s\" found.", c.path[1].text))
	case isNot:
		bindings.WriteJSON(w, http.StatusPreconditionFailed, not.Error())
	default:
		return err
	}
	return nil
}

// reason is why the caller does what it does; nil if it doesn't say.
func (c *call) reason() *string {
	if text, ok := c.query.text("reason"); ok {
		return &text
	}
	return nil
}
