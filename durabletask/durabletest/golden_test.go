package durabletest_test

import (
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

func TestGolden(t *testing.T) {
	t.Parallel()
	durabletest.Test(t, all(), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, family, durabletask.None{}, durabletask.InstanceID("family")); err != nil {
			t.Error(err)
		}
		durabletest.Golden(t, h, "family", "testdata/family.txt")
		i := durabletest.Start(h, deadline, durabletask.None{}, durabletask.Tags{"team": "a"}, durabletask.Version("1.2"))
		h.Advance(90 * time.Minute)
		if err := note.Raise(t.Context(), h.Client, i.ID, "line\nbreak"); err != nil {
			t.Error(err)
		}
		durabletest.Golden(t, h, i.ID, "testdata/deadline.txt")
		durabletest.Save(t, h, i.ID, "testdata/histories/deadline-done.jsonl")
		c := durabletest.Start(h, counter, 7)
		durabletest.Save(t, h, c.ID, "testdata/histories/counter-waiting.jsonl")
		durabletest.Save(t, h, "family", "testdata/histories/family.jsonl")
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	durabletest.Names(t, all(), "testdata/names.txt", note)
}

// Histories that were saved once are replayed.
func TestReplay(t *testing.T) {
	t.Parallel()
	durabletest.Replay(t, all(), "testdata/histories/*.jsonl", "testdata/histories/family.jsonl")
}
