package takeover_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/hubdiff"
)

// What our worker leaves in storage is what DTFx left there after the same calls, but for what is documented.
func TestLikeness(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	covered := map[string]int{}
	t.Cleanup(func() {
		for _, r := range rules() {
			if covered[r.Name] == 0 && !t.Failed() {
				t.Errorf("there is no such difference any more: %s. Take it from the rules", r.Name)
			}
		}
	})
	for _, r := range recordings(t, "testdata", "state.json") {
		if incomparable[r.name] != "" {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(r.folder))+"/"+r.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ours, recorded := play(t, r)
				if partitions := r.settings.Hub + "Partitions"; recorded.Tables[partitions] == nil {
					delete(ours.Tables, partitions) // not every recording has it
				}
				report := hubdiff.Compare(recorded, ours, hubdiff.Options{Hub: r.settings.Hub, Rules: rules(), Without: without[r.name]})
				mu.Lock()
				for name, n := range report.Covered {
					covered[name] += n
				}
				mu.Unlock()
				if len(report.Findings) > 0 {
					t.Errorf("%s", report)
				}
			})
		})
	}
}

// incomparable are the recordings that the same calls can't bring about again, and why not.
var incomparable = map[string]string{
	"app-lease":                "several applications took turns",
	"app-lease-activities":     "two workers shared the activities by chance",
	"crash-after-event-commit": "its worker was killed between two requests",
	"crash-before-delete":      "its worker was killed between two requests",
	"crash-before-history":     "its worker was killed between two requests",
	"crash-first-checkpoint":   "its worker was killed between two requests",
	"crash-in-activity":        "its worker was killed in an activity",
	"fanout-250":               "the recorder kept only the begin and the end of its history",
	"legacy-message-forms":     "messages were put by hand",
	"suspend-continue-as-new":  "its events came in as many episodes as chance wanted",
	"trace-context":            "tracing was on",
	"max-checkpoint-batch":     "checkpoints were cut into pieces, a setting that we don't have",
	"mixed-p4":                 "its timer fired a second early, so its events came in another order",
	"orphan-messages":          "messages were put by hand",
	"partition-mismatch":       "workers with other numbers of partitions joined",
	"row-after-message":        "a request was held",
	"storage-errors":           "requests failed",
	"two-workers":              "several workers took turns",
	"two-workers-blob":         "several workers took turns",
}

// without are instances that the same calls can't bring about again, or whose difference stands somewhere else.
var without = map[string][]string{
	"activity-failure-serialize": {"f-CatchActivity"},                        // shows how .NET words what it can't read (internal/recorded)
	"continue-as-new":            {"ev-1"},                                   // its events came in as many episodes as chance wanted
	"entity-lock":                {"lock-1", "lock-hold", "lock-wait"},       // two answers come in one episode or in two
	"failures":                   {"nope", "catch-custom", "failact-custom"}, // an unknown function; exceptions that lose their message in .NET
	"typed-inputs":               {"echo-13", "echo-cstr", "poco"},           // JSON that only .NET reads; starts that are not in http.jsonl
	"dedupe-statuses":            {"dd-done"},                                // a create was lost in a race
	"steady-other":               {"st-fan"},                                 // the order of ten results is chance
	"stop-strands-timer":         {"ev-buffer"},                              // its timer was stranded (takeover_test.go)
	"unicode-ids":                {"@notentity"},                             // refused here: ids that begin with @ are entities'
	"unregistered-names":         {"ur3"},                                    // a version that nobody had; functions are not registered by version here
	"suspend-resume":             {"sr4"},                                    // resumed although it was not suspended, which our client refuses
	"timer-too-long":             {"t-10days"},                               // longer than DTFx's store takes; here it is cut into pieces
	"scheduled-start-too-long":   {"ss8d"},                                   // likewise
}

// play makes the recorded calls on an empty account, and starts and stops the worker when it was started and stopped.
func play(t *testing.T, r *recording) (ours, recorded *azuretest.State) {
	t.Helper()
	service := azuretest.New(azuretest.Options{})
	recorded = r.state(t, "state.json", service.Endpoint(azuretest.Blob), r.settings.Hub)
	time.Sleep(time.Until(recorded.TakenAt.Add(-r.dumps["state.json"])))
	s := &site{
		t: t, settings: r.settings, connection: service.ConnectionString(), transport: service.Transport(azuretest.ClientOptions{Name: "worker"}),
		buffer: bufferOf(r),
	}
	s.open()
	t.Cleanup(s.close)
	ctx := context.Background()
	if err := s.backend.CreateTaskHub(ctx); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for i := range r.calls {
		c := &r.calls[i]
		time.Sleep(time.Until(begun.Add(c.at)))
		switch c.name {
		case "start":
			s.start()
		case "stop":
			s.close()
			s.open()
		default:
			if err := s.do(ctx, c); (err != nil) != c.fails {
				t.Logf("%s %+v: %v", c.name, c.args, err)
			}
		}
	}
	synctest.Wait()
	s.close()
	return service.Snapshot(), recorded
}
