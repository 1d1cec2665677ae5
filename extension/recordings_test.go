package extension_test

import (
	"strings"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// recording says under which settings a file in testdata was recorded, and what was there.
type recording struct {
	prepare  func(h *hub)
	settings []string // variables
	empty    int      // how many requests were made before anything was there
}

// hostSetting begins the name of a variable that is a setting of host.json.
const hostSetting = "AzureFunctionsJobHost__extensions__durableTask__"

var recordings = map[string]recording{
	"entities": {prepare: func(*hub) {}},
	"http-start": {prepare: func(h *hub) {
		h.begin("WaitEvent", "dup", "1")
		h.begin("Echo", "dupc", "1")
		h.pending("dupp")
	}},
	"http-status": {prepare: func(h *hub) {
		h.four()
		h.suspended("susp")
		h.pending("pend")
		for id := range strings.FieldsSeq("tr1 tr2 tr3 tr4 tr5 tr6 tr7 tr8") {
			h.begin("WaitEvent", id, "1")
		}
		h.begin("Timer", "ti1", "1")
		time.Sleep(2 * time.Second)
		h.begin("Slow", "sl1", "20")
		h.begin("FailActivityOrch", "fa1", `"inner"`)
		h.begin("LongTimerCancel", "lt1", "7")
		h.ask("POST", "/instances/lt1/suspend?reason=a", testKey, "")
		h.ask("POST", "/instances/lt1/resume?reason=b", testKey, "")
		if err := h.Client().RaiseEvent(h.t.Context(), "lt1", "stop", map[string]int{"x": 1}); err != nil {
			h.t.Error(err)
		}
		h.start("RewindMe", "rw1", nil)
	}},
	"v3.19.0-http-status": {prepare: func(h *hub) {
		h.start("SubOrch", "so1", nil)
		h.start("SubFail", "sf1", nil)
	}},
	"http-list": {empty: 2, prepare: func(h *hub) {
		time.Sleep(500 * time.Millisecond)
		for n := range strings.FieldsSeq("0 1 2 3 4") {
			h.begin("Echo", "p-"+n, n)
		}
		time.Sleep(time.Second)
		h.four()
		h.suspended("susp")
		h.ask("POST", "/entities/Counter/e1?op=add", testKey, "1")
	}},
	"http-control": {prepare: func(h *hub) {
		h.four()
		h.suspended("susp")
		h.pending("pend")
		h.suspended("k0")
		h.pending("k00")
		for id := range strings.FieldsSeq("k1 k2 k3") {
			h.begin("WaitEvent", id, "1")
		}
	}},
	"http-paths": {prepare: func(h *hub) {
		for _, id := range []string{"a b", "a+b", "a%b", "a%20b", "a&b=c", "ü😀", "A", "a", "x;y", "x,y", "x:y", "(x)", " lead", "trail ", "a.b", "~t"} {
			h.begin("Echo", id, `"`+id+`"`)
		}
	}},
	"http-no-app-lease":   {prepare: func(*hub) {}, settings: []string{hostSetting + "useAppLease=false"}},
	"http-no-raise-check": {prepare: func(*hub) {}, settings: []string{hostSetting + "throwStatusExceptionsOnRaiseEvent=false"}},
	"v3.19.0-http-purge": {prepare: func(h *hub) {
		h.four()
		h.suspended("susp")
	}},
	"v3.19.0-http-restart-options": {prepare: func(*hub) {}},
	"v3.19.0-http-start-odd-ids":   {prepare: func(*hub) {}},
}

// testKey is the header that lets the tests' own requests through.
var testKey = map[string]string{"X-Functions-Key": "TESTKEY==", "Content-Type": "application/json"}

// four are the instances that most recordings begin with.
func (h *hub) four() {
	h.begin("Echo", "done", `{"a":1}`)
	h.begin("FailOrch", "failed", `"x"`)
	h.begin("WaitEvent", "run", "[1,2]")
	h.begin("WaitEvent", "term", "1")
	reason := "stopped"
	if err := h.Client().Terminate(h.t.Context(), "term", &reason); err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
}

// suspended makes an instance that has been suspended.
func (h *hub) suspended(id string) {
	h.t.Helper()
	reason := "p"
	h.begin("WaitEvent", id, "1")
	if err := h.Client().Suspend(h.t.Context(), id, &reason); err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
}

// start is begin for an instance that may have no input.
func (h *hub) start(name, id string, input *string) {
	h.t.Helper()
	if _, err := h.Client().ScheduleJSON(h.t.Context(), name, input, durabletask.InstanceID(id)); err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
}

// pending makes an instance that does not start before long.
func (h *hub) pending(id string) {
	h.t.Helper()
	input, generation := "1", 0
	event := &history.ExecutionStarted{
		Header: history.Header{ID: history.NoID, Time: time.Now().UTC(), ActivityID: "pending"}, Instance: history.Instance{ID: id, ExecutionID: "e"},
		Name: "WaitEvent", Input: &input, Generation: &generation, ScheduledStart: time.Now().UTC().Add(time.Hour),
	}
	if err := h.backend.Create(h.t.Context(), backend.Creation{Start: history.Message{Target: event.Instance, Event: event}}); err != nil {
		h.t.Fatal(err)
	}
}
