package wire

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/history"
)

// A column moves to a blob when it is longer than 30,720 UTF-16 code units, and comes back.
func TestLargeColumns(t *testing.T) {
	t.Parallel()
	for text, moves := range map[string]bool{
		strings.Repeat("x", 30_720):                   false,
		strings.Repeat("x", 30_721):                   true,
		strings.Repeat("é", 30_720):                   false,
		strings.Repeat("😀", 15_360):                   false,
		strings.Repeat("😀", 15_360) + "x":             true,
		strings.Repeat("\x00", 30_720) + "\U0010FFFF": true,
	} {
		row := HistoryRow{PartitionKey: "i", RowKey: RowKey(1), Event: &history.TaskCompleted{Result: &text}}
		large := row.Large()
		if (len(large) > 0) != moves {
			t.Errorf("%d bytes of %.4q move: %v, want %v", len(text), text, !moves, moves)
		}
		if !moves {
			continue
		}
		if diff := cmp.Diff([]LargeColumn{{"Result", text}}, large); diff != "" {
			t.Error(diff)
		}
		row.Blobs = []BlobColumn{{"Result", "b"}}
		if row.Large() != nil {
			t.Error("what stands in a blob is moved again")
		}
		back, err := DecodeHistoryRow(row.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if got := back.Event.(*history.TaskCompleted).Result; got == nil || *got != "" {
			t.Errorf("before the blob is read the column is %v", got)
		}
		if err := back.Restore("Result", text); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row, back, cmp.AllowUnexported(HistoryRow{})); diff != "" {
			t.Error(diff)
		}
	}
}

