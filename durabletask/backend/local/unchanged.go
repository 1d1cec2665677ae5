package local

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// stale is for how long the stored time of the last change may be wrong while nothing else changes.
const stale = 30 * time.Second

// stored is what memory keeps of the state that is in the file: enough to see that a checkpoint does not change it, however large
// inputs and outputs are.
type stored struct {
	digest  uint64
	updated time.Time
}

// storedState returns what to keep of a state.
func (b *Backend) storedState(s *backend.InstanceState) (stored, error) {
	d, err := digest(b.seed, s)
	return stored{d, s.Updated}, err
}

// outdated reports whether the state in the file has to be written again.
func (old stored) outdated(state stored) bool {
	return old.digest != state.digest || state.updated.Sub(old.updated) > stale
}

// digest is equal for states that differ at most in the time of the last change, and for no others that one will ever meet.
func digest(seed maphash.Seed, s *backend.InstanceState) (uint64, error) {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, text := range []*string{&s.Instance.ID, &s.Instance.ExecutionID, &s.Name, s.Version, s.Input, s.Output, s.CustomStatus} {
		add(&h, text)
	}
	maphash.WriteComparable(&h, len(s.Tags))
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		value := s.Tags[key]
		add(&h, &key)
		add(&h, &value)
	}
	for _, n := range []*int{(*int)(&s.Status), s.Generation} {
		maphash.WriteComparable(&h, n == nil)
		if n != nil {
			maphash.WriteComparable(&h, *n)
		}
	}
	for _, t := range []time.Time{s.Created, s.ScheduledStart, s.Completed} {
		maphash.WriteComparable(&h, t.UnixNano())
	}
	if s.Failure != nil || s.Parent != nil {
		text, err := json.Marshal([]any{s.Failure, s.Parent})
		if err != nil {
			return 0, fmt.Errorf("encode failure and parent: %w", err)
		}
		h.Write(text)
	}
	return h.Sum64(), nil
}

// add adds a text in a way that can't be taken for another one.
func add(h *maphash.Hash, text *string) {
	if text == nil {
		maphash.WriteComparable(h, -1)
		return
	}
	maphash.WriteComparable(h, len(*text))
	h.WriteString(*text)
}
