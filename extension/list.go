package extension

import (
	"errors"
	"net/http"
	"strings"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
)

// continuation is the header that carries the token of a page, both ways.
const continuation = "X-Ms-Continuation-Token"

// list is GET instances.
func (c *call) list(w http.ResponseWriter, r *http.Request) error {
	q := durabletask.Query{
		Statuses:  c.query.statuses("runtimeStatus"),
		OmitInput: !c.query.boolean("showInput", true),
	}
	q.Prefix, _ = c.query.text("instanceIdPrefix")
	q.CreatedFrom, q.CreatedTo = c.query.time("createdTimeFrom"), c.query.time("createdTimeTo")
	found, err := fullPage(c, w, r, func(size int, token string) ([]*durabletask.State, string, error) {
		q.PageSize, q.Token = size, token
		p, err := c.client.List(r.Context(), q)
		return p.Instances, p.Next, err
	})
	if err != nil {
		return err
	}
	statuses := make([]*bindings.StatusPayload, 0, len(found))
	for _, state := range found {
		statuses = append(statuses, bindings.NewStatusPayload(state))
	}
	bindings.WriteJSON(w, http.StatusOK, statuses)
	return nil
}

// fullPage reads on from where the request says until there are as many as it wants (top), for some clients take a short page for the last one. It
// sets the header that the next page is asked for with.
func fullPage[T any](c *call, w http.ResponseWriter, r *http.Request, read func(size int, token string) ([]T, string, error)) ([]T, error) {
	wanted, token := backend.DefaultPageSize, strings.TrimSpace(r.Header.Get(continuation))
	if top, ok := c.query.integer("top"); ok && top > 0 {
		wanted = min(top, backend.MaxPageSize)
	}
	var all []T
	if c.elsewhere {
		return all, nil
	}
	for {
		page, next, err := read(wanted-len(all), token)
		if errors.Is(err, backend.ErrPageToken) {
			return all, nil // as the reference does with a token that storage does not understand
		}
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); next != "" && len(all) < wanted {
			token = next
			continue
		}
		if next != "" {
			w.Header().Set(continuation, next)
		}
		return all, nil
	}
}
