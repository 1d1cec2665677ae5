package extension

import (
	"net/http"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

// makePrimary is makeprimary with any verb: this app takes the hub over from another app that has it. The embedded store has no
// other app.
func (c *call) makePrimary(w http.ResponseWriter, r *http.Request) error {
	if c.elsewhere {
		empty(w, http.StatusNotFound)
		return nil
	}
	if !c.appLease {
		return &invalidOperationError{"Cannot make current app primary. This app is not using the AppLease feature."}
	}
	if b, ok := c.backend.(interface{ AppLease() *lease.AppLease }); ok {
		if err := b.AppLease().TakeOver(r.Context()); err != nil {
			return err
		}
	}
	empty(w, http.StatusOK)
	return nil
}
