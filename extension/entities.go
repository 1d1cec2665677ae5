package extension

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// emptyKey is how the path of a read says the empty key, for an empty segment means the list. (It means itself in the path of a signal.)
const emptyKey = "$"

// readEntity is GET entities/{entityName}/{entityKey}: the state as it is.
func (c *call) readEntity(w http.ResponseWriter, r *http.Request) error {
	id := durabletask.EntityID{Name: c.path[1].text, Key: c.path[2].text}
	if id.Key == emptyKey {
		id.Key = ""
	}
	if c.elsewhere {
		empty(w, http.StatusNotFound)
		return nil
	}
	e, err := c.client.Entity(r.Context(), id)
	switch {
	case errors.Is(err, durabletask.ErrInvalidID):
		empty(w, http.StatusNotFound) // there can be no such entity
	case err != nil:
		return err
	case e.State == nil:
		empty(w, http.StatusNotFound)
	default:
		bindings.WriteJSON(w, http.StatusOK, json.RawMessage(*e.State))
	}
	return nil
}

// entityPayload is an entity in the answer to a list.
type entityPayload struct {
	EntityID      entityIDPayload `json:"entityId"`
	LastOperation string          `json:"lastOperationTime"`
	State         json.RawMessage `json:"state"`
}

type entityIDPayload struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// listEntities is GET entities[/{entityName}].
func (c *call) listEntities(w http.ResponseWriter, r *http.Request) error {
	q := durabletask.EntityQuery{
		From: c.query.time("lastOperationTimeFrom"), To: c.query.time("lastOperationTimeTo"), FetchState: c.query.boolean("fetchState", false),
	}
	if len(c.path) > 1 {
		q.Name = c.path[1].text
	}
	found, err := fullPage(c, w, r, func(size int, token string) ([]*durabletask.EntityState, string, error) {
		q.PageSize, q.Token = size, token
		p, err := c.client.Entities(r.Context(), q)
		return p.Entities, p.Next, err
	})
	if err != nil {
		return err
	}
	entities := make([]entityPayload, 0, len(found))
	for _, e := range found {
		p := entityPayload{entityIDPayload(e.ID), e.LastOperation.Format(time.RFC3339Nano), nil}
		if e.State != nil {
			p.State = json.RawMessage(*e.State)
		}
		entities = append(entities, p)
	}
	bindings.WriteJSON(w, http.StatusOK, entities)
	return nil
}

// signalEntity is POST entities/{entityName}[/{entityKey}]?op={operation}.
func (c *call) signalEntity(w http.ResponseWriter, r *http.Request) error {
	operation, _ := c.query.text("op")
	return c.signal(w, r, operation, entityInput)
}

// deleteEntity is DELETE entities/{entityName}[/{entityKey}], which signals the operation delete.
func (c *call) deleteEntity(w http.ResponseWriter, r *http.Request) error {
	return c.signal(w, r, "delete", func(*http.Request) (*string, error) { return nil, nil })
}

func (c *call) signal(w http.ResponseWriter, r *http.Request, operation string, read func(*http.Request) (*string, error)) error {
	if err := c.here(); err != nil {
		return err
	}
	id, err := c.entityToSignal()
	if err != nil {
		return badEntity(w, err)
	}
	input, err := read(r)
	if err != nil {
		return badEntity(w, err)
	}
	err = c.client.SignalEntityJSON(r.Context(), id, operation, input)
	if errors.Is(err, durabletask.ErrInvalidID) {
		return badEntity(w, errEntityKey)
	}
	return c.accepted(w, err)
}

// errEntityKey has the words of the reference, which mixes up message and parameter.
var errEntityKey = errors.New(`entityKey (Parameter 'Entity keys must not contain /, \, #, ?, or control characters.')`)

var errEntityName = errors.New("Invalid entity id: entity name must not be a null or empty string. (Parameter 'entityName')")

// entityToSignal checks the path of a signal.
func (c *call) entityToSignal() (id durabletask.EntityID, err error) {
	if len(c.path) < 2 {
		return id, errEntityName
	}
	if id.Name = c.path[1].text; len(c.path) > 2 {
		id.Key = c.path[2].text
	}
	if _, ok := c.table.Entity(id.Name); !ok {
		return id, errors.New(noEntity(c.table, id.Name))
	}
	return id, nil
}

// entityInput reads the input of an operation: the first JSON value of a body that says that it is JSON, the text of any other, and none without a body.
func entityInput(r *http.Request) (*string, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	if isJSON(r.Header.Get("Content-Type")) {
		input, err := firstJSON(r)
		if errors.Is(err, bindings.ErrNotJSON) {
			return nil, fmt.Errorf("Could not parse JSON content: %w", err)
		}
		return input, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	if len(body) == 0 {
		return nil, nil
	}
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not UTF-8")
	}
	text, err := json.Marshal(string(body))
	return new(string(text)), err
}

// badEntity answers what is wrong with a request, unless the body was too large or cut off.
func badEntity(w http.ResponseWriter, err error) error {
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return err
	}
	bindings.WriteJSON(w, http.StatusBadRequest, bindings.Failure{Message: err.Error()})
	return nil
}
