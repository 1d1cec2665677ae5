package history

import (
	"bytes"
	"encoding/json"
	"testing"
)

// Whatever of an entity is decoded can be encoded, and what was encoded once decodes and encodes to itself.

// seeds adds what was recorded of a kind, one of each length: equal shapes have few lengths.
func seeds(f *testing.F, kind string) {
	f.Helper()
	lengths := map[int]bool{}
	for _, r := range recordings(f, kind) {
		if n := len(r.Body); n < 1<<11 && !lengths[n/64] {
			lengths[n/64] = true
			f.Add([]byte(r.Body))
		}
	}
	f.Add([]byte(nil))
	f.Add([]byte(`{"\u0000":"\ud800","a":[[{"b":{}}]]}`))
}

// settles fails unless T leaves alone what it has written. (It writes objects only.)
func settles[T any](t *testing.T, data []byte) {
	t.Helper()
	var first, second T
	if json.Unmarshal(data, &first) != nil {
		return
	}
	once, err := json.Marshal(first)
	if err != nil {
		t.Fatalf("what was decoded can't be encoded: %v\n%+v", err, first)
	}
	if err := json.Unmarshal(once, &second); err != nil {
		t.Fatalf("what was encoded can't be decoded: %v\n%s", err, once)
	}
	twice, err := json.Marshal(second)
	if err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("encoded once\n%s\nand twice\n%s, %v", once, twice, err)
	}
	if once[0] != '{' {
		t.Fatalf("encoded %s", once)
	}
}

func FuzzEntityState(f *testing.F) {
	seeds(f, "entity-states")
	f.Add([]byte(`{"exists":true,"state":"5","queue":[{"id":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d"}],"sorter":{"ReceivedFromInstance":{"p":{"Buffered":{}}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) { settles[EntityState](t, data) })
}

func FuzzEntityRequest(f *testing.F) {
	seeds(f, "entity-requests")
	f.Fuzz(func(t *testing.T, data []byte) { settles[EntityRequest](t, data) })
}

func FuzzEntityMessages(f *testing.F) {
	seeds(f, "entity-responses")
	seeds(f, "entity-releases")
	seeds(f, "entity-statuses")
	f.Fuzz(func(t *testing.T, data []byte) {
		settles[EntityResponse](t, data)
		settles[EntityRelease](t, data)
		settles[EntityStatus](t, data)
	})
}
