package extension

import (
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// Durable HTTP calls are made by the worker, so that programs without this package have them, too. What they need from outside comes from here: how
// often to ask, by host.json, and whose token goes with them, by the identities of Azure. What the app has set by UseHTTP goes before.

// completeHTTP fills in what the app leaves open.
func (o *durableTask) completeHTTP(app *durabletask.App) {
	h := app.HTTP()
	if h.Polling == 0 {
		h.Polling = max(1, time.Duration(o.httpPolling)*time.Millisecond) // 0 means at once, not the default
	}
	if h.Tokens == nil {
		h.Tokens = &httpTokens{credential: newCredential}
	}
	app.UseHTTP(h)
}
