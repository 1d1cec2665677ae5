package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"
)

func TestPercentileIsByNearestRank(t *testing.T) {
	t.Parallel()
	var sorted []time.Duration
	for i := range 200 {
		sorted = append(sorted, time.Duration(i+1))
	}
	for p, want := range map[int]time.Duration{0: 1, 50: 100, 99: 198, 100: 200} {
		if got := percentile(sorted, p); got != want {
			t.Errorf("percentile %d: got %d, want %d", p, got, want)
		}
	}
	if got := percentile(sorted[:1], 99); got != 1 {
		t.Errorf("percentile 99 of one sample: got %d, want it", got)
	}
}

func TestRatioSaysHowManyTimesBetter(t *testing.T) {
	t.Parallel()
	if got := ratio(300, 100, activitiesPerSecond); got == nil || *got != 3 {
		t.Errorf("rates: got %v, want 3", got)
	}
	if got := ratio(2, 8, milliseconds); got == nil || *got != 4 {
		t.Errorf("times: got %v, want 4", got)
	}
	if got := ratio(2, 0, milliseconds); got != nil {
		t.Errorf("beside nothing: got %v, want none", *got)
	}
}

func TestReportWritesOneObjectALine(t *testing.T) {
	t.Parallel()
	var table, lines bytes.Buffer
	r := report{table: &table, lines: &lines}
	own := figure{name: "x", value: 10, unit: milliseconds}
	for _, err := range []error{
		r.own(own),
		r.beside("peer", figure{name: "x", value: 40, unit: milliseconds, note: "cut off"}, &own),
		r.beside("peer", figure{name: "y", value: 40, unit: milliseconds}, nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := `{"name":"x","value":10,"unit":"ms"}
{"name":"x","value":10,"unit":"ms","peer":"peer","peer_value":40,"ratio":4}
{"name":"y","unit":"ms","peer":"peer","peer_value":40}
`
	if lines.String() != want {
		t.Errorf("lines:\n%swant:\n%s", lines.String(), want)
	}
	if !bytes.Contains(table.Bytes(), []byte("# x, peer: cut off\n")) {
		t.Errorf("the table does not say that the run was cut off:\n%s", table.String())
	}
}

// Each peer still has every shape: a small run of each, which also ends in time when it is cut off.
func TestPeersRunEveryShape(t *testing.T) {
	t.Parallel()
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			e, err := p.open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
			if got, err := e.Hello5(t.Context(), 2); err != nil || got.orchestrations != 2 || got.activities != 10 {
				t.Errorf("Hello5: got %+v, %v", got, err)
			}
			if err := e.FanOut(t.Context(), 3); err != nil {
				t.Errorf("FanOut: %v", err)
			}
			if err := e.Hello1(t.Context()); err != nil {
				t.Errorf("Hello1: %v", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if got, err := e.Hello5(ctx, 100_000); err != nil || got.orchestrations == 100_000 {
				t.Errorf("Hello5 cut off: got %+v, %v", got, err)
			}
		})
	}
}

func TestRunSelectsAndWritesJSON(t *testing.T) {
	t.Parallel()
	lines := t.TempDir() + "/lines.json"
	if err := run(t.Context(), []string{"-bench", "^machine/", "-json", lines, "-data", t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	var got record
	if err := json.Unmarshal(text, &got); err != nil || got.Name != "machine/fsync" || got.Value == nil {
		t.Errorf("got %s (%v), want one line for machine/fsync", text, err)
	}
}
