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
		PageSize:  backend.DefaultPageSize,
		Token:     strings.TrimSpace(r.Header.Get(continuation)),
	}
	q.Prefix, _ = c.query.text("instanceIdPrefix")
	q.CreatedFrom, q.CreatedTo = c.query.time("createdTimeFrom"), c.query.time("createdTimeTo")
	if top, ok := c.query.integer("top"); ok && top > 0 {
		q.PageSize = min(top, backend.MaxPageSize)
	}
	page, err := c.fill(r, q)
	if err != nil {
		return err
	}
	statuses := make([]*bindings.StatusPayload, 0, len(page.Instances))
	for _, state := range page.Instances {
		statuses = append(statuses, bindings.NewStatusPayload(state))
	}
	if page.Next != "" {
		w.Header().Set(continuation, page.Next)
	}
	bindings.WriteJSON(w, http.StatusOK, statuses)
	return nil
}

// fill reads on until the page is full: some clients take a short page for the last one.
func (c *call) fill(r *http.Request, q durabletask.Query) (durabletask.Page, error) {
	var all durabletask.Page
	wanted := q.PageSize
	for {
		q.PageSize = wanted - len(all.Instances)
		page, err := c.client.List(r.Context(), q)
		if errors.Is(err, backend.ErrPageToken) {
			return all, nil // as the reference does with a token that storage does not understand
		}
		if err != nil {
			return all, err
		}
		all.Instances, all.Next = append(all.Instances, page.Instances...), page.Next
		if page.Next == "" || len(all.Instances) >= wanted {
			return all, nil
		}
		q.Token = page.Next
	}
}
