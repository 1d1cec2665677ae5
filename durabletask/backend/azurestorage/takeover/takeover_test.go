package takeover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

func TestMain(m *testing.M) { azurite.Main(m) }

// Variable is the environment variable that names a folder with more recordings.
const Variable = "AZDURABLE_SNAPSHOTS"

// difference is what differs from the recorded outcome on purpose.
type difference struct {
	outcome *outcome // what the instance comes to instead
	events  []int    // the kinds of its events
	why     string
}

// cameAgain is why a crash of DTFx leaves less in our histories.
const cameAgain = "the result of an activity that comes again is dropped (docs/architecture.md: what differs from DTFx)"

// differences are those of a scenario's instances.
var differences = map[string]difference{
	"crash-before-history:cr-bh":   {events: []int{12, 0, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 1, 13}, why: cameAgain},
	"crash-first-checkpoint:cr-fc": {events: []int{12, 0, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 1, 13}, why: cameAgain},
	"crash-before-delete:cr-bd":    {events: []int{12, 0, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 4, 13, 12, 5, 1, 13}, why: cameAgain},
	"timer-long:t-5days": {
		outcome: &outcome{status: "Completed", output: new(`"fired"`), events: []int{12, 0, 10, 13, 12, 11, 1, 13}}, why: "nobody waited for it when it was recorded",
	},
	"timer-long:t-8days": {
		outcome: &outcome{status: "Completed", output: new(`"fired"`), events: []int{12, 0, 10, 13, 12, 11, 10, 13, 12, 11, 1, 13}},
		why:     "nobody waited for it when it was recorded",
	},
	"stop-strands-timer:ev-buffer": {
		outcome: &outcome{status: "Completed", output: new(`["first","second"]`)},
		why:     "DTFx's worker had stranded its timer for five minutes, and the recording ended before",
	},
}

// Every recorded hub is taken over in the middle of its work.
func TestTakeover(t *testing.T) {
	t.Parallel()
	for _, root := range roots() {
		for _, r := range recordings(t, root, "snapshot*.json") {
			for _, file := range r.snapshots() {
				name := r.name + "/" + strings.TrimSuffix(strings.TrimPrefix(file, "snapshot-"), ".json")
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { takeover(t, r, file) })
				})
			}
		}
	}
}

func roots() []string {
	all := []string{"testdata"}
	if more := os.Getenv(Variable); more != "" {
		all = append(all, more)
	}
	return all
}

// takeover loads a snapshot, runs our worker on it, does what was done after it was taken, and compares what comes of it.
func takeover(t *testing.T, r *recording, file string) {
	service := azuretest.New(azuretest.Options{})
	state := r.state(t, file, service.Endpoint(azuretest.Blob), r.settings.Hub)
	time.Sleep(time.Until(state.TakenAt)) // in the bubble it is another year
	if err := service.Load(state); err != nil {
		t.Fatal(err)
	}
	s := &site{
		t: t, settings: r.settings, connection: service.ConnectionString(), transport: service.Transport(azuretest.ClientOptions{Name: "worker"}),
		buffer: bufferOf(r), days: r.name == "timer-long",
	}
	s.callsBefore(state)
	s.open()
	t.Cleanup(s.close)
	s.start()
	s.after(r, file)
	if len(r.outcomes) == 0 {
		s.greet()
	}
	s.settle(r)
	s.compare(r)
	s.close()
	nothingLeft(t, service)
}

// bufferOf returns how long the program waited that made the recording.
func bufferOf(r *recording) time.Duration {
	if r.name == "stop-strands-timer" {
		return 3 * time.Second
	}
	return 0
}

// callsBefore tells the functions that fail at first how often they have failed already, which the hub shows by their failures.
func (s *site) callsBefore(state *azuretest.State) {
	for table, rows := range state.Tables {
		if !strings.HasSuffix(table, "History") {
			continue
		}
		failures := map[string]int{}
		flaky := map[string]bool{}
		for _, row := range rows {
			columns := map[string]string{}
			for _, p := range row.Properties {
				columns[p.Name] = p.Value
			}
			switch {
			case columns["EventType"] == "TaskScheduled" && columns["Name"] == "Flaky":
				flaky[row.PartitionKey] = true
			case columns["EventType"] == "TaskFailed" && flaky[row.PartitionKey]:
				failures[row.PartitionKey]++
			}
		}
		for instance, n := range failures {
			s.flaky.Set(instance, n)
			s.flaky.Set("rw"+instance, n)
		}
	}
}

// after does what was done after the snapshot was taken, at the same times.
func (s *site) after(r *recording, file string) {
	s.t.Helper()
	ctx := context.Background()
	taken, begun := r.dumps[file], time.Now()
	for i := range r.calls {
		c := &r.calls[i]
		if c.at < taken {
			continue
		}
		time.Sleep(time.Until(begun.Add(c.at - taken)))
		if err := s.do(ctx, c); (err != nil) != c.fails {
			s.t.Logf("%s %+v: %v", c.name, c.args, err)
		}
	}
}

