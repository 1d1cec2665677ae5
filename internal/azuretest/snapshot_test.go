package azuretest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// What was dumped can be loaded, and then is the same: rows with their ETags, messages with their ids, counts and receipts.
func TestSnapshotAndLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, azuretest.Options{}, azuretest.ClientOptions{})
		b.do(t, "table PUT tab(PartitionKey='p',RowKey='r')", "204", "", typeStory[1].body)
		b.do(t, "queue POST que/messages?messagettl=-1", "201", "", text("x"))
		b.do(t, "queue POST que/messages?messagettl=100&visibilitytimeout=50", "201", "", text("y"))
		b.do(t, "queue GET que/messages?visibilitytimeout=30", "200")
		b.do(t, "blob PUT con/binary", "201", block, "\xff\x00")
		first := b.Snapshot()
		text, err := json.MarshalIndent(first, "", " ")
		must(t, err)
		time.Sleep(time.Hour)
		state, err := azuretest.ParseState(text, "")
		must(t, err)
		must(t, b.Load(state))
		second := b.Snapshot()
		for _, messages := range []map[string][]azuretest.Message{second.Queues} {
			for i := range messages["que"] {
				messages["que"][i].NextVisible = messages["que"][i].NextVisible.Add(-time.Hour)
				if !messages["que"][i].Expires.Equal(first.Queues["que"][i].Expires) {
					messages["que"][i].Expires = messages["que"][i].Expires.Add(-time.Hour)
				}
			}
		}
		second.TakenAt = first.TakenAt
		if diff := cmp.Diff(first, second); diff != "" {
			t.Error(diff)
		}
	})
}

// Recordings of both kinds load: DTFx's and the extension's.
func TestRecordingsLoad(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		messages, rows, blobs int
		contains              string
	}{
		"hello-completion-queued.json": {1, 18, 1, `"TaskScheduledId":{"Int32":1}`},
		"timer-waiting.json":           {2, 16, 1, `"DurableTask.Core.History.TimerFiredEvent`},
		"entity-queued-signals.json":   {4, 9, 1, `"MessageText":{"$type":"DurableTask.AzureStorage.MessageData","ActivityId"`},
		"large-result.json":            {1, 14, 7, "http://new.endpoint/account/golden01-largemessages"},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		must(t, err)
		state, err := azuretest.ParseState(data, "http://new.endpoint/account")
		must(t, err)
		s := azuretest.New(azuretest.Options{})
		must(t, s.Load(state))
		messages, rows, blobs := 0, 0, 0
		for _, q := range state.Queues {
			messages += len(q)
		}
		for _, t := range state.Tables {
			rows += len(t)
		}
		for _, c := range state.Containers {
			blobs += len(c.Blobs)
		}
		if messages != want.messages || rows != want.rows || blobs != want.blobs {
			t.Errorf("%s: %d messages, %d rows, %d blobs", file, messages, rows, blobs)
		}
		dump, err := json.Marshal(s.Snapshot())
		must(t, err)
		if !strings.Contains(string(data), want.contains) && !strings.Contains(string(dump), want.contains) {
			t.Errorf("%s: no %s", file, want.contains)
		}
	}
}

func TestShortenedTextsAreWrittenOut(t *testing.T) {
	t.Parallel()
	state, err := azuretest.ParseState([]byte(`{"takenAt":"2026-01-02T03:04:05Z","tables":{},"queues":{},"blobContainers":{"con":{"blobs":[
		{"name":"a","body":"x«é×3»y"},{"name":"b","body":"<4 times z>"},{"name":"c","bodyGunzipped":"«c×100000»"}]}}}`), "")
	must(t, err)
	blobs := state.Containers["con"].Blobs
	if string(blobs[0].Content) != "xéééy" || string(blobs[1].Content) != "zzzz" || len(blobs[2].Content) > 1000 || blobs[2].Content[0] != 0x1f {
		t.Errorf("%q", blobs)
	}
	if _, err := azuretest.ParseState([]byte(`{"note":"«c×999999999»"}`), ""); err == nil {
		t.Error("a gigabyte")
	}
}

func TestLoadRefusesWhatTheServiceWould(t *testing.T) {
	t.Parallel()
	for _, p := range []azuretest.Property{{"N", "Edm.Int32", "x"}, {"N", "Edm.Nothing", "1"}, {"a b", "Edm.Int32", "1"}, {"T", "Edm.DateTime", "0001-01-01T00:00:00Z"}} {
		s := azuretest.New(azuretest.Options{})
		if err := s.Load(&azuretest.State{Tables: map[string][]azuretest.Entity{"tab": {{Properties: []azuretest.Property{p}}}}}); err == nil {
			t.Errorf("%v is loaded", p)
		}
	}
}

func TestLogAndCounts(t *testing.T) {
	t.Parallel()
	b := setup(t, azuretest.Options{LogSize: 2}, azuretest.ClientOptions{Name: "w1"})
	b.do(t, "queue POST que/messages", "201", "", text("x"))
	b.do(t, "table GET tab(PartitionKey='p',RowKey='r')", "404 ResourceNotFound")
	b.client.Inject(azuretest.Rule{Do: azuretest.LoseAnswer()})
	b.try(t, "blob GET con/b")
	var lines []string
	for _, r := range b.Log() {
		lines = append(lines, r.String())
	}
	if diff := cmp.Diff([]string{`w1 table.get tab "p" "r": 404 ResourceNotFound`, `w1 blob.get con "b" "": EOF`}, lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[azuretest.Op]int{azuretest.OpPutMessage: 1, azuretest.OpGetEntity: 1, azuretest.OpGetBlob: 1}, b.Counts()); diff != "" {
		t.Error(diff)
	}
	b.ResetLog()
	if len(b.Log()) != 0 || len(b.Counts()) != 0 {
		t.Error("the log remembers")
	}
}
