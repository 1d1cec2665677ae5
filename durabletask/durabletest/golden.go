package durabletest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/history"
)

// update is the flag that writes golden files anew.
var update = flag.Bool("durabletest.update", false, "write the golden files of durabletest.Golden and durabletest.Names anew")

// Golden compares the history of an instance with a file, and fails the test with the lines that differ. The file is text for people: see the
// package documentation. go test -durabletest.update writes it anew; it is written, too, if there is none.
func Golden(tb testing.TB, h *Hub, instanceID, path string) {
	tb.Helper()
	h.Settle()
	s, err := h.Get(tb.Context(), instanceID)
	if err != nil {
		tb.Fatal(err)
	}
	events, err := h.History(tb.Context(), instanceID)
	if err != nil {
		tb.Fatal(err)
	}
	compareFile(tb, path, s.Name+" "+s.Status.String()+custom(s)+"\n\n"+transcript(events))
}

func custom(s *durabletask.State) string {
	if s.CustomStatus == nil {
		return ""
	}
	return " " + *s.CustomStatus
}

// Named is what has a name that is recorded: an event, for Names.
type Named interface{ Name() string }

// Names compares the names of an app's orchestrators, activities and entities with their operations, and those of events, with a file: running
// instances find their code by these names, so none may be lost. The file is treated as Golden's.
func Names(tb testing.TB, app *durabletask.App, path string, events ...Named) {
	tb.Helper()
	var b strings.Builder
	for _, f := range app.Orchestrators() {
		b.WriteString("orchestrator " + f.Name() + "\n")
	}
	for _, f := range app.Activities() {
		b.WriteString("activity " + f.Name() + "\n")
	}
	for _, f := range app.Entities() {
		b.WriteString("entity " + f.Name() + ": " + strings.Join(f.Operations(), " ") + "\n")
	}
	for _, e := range events {
		b.WriteString("event " + e.Name() + "\n")
	}
	compareFile(tb, path, b.String())
}

// compareFile fails the test if the file does not hold the text.
func compareFile(tb testing.TB, path, text string) {
	tb.Helper()
	want, err := os.ReadFile(path)
	switch {
	case *update || errors.Is(err, fs.ErrNotExist):
		writeFile(tb, path, []byte(text))
		tb.Logf("durabletest: wrote %s: look at it and commit it", path)
	case err != nil:
		tb.Fatal(err)
	case string(want) != text:
		tb.Errorf("durabletest: %s (-) is not what happened now (+); if that is right, go test -durabletest.update writes the file anew:\n%s",
			path, difference(string(want), text))
	}
}

func writeFile(tb testing.TB, path string, text []byte) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// difference shows two texts line by line: - only in the first, + only in the second. Far from any difference it leaves lines out.
func difference(a, b string) string {
	x, y := strings.Split(strings.TrimSuffix(a, "\n"), "\n"), strings.Split(strings.TrimSuffix(b, "\n"), "\n")
	// common[i][j] is the length of the longest common part of x[i:] and y[j:].
	common := make([][]int, len(x)+1)
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i, left := range slices.Backward(x) {
		for j, right := range slices.Backward(y) {
			if left == right {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var all []string
	for i, j := 0, 0; i < len(x) || j < len(y); {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			all = append(all, "  "+x[i])
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1]:
			all = append(all, "- "+x[i])
			i++
		default:
			all = append(all, "+ "+y[j])
			j++
		}
	}
	return strings.Join(shorten(all), "\n")
}

// shorten leaves out equal lines that are far from a difference.
func shorten(all []string) []string {
	const near = 3
	shown := make([]bool, len(all))
	for i, l := range all {
		if !strings.HasPrefix(l, " ") {
			for k := max(0, i-near); k < min(len(all), i+near+1); k++ {
				shown[k] = true
			}
		}
	}
	var short []string
	for i, l := range all {
		if shown[i] {
			short = append(short, l)
		} else if len(short) == 0 || short[len(short)-1] != "  …" {
			short = append(short, "  …")
		}
	}
	return short
}

// Save stores the history of an instance for Replay, unless the file is there: what it holds is to stay what the code of that day did.
func Save(tb testing.TB, h *Hub, instanceID, path string) {
	tb.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	h.Settle()
	events, err := h.History(tb.Context(), instanceID)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := history.Append(nil, events...)
	if err != nil {
		tb.Fatal(err)
	}
	writeFile(tb, path, text)
	tb.Logf("durabletest: wrote %s: commit it", path)
}