// What stands in a column as JSON moves, too; what the reference does not move stays, but for the framework's own values.
func TestWhichColumnsMove(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxInlineColumn+1)
	trace := &history.TraceContext{TraceParent: long}
	for want, e := range map[string]history.Event{
		"Reason Details FailureDetails": &history.TaskFailed{Reason: long, Details: &long, Failure: &history.FailureDetails{ErrorMessage: long}},
		"Name Input Tags Correlation": &history.ExecutionStarted{
			Name: long, Input: &long, Tags: map[string]string{"k": long}, Correlation: &long, ParentTraceContext: trace, Version: &long,
		},
		"":     &history.GenericEvent{Data: &long},
		"Data": &history.GenericEvent{Data: &long, Marker: "record"},
	} {
		row := HistoryRow{Event: e}
		var names []string
		for _, c := range row.Large() {
			names = append(names, c.Column)
			row.Blobs = append(row.Blobs, BlobColumn{c.Column, "blob"})
			if err := row.Restore(c.Column, c.Text); err != nil {
				t.Error(err)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%v moves %q, want %q", e.Type(), got, want)
		}
		back, err := DecodeHistoryRow(row.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(back.Blobs, row.Blobs) {
			t.Errorf("%v has the blobs %v, want %v", e.Type(), back.Blobs, row.Blobs)
		}
	}
	row := HistoryRow{RowKey: "r", Event: &history.TaskCompleted{}}
	if err := row.Restore("Input", ""); err == nil || !strings.Contains(err.Error(), `no column "Input"`) {
		t.Errorf("a column that the kind does not have: %v", err)
	}
}

func TestEstimatedSize(t *testing.T) {
	t.Parallel()
	row := HistoryRow{Event: &history.TaskScheduled{Name: "😀é", Version: new("1.0"), Input: new("[1]")}}
	if got := row.EstimatedSize(); got != 1024+2*(3+3+len("null")) {
		t.Errorf("the row counts %d bytes", got)
	}
	row.Blobs = []BlobColumn{{"Input", "b"}}
	if got := row.EstimatedSize(); got != 1024+2*(3+len("null")) {
		t.Errorf("the row counts %d bytes without the input", got)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for id, key := range map[string]string{
		"a/b#c": "a^0b^2c", "x^y": "x^^y", "\n": "^Ê", "\x7f": "^Ŀ", "\u009f": "^ş", "a/b#c?d\\e^f": "a^0b^2c^3d^1e^^f", "\t": "^É",
		"\u0001\u0085": "^Á^Ņ", "%'@ é日😀": "%'@ é日😀", "": "",
	} {
		if got := EscapeKey(id); got != key {
			t.Errorf("%q has the key %q, want %q", id, got, key)
		}
		if got := UnescapeKey(key); got != id {
			t.Errorf("the key %q is of %q, want %q", key, got, id)
		}
	}
	for key, id := range map[string]string{"^a": "a", "^": "^", "x^": "x^"} {
		if got := UnescapeKey(key); got != id {
			t.Errorf("the key %q is of %q, want %q", key, got, id)
		}
	}
	if a, b := RowKey(10), RowKey(0); a != "000000000000000A" || b != "0000000000000000" {
		t.Errorf("row keys are %s, %s", a, b)
	}
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	const container = "http://127.0.0.1:11050/devstoreaccount1/golden01-largemessages"
	if got := BlobURL(container, "a/b@#$%!"); got != container+"/a/b%40%23%24%25%21" {
		t.Errorf("the URL is %s", got)
	}
	for text, want := range map[string]string{
		container + "/lg-40k/history--Input-4C5A4ED6-Input.json.gz": "lg-40k/history--Input-4C5A4ED6-Input.json.gz",
		container + "/%40counter%40x/b":                             "@counter@x/b",
		container + "/a%2":                                          "a%2",
		container + "/":                                             "",
		"http://example.com/why":                                    "",
		container + "/a?sig=x":                                      "",
	} {
		got, ok := BlobOfURL(container, text)
		if got != want || ok != (want != "") {
			t.Errorf("%s is of %q, %v; want %q", text, got, ok, want)
		}
	}
	m := Message{ActivityID: "26a81884-76fc-47db-83dd-01dce9296790", Target: Address{InstanceID: "lg/60k"}, Event: &history.ExecutionStarted{}}
	name := m.MessageBlob()
	if name != "lg/60k/message-26a8188476fc47db83dd01dce9296790-ExecutionStarted.json.gz" || !HoldsMessage(name) {
		t.Errorf("the message stands in %s", name)
	}
	name = ColumnBlob("lg-40k", "0000000000000001", "ExecutionStarted", 0x481CC1DD, "Input")
	if name != "lg-40k/history-0000000000000001-ExecutionStarted-481CC1DD-Input.json.gz" || HoldsMessage(name) {
		t.Errorf("the column stands in %s", name)
	}
}

func TestSentinelColumns(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456700, time.UTC)
	want := Sentinel{
		PartitionKey: "i", ExecutionID: "x", Complete: true, Completed: at, CommitID: "c", Origin: "o",
		Applied: []Applied{{"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d", at}, {"26a81884-76fc-47db-83dd-01dce9296790", at.Add(time.Second)}},
	}
	got, err := DecodeSentinel(want.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Sentinel{})); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	full := Sentinel{Applied: make([]Applied, MaxApplied)}
	if data := full.Encode(); len(data)*3/4 > 64<<10 {
		t.Errorf("a full list makes a row of %d bytes", len(data))
	}
	merge := Sentinel{PartitionKey: "i", ExecutionID: "x"}
	if got := string(merge.Encode()); got != `{"PartitionKey":"i","RowKey":"sentinel","ExecutionId":"x","IsCheckpointComplete":false}` {
		t.Errorf("a batch that is not the last merges %s", got)
	}
}

func TestInstanceRowColumns(t *testing.T) {
	t.Parallel()
	for _, want := range []string{
		`{"PartitionKey":"i","RowKey":""}`,
		`{"PartitionKey":"i","RowKey":"","RuntimeStatus":"Pending","Tags":"null"}`,
		`{"PartitionKey":"i","RowKey":"","Input":"","InputBlobName":"a","TagsBlobName":"b","Tags":""}`,
		`{"PartitionKey":"i","RowKey":"","CustomStatus":"null","Generation":0,"Tags":"{\"k\":\"v\"}","Novel":true}`,
	} {
		row, err := DecodeInstanceRow([]byte(want))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(want, string(row.Encode())); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}
