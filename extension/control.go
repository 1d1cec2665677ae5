package extension

import "net/http"

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

// reason is why the caller does what it does; nil if it doesn't say.
func (c *call) reason() *string {
	if text, ok := c.query.text("reason"); ok {
		return &text
	}
	return nil
}