// greet runs an orchestration on a hub that was recorded for its leases.
func (s *site) greet() {
	s.t.Helper()
	ctx := context.Background()
	name, want := "Hello1", `"Hello taken over!"`
	if s.extension {
		name, want = "E1_HelloSequence", `["Hello Tokyo!","Hello Seattle!","Hello London!"]`
	}
	id, err := s.client.Schedule(ctx, name, "taken over")
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	state, err := s.client.Wait(ctx, id)
	if err != nil {
		s.t.Fatal(err)
	}
	same(s.t, "greeting", state.Output, &want)
}

// settled is longer than any message that is given back for the n-th time stays hidden.
const settled = 20 * time.Minute

// How long we wait for the instances to settle: longer than every recorded timer.
const (
	longest     = 2 * time.Hour
	longestDays = 12 * 24 * time.Hour
)

// settle waits until every instance has come to its end, or to where the recording has left it.
func (s *site) settle(r *recording) {
	ctx := context.Background()
	time.Sleep(settled)
	limit := longest
	if s.days {
		limit = longestDays
	}
	for wait := time.Second; wait < limit; wait *= 2 {
		if len(s.unsettled(ctx, r)) == 0 {
			break
		}
		time.Sleep(wait)
	}
	synctest.Wait()
}

func (s *site) unsettled(ctx context.Context, r *recording) []string {
	var all []string
	for _, id := range slices.Sorted(maps.Keys(r.outcomes)) {
		if r.outcomes[id].entity {
			continue
		}
		if state, err := s.client.Get(ctx, id); err == nil && !state.Status.Terminal() && state.Status != durabletask.Suspended {
			all = append(all, id)
		}
	}
	return all
}

// compare compares what became of every instance.
func (s *site) compare(r *recording) {
	s.t.Helper()
	ctx := context.Background()
	for _, id := range slices.Sorted(maps.Keys(r.outcomes)) {
		want := r.outcomes[id]
		d := differences[r.name+":"+id]
		if d.outcome != nil {
			want = *d.outcome
		}
		if d.events != nil {
			want.events = d.events
		}
		if want.entity {
			e, err := s.client.Entity(ctx, entityID(id))
			if err != nil {
				s.t.Errorf("%s: %v", id, err)
				continue
			}
			same(s.t, id+": state", e.State, want.state)
			continue
		}
		state, err := s.client.Get(ctx, id)
		if err != nil {
			s.t.Errorf("%s: %v", id, err)
			continue
		}
		if state.Status.String() != want.status {
			s.t.Errorf("%s is %v, recorded is %s; output %s", id, state.Status, want.status, shortened(state.Output))
		}
		same(s.t, id+": output", state.Output, want.output)
		same(s.t, id+": custom status", state.CustomStatus, want.customStatus)
		events, err := s.client.History(ctx, id)
		if err != nil {
			s.t.Errorf("%s: %v", id, err)
			continue
		}
		var kinds []int
		for _, e := range events {
			kinds = append(kinds, int(e.Type()))
		}
		if want.events != nil && !slices.Equal(kinds, want.events) {
			s.t.Errorf("%s: the kinds of events are %v, want %v", id, kinds, want.events)
		}
	}
}

// same compares texts as JSON, or as they are. No text is null.
func same(t *testing.T, what string, got, want *string) {
	t.Helper()
	if !reflect.DeepEqual(value(got), value(want)) {
		t.Errorf("%s is %s, recorded is %s", what, shortened(got), shortened(want))
	}
}

func value(s *string) any {
	if s == nil {
		return nil
	}
	var v any
	if json.Unmarshal([]byte(*s), &v) != nil {
		return *s
	}
	return v
}

func shortened(s *string) string {
	const enough = 300
	switch {
	case s == nil:
		return "nothing"
	case len(*s) > enough:
		return fmt.Sprintf("%s… (%d bytes)", (*s)[:enough], len(*s))
	default:
		return *s
	}
}

// nothingLeft checks that no message waits for anybody and that nobody holds the hub.
func nothingLeft(t *testing.T, service *azuretest.Service) {
	t.Helper()
	state := service.Snapshot()
	for queue, messages := range state.Queues {
		for _, m := range messages {
			if m.NextVisible.After(state.TakenAt.Add(time.Minute)) && strings.Contains(m.Text, "TimerFiredEvent") {
				continue // a timer that has been cancelled: it is there until it fires, as DTFx's are
			}
			t.Errorf("%s: a message is left, visible %v: %s", queue, m.NextVisible, shortened(&m.Text))
		}
	}
	for table, rows := range state.Tables {
		if !strings.HasSuffix(table, "Partitions") {
			continue
		}
		for _, row := range rows {
			for _, p := range row.Properties {
				if p.Name == "CurrentOwner" && p.Value != "" {
					t.Errorf("%s: partition %s is still %s's", table, row.RowKey, p.Value)
				}
			}
		}
	}
	for container, c := range state.Containers {
		if c.LeaseState == "leased" && !strings.HasSuffix(container, "-applease") { // that one is others', too, and ends by itself
			t.Errorf("container %s is still leased", container)
		}
		for _, b := range c.Blobs {
			if b.LeaseState == "leased" {
				t.Errorf("blob %s of %s is still leased", b.Name, container)
			}
		}
	}
}
