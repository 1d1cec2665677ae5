package extension

import (
	"errors"
	"net/http"
	"strings"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// restart is POST instances/{instanceId}/restart: the same orchestrator with the same input, as a new instance or under the same id.
func (c *call) restart(w http.ResponseWriter, r *http.Request) error {
	return c.again(w, r, func(source string) []durabletask.StartOption {
		if c.query.boolean("restartWithNewInstanceId", true) {
			return nil
		}
		return []durabletask.StartOption{durabletask.InstanceID(source)}
	})
}

// restartWithOptions is POST instances/{instanceId}/restartWithOptions: the same as an instance whose id the caller chooses, and its version.
func (c *call) restartWithOptions(w http.ResponseWriter, r *http.Request) error {
	id, _ := c.query.text("newInstanceId")
	if isBlank(id) {
		bindings.WriteJSON(w, http.StatusBadRequest, bindings.Failure{Message: "A new orchestration instance ID must be provided."})
		return nil
	}
	if err := durabletask.CheckID(id); err != nil {
		text := badNewID(id) + " (Parameter 'newInstanceId')"
		bindings.WriteJSON(w, http.StatusBadRequest, detailed{text, text, "System.ArgumentException", ""})
		return nil //nolint:nilerr // answered
	}
	return c.again(w, r, func(string) []durabletask.StartOption {
		options := []durabletask.StartOption{durabletask.InstanceID(id)}
		if version, ok := c.query.text("version"); ok {
			options = append(options, durabletask.Version(version))
		}
		return options
	})
}

// badNewID says what is wrong with an id, in the words of the reference.
func badNewID(id string) string {
	switch {
	case strings.HasPrefix(id, "@"):
		return "Orchestration instance IDs must not start with @."
	case len(id) > durabletask.MaxIDLength && len([]rune(id)) > durabletask.MaxIDLength:
		return "Instance ID lengths must not exceed 256 characters."
	default:
		return `Orchestration instance IDs must not contain /, \, #, ?, or control characters.`
	}
}

// again starts what the path names again.
func (c *call) again(w http.ResponseWriter, r *http.Request, choose func(source string) []durabletask.StartOption) error {
	wait, waits := c.wait()
	if waits {
		if wrong := wait.Check(); wrong != nil {
			return &argumentError{wrong.Error()}
		}
	}
	state, err := c.instance(r.Context())
	if errors.Is(err, durabletask.ErrInstanceNotFound) {
		bindings.WriteJSON(w, http.StatusBadRequest, detailed{
			"InstanceId does not match a valid orchestration instance.",
			"No instance with ID '" + c.path[1].text + "' was found. (Parameter 'instanceId')", "System.ArgumentException", "",
		})
		return nil
	}
	if err != nil {
		return err
	}
	id, err := c.client.Restart(r.Context(), state.Instance.ID, append(choose(state.Instance.ID), durabletask.AsReceived())...)
	if exists, ok := errors.AsType[*durabletask.InstanceExistsError](err); ok {
		bindings.WriteJSON(w, http.StatusConflict, detailed{
			"A non-terminal instance with this instance ID already exists.", exists.Error(),
			"DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException", "",
		})
		return nil
	}
	if err != nil {
		return c.notStarted(w, err)
	}
	return c.started(w, r, id, wait, waits)
}
