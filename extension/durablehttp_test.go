package extension_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/internal/recorded"
)

// accepting says 202 twice, then 200, and notes when it was asked.
type accepting struct{ asked []time.Time }

func (a *accepting) RoundTrip(*http.Request) (*http.Response, error) {
	a.asked = append(a.asked, time.Now())
	answer := &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{"Location": {"/"}}, Body: http.NoBody}
	if len(a.asked) > 2 {
		answer.StatusCode = http.StatusOK
	}
	return answer, nil
}

const pollingVariable = "AzureFunctionsJobHost__extensions__durableTask__httpSettings__defaultAsyncRequestSleepTimeMilliseconds="

// Durable HTTP calls work in the extension without a function of that name, and host.json says how often they ask, unless the app does.
func TestDurableHTTP(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		app     time.Duration
		environ string
		want    time.Duration
	}{
		{0, "", durabletask.HTTPPolling},
		{0, pollingVariable + "5000", 5 * time.Second},
		{7 * time.Second, pollingVariable + "5000", 7 * time.Second},
		{0, pollingVariable + "0", 0},
	} {
		target := &accepting{}
		app := recorded.Functions(recorded.FunctionsOptions{})
		app.UseHTTP(durabletask.HTTPOptions{Transport: target, Polling: row.app})
		startApp(t, app, extension.Options{Environ: []string{row.environ}}, func(h *hub) {
			h.begin("HttpRaw", "id", `"http://h.example/"`)
			state, err := h.Client().Wait(h.t.Context(), "id")
			if err != nil || state.Status != durabletask.Completed {
				h.t.Fatalf("%+v, %v", state, err)
			}
			if got := target.asked[2].Sub(target.asked[0]) / 2; got != row.want {
				h.t.Errorf("%+v: it asked every %v", row, got)
			}
			for _, trigger := range h.Table().All() {
				if strings.EqualFold(trigger.Name(), durabletask.HTTPActivity.Name()) {
					h.t.Errorf("%s is among the app's functions", trigger.Name())
				}
			}
		})
	}
}
