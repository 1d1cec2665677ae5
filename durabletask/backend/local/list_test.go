package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Whichever index a list goes by, it finds the same, in the same order and the same pages.
func TestEveryWayToListFindsTheSame(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b, err := Open(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Stop(context.WithoutCancel(ctx)) }()
	if err := b.CreateTaskHub(ctx); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	const n = fewCreated + 500
	for i := range n {
		input, target := "1", history.Instance{ID: fmt.Sprintf("%x-%d", random.IntN(1<<16), i), ExecutionID: "e"}
		event := &history.ExecutionStarted{Header: history.Header{ID: history.NoID, Time: begin.Add(time.Duration(i) * time.Second)}, Instance: target, Name: "N", Input: &input}
		if err := b.Create(ctx, backend.Creation{Start: history.Message{Target: target, Event: event}}); err != nil {
			t.Fatal(err)
		}
	}
	err = b.writer.with(ctx, func(c *conn) error { // statuses as they are after some work, most of them Completed
		return c.Exec(`UPDATE instances SET status = CASE WHEN key % 10 < 7 THEN 1 ELSE key % 8 END`)
	})
	if err != nil {
		t.Fatal(err)
	}
	all := walk(t, b, backend.Query{PageSize: backend.MaxPageSize})
	if len(all) != n {
		t.Fatalf("%d instances, want %d", len(all), n)
	}
	created := make([]time.Time, 0, n)
	for _, s := range all {
		created = append(created, s.Created)
	}
	slices.SortFunc(created, time.Time.Compare)
	for _, statuses := range [][]history.Status{nil, {history.Completed}, {history.Failed}, {history.Running, history.Pending}, {history.Completed, history.Failed}, {history.Suspended}} {
		for _, span := range [][2]int{{0, n - 1}, {10, 20}, {100, 100 + fewCreated - 1}, {100, 100 + fewCreated}, {5, -1}, {-1, 5}, {-1, -1}, {n - 1, 0}} {
			for _, prefix := range []string{"", "a", "zz"} {
				q := backend.Query{Statuses: statuses, Prefix: prefix, PageSize: 1 + random.IntN(400), OmitInput: random.IntN(2) == 0}
				if span[0] >= 0 {
					q.CreatedFrom = created[span[0]]
				}
				if span[1] >= 0 {
					q.CreatedTo = created[span[1]]
				}
				var want, got []string
				for _, s := range all {
					if matches(q, s) {
						want = append(want, s.Instance.ID)
					}
				}
				for _, s := range walk(t, b, q) {
					got = append(got, s.Instance.ID)
					if (s.Input == nil) != q.OmitInput {
						t.Errorf("%+v: input %v", q, s.Input)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%+v: %d instances, want %d", q, len(got), len(want))
				}
			}
		}
	}
}

func matches(q backend.Query, s *backend.InstanceState) bool {
	return (len(q.Statuses) == 0 || slices.Contains(q.Statuses, s.Status)) && len(s.Instance.ID) >= len(q.Prefix) && s.Instance.ID[:len(q.Prefix)] == q.Prefix &&
		!s.Created.Before(q.CreatedFrom) && (q.CreatedTo.IsZero() || !s.Created.After(q.CreatedTo))
}

// walk reads all pages.
func walk(t *testing.T, b *Backend, q backend.Query) (all []*backend.InstanceState) {
	t.Helper()
	for {
		p, err := b.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Instances) > q.PageSize || p.Next != "" && len(p.Instances) < q.PageSize {
			t.Errorf("%+v: a page of %d", q, len(p.Instances))
		}
		all = append(all, p.Instances...)
		if q.Token = p.Next; q.Token == "" {
			return all
		}
	}
}
