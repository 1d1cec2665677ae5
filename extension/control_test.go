package extension_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/extension"
)

// Every cell of the table of suspend and resume (http-api §10).
func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		h.begin("Echo", "done", "1")
		h.begin("WaitEvent", "run", "1")
		h.pending("pend")
		for _, step := range []struct {
			request string
			want    int
			body    string
		}{
			{"nope/suspend", http.StatusNotFound, ""},
			{"nope/resume", http.StatusNotFound, ""},
			{"done/suspend", http.StatusGone, ""},
			{"done/resume", http.StatusGone, ""},
			{"run/resume", http.StatusInternalServerError, "Cannot resume the orchestration instance run because instance is in the Running state."},
			{"run/suspend?reason=why%20not+x", http.StatusAccepted, ""},
			{"run/suspend", http.StatusInternalServerError, "Cannot suspend the orchestration instance run because instance is in the Suspended state."},
			{"RUN/SUSPEND", http.StatusNotFound, ""},
			{"run/RESUME", http.StatusAccepted, ""},
			{"run/suspend", http.StatusAccepted, ""},
			{"run/terminate?reason=t", http.StatusAccepted, ""},
			{"run/resume", http.StatusGone, ""},
			{"pend/resume", http.StatusInternalServerError, "instance is in the Pending state."},
			{"pend/suspend", http.StatusAccepted, ""},
		} {
			w := h.ask(http.MethodPost, "/instances/"+step.request, nil, "")
			if w.Code != step.want || !strings.Contains(w.Body.String(), step.body) || step.body == "" && w.Body.Len() > 0 {
				t.Errorf("%s: %d %s, want %d %s", step.request, w.Code, w.Body, step.want, step.body)
			}
		}
	})
}

// A suspended instance shows the reason as its output.
func TestSuspendedStatus(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		h.begin("WaitEvent", "run", "1")
		h.ask(http.MethodPost, "/instances/run/suspend?reason=lunch", nil, "")
		w := h.ask(http.MethodGet, "/instances/run", nil, "")
		if w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), `"runtimeStatus":"Suspended"`) || !strings.Contains(w.Body.String(), `"output":"lunch"`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// Versions come with the start; which are run, host.json says (§13.2).
func TestVersionedStart(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		for query, want := range map[string]string{"": "Completed", "?version=": "Completed", "?version=2.0": "Pending"} {
			id := "v" + strings.Trim(query, "?=.")
			h.ask(http.MethodPost, "/orchestrators/Echo/"+id+query, nil, "1")
			if w := h.ask(http.MethodGet, "/instances/"+id, nil, ""); !strings.Contains(w.Body.String(), `"runtimeStatus":"`+want) {
				t.Errorf("%s: %s, want %s", query, w.Body, want)
			}
		}
	})
}

// Restart and rewind, case by case (http-api §11).
func TestRestartAndRewind(t *testing.T) {
	t.Parallel()
	start(t, extension.Options{}, func(h *hub) {
		h.begin("Echo", "done", "7")
		h.begin("FailOrch", "failed", "1")
		h.begin("WaitEvent", "run", "1")
		for _, step := range []struct {
			request string
			want    int
			body    string
		}{
			{"nope/restart", http.StatusBadRequest, `"ExceptionMessage":"No instance with ID 'nope' was found. (Parameter 'instanceId')"`},
			{"done/restart", http.StatusAccepted, `"statusQueryGetUri"`},
			{"run/restart", http.StatusAccepted, `"statusQueryGetUri"`},
			{"run/restart?restartWithNewInstanceId=false", http.StatusConflict, `"Message":"A non-terminal instance with this instance ID already exists."`},
			{"done/restart?restartWithNewInstanceId=false", http.StatusAccepted, `{"id":"done"`},
			{"done/restart?restartWithNewInstanceId=abc&timeout=5&pollingInterval=1", http.StatusOK, "7"},
			{"nope/rewind", http.StatusNotFound, `"No orchestration with instance ID \"$nope\" found."`},
			{"run/rewind", http.StatusPreconditionFailed, `"This orchestration has status Running, but only orchestrations in the \"Failed\" state can be rewound."`},
			{"done/rewind", http.StatusPreconditionFailed, `has status Completed`},
			{"failed/rewind?reason=again", http.StatusAccepted, ""},
		} {
			w := h.ask(http.MethodPost, "/instances/"+step.request, nil, "")
			if w.Code != step.want || !strings.Contains(w.Body.String(), step.body) || step.body == "" && w.Body.Len() > 0 {
				t.Errorf("%s: %d %s, want %d %s", step.request, w.Code, w.Body, step.want, step.body)
			}
		}
		if w := h.ask(http.MethodGet, "/instances/failed?showHistory=true", nil, ""); strings.Count(w.Body.String(), `"EventType":"GenericEvent"`) != 2 {
			t.Errorf("after the rewind: %s", w.Body) // the failure that was taken back, and the reason; it has failed again
		}
	})
}
