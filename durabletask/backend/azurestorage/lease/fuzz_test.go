package lease

import (
	"testing"
	"time"
)

func FuzzPartitionRow(f *testing.F) {
	for _, row := range readRecorded(f).PartitionRows {
		f.Add([]byte(withETag(f, row.Body)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parsePartitionRow(data)
		if err != nil {
			return
		}
		again, err := parsePartitionRow(withETag(t, r.columns()))
		if err != nil {
			t.Fatalf("what we write is not understood: %v", err)
		}
		if again.owner != r.owner || again.next != r.next || again.draining != r.draining {
			t.Errorf("%+v becomes %+v", r, again)
		}
		if end := r.ends(30 * time.Second); !r.written.IsZero() && end.Sub(r.written) > maxLeaseRead {
			t.Errorf("lasts until %s", end)
		}
	})
}

func FuzzBlobs(f *testing.F) {
	r := readRecorded(f)
	for _, list := range [][]recordedBlob{r.LeaseBlobs, r.TaskHub, r.AppInfo} {
		for _, b := range list {
			f.Add([]byte(b.Body))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := parseLeaseContent(data); err == nil {
			if again, err := parseLeaseContent(c.json()); err != nil || again.owner() != c.owner() || again.token() != c.token() || again.Epoch != c.Epoch {
				t.Errorf("lease %+v becomes %+v, %v", c, again, err)
			}
		}
		if i, err := parseAppInfo(data); err == nil {
			if again, err := parseAppInfo(i.json()); err != nil || again.owner != i.owner || again.wants != i.wants || len(again.others) != len(i.others) {
				t.Errorf("info %+v becomes %+v, %v", i, again, err)
			}
		}
		_, _ = parseTaskHub(data)
	})
}

func FuzzWorkerID(f *testing.F) {
	f.Add("h:b:n:1:2:3", "1 (a) S 1")
	m := Machine{Host: "h", Boot: "b", Namespace: "n", Started: func(int) (string, error) { return "2", nil }}
	f.Fuzz(func(_ *testing.T, worker, stat string) {
		m.Gone(worker)
		_, _ = parseStat(stat)
	})
}
