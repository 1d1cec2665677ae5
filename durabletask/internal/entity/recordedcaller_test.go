package entity

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/history"
)

// recordedSending is what an orchestration has sent to an entity.
type recordedSending struct {
	Scenario  string `json:"scenario"`
	Parent    string `json:"parent"`
	Execution string `json:"execution"`
	To        string `json:"to"`
	Name      string `json:"name"`
	Input     string `json:"input"`
}

func recordedSendings(t *testing.T) (all []recordedSending) {
	t.Helper()
	data, err := os.ReadFile("testdata/callers.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		var s recordedSending
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// TestRecordedCallers has callers make what orchestrations of the reference have sent.
func TestRecordedCallers(t *testing.T) {
	t.Parallel()
	type orchestration struct {
		caller   *Caller
		now      time.Time
		id       string
		releases []Sending
	}
	running, n := map[string]*orchestration{}, map[string]int{}
	for _, r := range recordedSendings(t) {
		o := running[r.Execution]
		if o == nil {
			o = new(orchestration)
			o.caller = NewCaller(history.Instance{ID: r.Parent, ExecutionID: r.Execution}, DefaultReorderWindow,
				func() time.Time { return o.now }, func() string { return o.id })
			running[r.Execution] = o
		}
		if r.Name == history.EntityReleased {
			if o.releases == nil {
				o.releases = o.caller.Unlock()
			}
			var want, got history.EntityRelease
			_ = json.Unmarshal([]byte(r.Input), &want)
			_ = json.Unmarshal([]byte(o.releases[0].Input), &got)
			if o.releases[0].To != r.To || got != want {
				t.Errorf("%s releases %s with %+v, recorded %s with %+v", r.Parent, o.releases[0].To, got, r.To, want)
			}
			o.releases = o.releases[1:]
			n["release"]++
			continue
		}
		var want history.EntityRequest
		if err := json.Unmarshal([]byte(r.Input), &want); err != nil {
			t.Fatal(err)
		}
		o.id = want.ID
		if o.now.IsZero() {
			o.now = want.RequestTime
		}
		if at := want.Timestamp; !at.IsZero() && at.Sub(want.Predecessor) > history.Resolution {
			o.now = at // a label that had to be moved on does not tell the time
		}
		if at, ok := history.DeliverAt(history.Message{Target: history.Instance{ID: r.To}, Event: &history.EventRaised{Name: r.Name}}); ok && want.Due.After(at) {
			o.now = at.Add(-delayStep)
		}
		target, err := ParseID(r.To)
		if err != nil {
			t.Fatal(err)
		}
		var s Sending
		switch {
		case want.LockSet != nil:
			set := slices.Clone(want.LockSet)
			slices.Reverse(set)
			s, err = o.caller.Lock(append(set, want.LockSet...)...)
			o.caller.Granted()
			n["lock"]++
		case want.Signal:
			s, err = o.caller.Signal(target, want.Operation, want.Input, want.Due)
			n["signal"]++
		default:
			s, err = o.caller.Call(target, want.Operation, want.Input)
			o.caller.Answered(s.Answer)
			n["call"]++
		}
		if err != nil {
			t.Errorf("%s: %v", r.Parent, err)
			continue
		}
		var got history.EntityRequest
		if err := json.Unmarshal([]byte(s.Input), &got); err != nil {
			t.Fatal(err)
		}
		if got.RequestTime.IsZero() != want.RequestTime.IsZero() {
			t.Errorf("%s: requestTime %v, recorded %v", r.Parent, got.RequestTime, want.RequestTime)
		}
		got.RequestTime, want.RequestTime = time.Time{}, time.Time{} // the wall clock
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-recorded +here)\n%s", r.Parent, diff)
		}
		if s.To != r.To || s.Event != r.Name || want.Signal != (s.Answer == "") {
			t.Errorf("%s sends %s to %s, recorded %s to %s; the answer is %q", r.Parent, s.Event, s.To, r.Name, r.To, s.Answer)
		}
	}
	if diff := gocmp.Diff(map[string]int{"call": 26, "lock": 4, "signal": 10, "release": 7}, n); diff != "" {
		t.Errorf("recordings (-there are +were read)\n%s", diff)
	}
}

func TestRecordedLockOrder(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/lockorder.json")
	if err != nil {
		t.Fatal(err)
	}
	var sets [][]string
	if err := json.Unmarshal(data, &sets); err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		var want []history.EntityID
		for _, text := range set {
			name, key, _ := strings.Cut(text, "/")
			want = append(want, history.EntityID{Name: name, Key: key})
		}
		for seed := range uint64(50) {
			shuffled := append(slices.Clone(want), want...)
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if diff := gocmp.Diff(want, lockSet(shuffled)); diff != "" {
				t.Fatalf("seed %d (-recorded +here)\n%s", seed, diff)
			}
		}
	}
}

// TestRecordedDialects adds 1 to records of several programs.
func TestRecordedDialects(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/dialects.json")
	if err != nil {
		t.Fatal(err)
	}
	var records []struct {
		Key    string          `json:"key"`
		Record json.RawMessage `json:"record"`
		After  json.RawMessage `json:"after"`
		Status json.RawMessage `json:"status"`
	}
	if err := json.Unmarshal(data, &records); err != nil {
		t.Fatal(err)
	}
	// What differs from the recordings, on purpose: a record of Core keeps its state (and the queue is executed with it).
	differs := map[string]string{
		"core": `{"exists":true,"state":"6","sorter":{}}`, "coreq": `{"exists":true,"state":"8","sorter":{}}`,
		"nullstate": `{"exists":true,"state":"1","sorter":{}}`,
	}
	now := time.Date(2026, 11, 23, 17, 57, 53, 505578300, time.UTC)
	for _, r := range records {
		before, after := readState(t, new(string(r.Record))), string(r.After)
		if d, ok := differs[r.Key]; ok {
			after = d
		}
		want := readState(t, &after)
		b := Begin(Work{
			Instance: history.Instance{ID: "@counter@" + r.Key, ExecutionID: "x"}, State: before, Started: now.Add(-time.Minute), Now: now,
			Events: []history.Event{operation("add", "1", func(r *history.EntityRequest) { r.ID = "003b3c46-f1c7-401f-959b-da068ee9e9ae" })},
		}, Options{ReorderWindow: DefaultReorderWindow})
		for op, ok := b.Next(); ok; op, ok = b.Next() {
			result := counter(op, false)
			if r.Key == "zones" {
				result.Actions = []Action{Signal{Target: history.EntityID{Name: "counter", Key: "q"}, Operation: "add"}}
			}
			b.Done(result)
		}
		c := b.Commit(now)
		if r.Key == "zones" {
			want.Sorter.SendHorizon = now.Add(-DefaultReorderWindow) // the reference looks at its clock twice
		}
		if diff := gocmp.Diff(want, c.State); diff != "" {
			t.Errorf("%s (-recorded +here)\n%s", r.Key, diff)
		}
		var status history.EntityStatus
		if err := json.Unmarshal(r.Status, &status); err != nil || status != statusOf(c) {
			t.Errorf("%s: status %+v, recorded %+v, %v", r.Key, statusOf(c), status, err)
		}
	}
	if len(records) != 11 {
		t.Errorf("%d records were read", len(records))
	}
}
