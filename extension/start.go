package extension

import (
	"errors"
	"net/http"
	"regexp"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// entityID matches the instance ids of entities, which are not started this way.
var entityID = regexp.MustCompile(`^@[^@]+@`)

// start is POST orchestrators/{functionName}[/{instanceId}].
func (c *call) start(w http.ResponseWriter, r *http.Request) error {
	if err := c.here(); err != nil {
		return err
	}
	name, id := c.path[1].text, ""
	if len(c.path) > 2 {
		id = c.path[2].text
		if entityID.MatchString(id) {
			return &argumentError{"The instance id '" + id + "' is that of an entity, which is not started but signalled. Choose an id without @."}
		}
	}
	wait, waits := c.wait()
	if waits { // ext looks after the start, and leaves an instance behind that the caller was told is none
		if wrong := wait.Check(); wrong != nil {
			bindings.WriteJSON(w, http.StatusBadRequest, bindings.Failure{Message: wrong.Error()})
			return nil //nolint:nilerr // answered
		}
	}
	input, err := bindings.ReadJSON(r)
	if err != nil {
		return err
	}
	options := []durabletask.StartOption{durabletask.AsReceived()}
	if version, ok := c.query.text("version"); ok {
		options = append(options, durabletask.Version(version))
	}
	if len(c.path) > 2 {
		if id == "" || isBlank(id) {
			return &argumentError{"An instance id that is blank could never be found again. Choose another, or leave it out."}
		}
		options = append(options, durabletask.InstanceID(id))
	}
	id, err = c.client.ScheduleJSON(r.Context(), name, input, options...)
	if err != nil {
		return c.notStarted(w, err)
	}
	return c.started(w, r, id, wait, waits)
}

// started answers for an instance that has been started: at once, or when it has ended.
func (c *call) started(w http.ResponseWriter, r *http.Request, id string, wait bindings.Wait, waits bool) error {
	if !waits {
		c.client.CreateCheckStatusResponse(w, r, id)
		return nil
	}
	wait.Status = c.finished
	return c.client.WaitForCompletionOrCreateCheckStatusResponse(w, r, id, wait)
}

// wait reads how long the caller wants to wait; both parameters are needed.
func (c *call) wait() (bindings.Wait, bool) {
	timeout, limited := c.query.seconds("timeout")
	interval, polled := c.query.seconds("pollingInterval")
	return bindings.Wait{Timeout: timeout, RetryInterval: interval}, limited && polled
}

func (c *call) notStarted(w http.ResponseWriter, err error) error {
	if exists, ok := errors.AsType[*durabletask.InstanceExistsError](err); ok {
		bindings.WriteJSON(w, http.StatusConflict, bindings.Failure{Message: exists.Error()})
		return nil
	}
	_, isPayload := errors.AsType[*durabletask.PayloadError](err)
	if isPayload || errors.Is(err, durabletask.ErrNotRegistered) || errors.Is(err, durabletask.ErrInvalidID) {
		return &argumentError{err.Error()}
	}
	return err
}
