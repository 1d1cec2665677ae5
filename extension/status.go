package extension

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// status is GET instances/{instanceId}.
func (c *call) status(w http.ResponseWriter, r *http.Request) error {
	state, err := c.instance(r.Context())
	if errors.Is(err, durabletask.ErrInstanceNotFound) {
		empty(w, http.StatusNotFound)
		return nil
	}
	if err != nil {
		return err
	}
	code := http.StatusOK
	switch {
	case !state.Status.Terminal():
		w.Header().Set("Location", c.client.Links().Origin(r)+r.URL.RequestURI())
		w.Header().Set("Retry-After", "5")
		code = http.StatusAccepted
	case state.Status == durabletask.Failed && c.query.boolean("returnInternalServerErrorOnFailure", false):
		code = http.StatusInternalServerError
	}
	return c.show(w, r, code, state)
}

// finished shows an instance that a start has waited for.
func (c *call) finished(w http.ResponseWriter, r *http.Request, code int, state *durabletask.State) {
	if err := c.show(w, r, code, state); err != nil {
		c.fail(w, r, err)
	}
}

func (c *call) show(w http.ResponseWriter, r *http.Request, code int, state *durabletask.State) error {
	showInput := c.query.boolean("showInput", true)
	if !showInput {
		withoutInput := *state
		withoutInput.Input = nil
		state = &withoutInput
	}
	p := bindings.NewStatusPayload(state)
	if c.query.boolean("showHistory", false) && state.Status != durabletask.Pending {
		events, err := c.client.History(r.Context(), state.Instance.ID)
		if err != nil {
			return err
		}
		view := bindings.HistoryView{Outputs: c.query.boolean("showHistoryOutput", false), Inputs: showInput}
		records := view.Show(events)
		p.HistoryEvents = &records
	}
	bindings.WriteJSON(w, code, p)
	return nil
}

// instance finds the instance that the path names. If there is none by that name, it is looked for as links spell it, which is not
// the same for ids with + or %.
func (c *call) instance(ctx context.Context) (*durabletask.State, error) {
	if c.elsewhere {
		return nil, durabletask.ErrInstanceNotFound
	}
	state, err := c.client.Get(ctx, c.path[1].text)
	if errors.Is(err, durabletask.ErrInstanceNotFound) && c.path[1].once != c.path[1].text {
		return c.client.Get(ctx, c.path[1].once)
	}
	return state, err
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }
