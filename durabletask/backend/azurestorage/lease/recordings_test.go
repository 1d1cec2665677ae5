package lease

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// recorded is what DurableTask.AzureStorage 2.9.1 wrote, trimmed to one example of each kind of write.
type recorded struct {
	PartitionRows []recordedRow                `json:"partitionRows"`
	LeaseBlobs    []recordedBlob               `json:"leaseBlobs"`
	TaskHub       []recordedBlob               `json:"taskHub"`
	AppInfo       []recordedBlob               `json:"appInfo"`
	Snapshots     map[string][]json.RawMessage `json:"snapshots"`
}

type recordedRow struct {
	From string          `json:"from"`
	What string          `json:"what"`
	Body json.RawMessage `json:"body"`
}

type recordedBlob struct {
	From string `json:"from"`
	What string `json:"what"`
	Body string `json:"body"`
}

func readRecorded(tb testing.TB) recorded {
	tb.Helper()
	data, err := os.ReadFile("testdata/recorded.json")
	if err != nil {
		tb.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(data, &r); err != nil {
		tb.Fatal(err)
	}
	return r
}

// What we write is what the reference wrote, column by column and byte by byte.
func TestRecordedForms(t *testing.T) {
	t.Parallel()
	r := readRecorded(t)
	for _, row := range r.PartitionRows {
		parsed, err := parsePartitionRow(withETag(t, row.Body))
		if err != nil {
			t.Errorf("%s, %s: %v", row.From, row.What, err)
			continue
		}
		var want, got map[string]any
		if err := json.Unmarshal(row.Body, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(parsed.columns(), &got); err != nil {
			t.Fatal(err)
		}
		for name, kind := range got {
			if column, ok := strings.CutSuffix(name, "@odata.type"); ok {
				if kind != "Edm.DateTime" || got[column] == nil {
					t.Errorf("%s: %v", name, kind)
				}
				delete(got, name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, %s: -reference +ours\n%s", row.From, row.What, diff)
		}
	}
	for _, b := range r.LeaseBlobs {
		c, err := parseLeaseContent([]byte(b.Body))
		if got := string(c.json()); err != nil || got != b.Body {
			t.Errorf("%s, %s: %s, %v; want %s", b.From, b.What, got, err, b.Body)
		}
	}
	for _, b := range r.TaskHub {
		h, err := parseTaskHub([]byte(b.Body))
		got, _ := json.Marshal(h) //nolint:errchkjson // texts and a number
		if err != nil || string(got) != b.Body {
			t.Errorf("%s, %s: %s, %v; want %s", b.From, b.What, got, err, b.Body)
		}
		if at, err := time.Parse(taskHubTime, h.CreatedAt); err != nil || at.Format(taskHubTime) != h.CreatedAt {
			t.Errorf("%s: time %s, %v", b.From, h.CreatedAt, err)
		}
	}
	for _, b := range r.AppInfo {
		info, err := parseAppInfo([]byte(b.Body))
		if got := string(info.json()); b.Body != "{}" && (err != nil || got != b.Body) {
			t.Errorf("%s, %s: %s, %v; want %s", b.From, b.What, got, err, b.Body)
		}
	}
}

func withETag(tb testing.TB, row json.RawMessage) json.RawMessage {
	tb.Helper()
	var columns map[string]any
	if err := json.Unmarshal(row, &columns); err != nil {
		tb.Fatal(err)
	}
	columns["odata.etag"] = "x"
	data, err := json.Marshal(columns)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// A hub that the reference left is taken over: at once what was released, after its lease what a killed worker had; and all of its partitions, however many.
func TestRecordedHubsAreTakenOver(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		atOnce, later string
		partitions    int
	}{
		"two-workers/snapshot-c-killed":  {"", "00 01 02 03", 4},
		"two-workers/snapshot-b-stopped": {"", "00 01 02 03", 4},
		"partition-mismatch/state":       {"00 01 02 03 04 05", "00 01 02 03 04 05", 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, Table, func(t *testing.T, w *world) {
				a := w.worker("a", func(_ *worker, o *Options) { o.Hub, o.Partitions = "golden01", test.partitions })
				table := a.account.Table("golden01Partitions")
				if _, err := table.Create(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, row := range readRecorded(t).Snapshots[name] {
					r, err := parsePartitionRow(withETag(t, row))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := table.Write(t.Context(), account.Op{Action: account.Insert, Key: account.Key{Row: r.name}, Row: r.columns()}); err != nil {
						t.Fatal(err)
					}
				}
				a.start()
				after(2 * time.Second)
				w.expect(map[*worker]string{a: test.atOnce})
				after(40 * time.Second)
				w.expect(map[*worker]string{a: test.later})
			})
		})
	}
}
