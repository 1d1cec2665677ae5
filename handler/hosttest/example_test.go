package hosttest_test

import (
	"net/http"
	"testing"

	"github.com/azdurable/azdurable/handler/hosttest"
)

// A test of an app that has been built into a folder, with host.json and its function folders.
func Example() { //nolint:testableexamples // it needs the folder of an app
	test := func(t *testing.T, folder string) {
		h := hosttest.Start(t, hosttest.Options{App: folder, Settings: map[string]string{
			"FUNCTIONS_WORKER_RUNTIME": "custom", "Greeting": "Hello",
		}})

		// A request goes through routes and keys. What the program answers is what the caller would be shown.
		if a := h.Ask(http.MethodPost, "/api/orders?code="+h.Keys().Host["default"], `{"item":"tea"}`); a.Status != http.StatusAccepted {
			t.Errorf("%d %s", a.Status, a.Body)
		}

		// A message is delivered until the function has succeeded, or has failed so often that it goes to the poison queue.
		m := h.Enqueue("OnOrder", `{"item":"tea"}`)
		h.Kill() // the host starts the program again
		if <-m.Done(); m.Poisoned() {
			t.Error("the order was given up")
		}

		// A timer is due when the test says so.
		if out := h.Fire("Tick", hosttest.Timer{PastDue: true}); out.Err != nil {
			t.Error(out.Err)
		}
	}
	_ = test
}
