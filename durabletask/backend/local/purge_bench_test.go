package local_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

// finished fills a store with instances that have ended, each with a history of three checkpoints.
func finished(tb testing.TB, path string, n int) {
	tb.Helper()
	b, err := local.Open(tb.Context(), local.Options{Path: path})
	if err == nil {
		err = b.Stop(tb.Context())
	}
	if err != nil {
		tb.Fatal(err)
	}
	c, err := sqlite3.Open(path)
	if err == nil {
		err = c.Exec(fmt.Sprintf(`
			WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < %d)
			INSERT INTO instances (key, id, execution_id, name, status, created, updated, completed, input, output)
				SELECT k, printf('instance-%%08d', (k * 7919) %% 1000003), 'e', 'n', 1, k, k, k, printf('%%500c', 'x'), 'output' FROM n;
			INSERT INTO history (key, seq, events) SELECT key, seq, printf('%%400c', 'x') FROM instances, (SELECT 1 AS seq UNION SELECT 2 UNION SELECT 3)`, n))
	}
	if err == nil {
		err = c.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkPurge purges 100,000 instances, as Client.PurgeMany does.
func BenchmarkPurge(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		b.StopTimer()
		path := filepath.Join(b.TempDir(), "hub.db")
		finished(b, path, n)
		s, err := local.Open(b.Context(), local.Options{Path: path})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		purged := 0
		q := backend.Query{Statuses: []history.Status{history.Completed}, OmitInput: true, AnyOrder: true, PageSize: 250}
		for {
			page, err := s.List(b.Context(), q)
			if err != nil {
				b.Fatal(err)
			}
			var targets []history.Instance
			for _, i := range page.Instances {
				targets = append(targets, i.Instance)
			}
			m, err := s.PurgeAll(b.Context(), targets)
			if purged += m; err != nil {
				b.Fatal(err)
			}
			if q.Token = page.Next; q.Token == "" {
				break
			}
		}
		b.StopTimer()
		if purged != n {
			b.Fatalf("purged %d of %d", purged, n)
		}
		if err := s.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "instances/s")
}
