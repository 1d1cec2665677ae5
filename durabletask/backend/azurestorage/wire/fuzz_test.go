package wire

import (
	"bytes"
	"testing"
)

// Whatever is decoded can be encoded, and what was encoded once decodes and encodes to itself.

// seeds adds what was recorded of a kind, one of each length: equal shapes have few lengths.
func seeds(f *testing.F, kind string) {
	f.Helper()
	lengths := map[int]bool{}
	for _, r := range recordings(f, kind) {
		body := []byte(r.Body)
		if body[0] == '"' {
			body = []byte(r.text(f))
		}
		if len(body) < 1<<11 && !lengths[len(body)/64] {
			lengths[len(body)/64] = true
			f.Add(body)
		}
	}
	f.Add([]byte(nil))
	f.Add([]byte(`{"\u0000":"\ud800","a":[[{"b":{}}]]}`))
}

// settles fails unless code, which decodes and encodes, leaves alone what it has returned.
func settles(t *testing.T, data []byte, code func([]byte) ([]byte, error)) {
	t.Helper()
	once, err := code(data)
	if err != nil {
		return
	}
	twice, err := code(once)
	if err != nil {
		t.Fatalf("what was encoded can't be decoded: %v\n%s", err, once)
	}
	if !bytes.Equal(once, twice) {
		t.Fatalf("encoded once\n%s\nand twice\n%s", once, twice)
	}
	if err := checkObject(once); err != nil {
		t.Fatalf("encoded %s: %v", once, err)
	}
}

func FuzzMessage(f *testing.F) {
	seeds(f, "messages")
	for _, e := range every() {
		m := Message{Target: Address{InstanceID: "i"}, Event: e}
		f.Add(m.Encode())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		settles(t, data, func(data []byte) ([]byte, error) {
			m, err := DecodeMessage(data)
			if err != nil {
				return nil, err
			}
			return m.Encode(), nil
		})
	})
}

func FuzzHistoryRow(f *testing.F) {
	seeds(f, "history-rows")
	for _, e := range every() {
		r := HistoryRow{Event: e, Blobs: []BlobColumn{{"Input", "b"}}}
		f.Add([]byte(r.Encode()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		settles(t, data, func(data []byte) ([]byte, error) {
			r, err := DecodeHistoryRow(data)
			if err != nil {
				return nil, err
			}
			r.Large()
			r.EstimatedSize()
			for _, b := range r.Blobs {
				_ = r.Restore(b.Column, string(data)) // it may not fit
			}
			return r.Encode(), nil
		})
	})
}

func FuzzSentinel(f *testing.F) {
	seeds(f, "sentinels")
	f.Add([]byte(`{"Applied":"bxwqNAtXTB6aXo0PSnscLQAAAAAAAAAB","Applied@odata.type":"Edm.Binary","Origin":"o","CommitId":"c"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		settles(t, data, func(data []byte) ([]byte, error) {
			RowKeyOf(data)
			s, err := DecodeSentinel(data)
			if err != nil {
				return nil, err
			}
			return s.Encode(), nil
		})
	})
}

func FuzzInstanceRow(f *testing.F) {
	seeds(f, "instance-rows")
	f.Fuzz(func(t *testing.T, data []byte) {
		settles(t, data, func(data []byte) ([]byte, error) {
			r, err := DecodeInstanceRow(data)
			if err != nil {
				return nil, err
			}
			return r.Encode(), nil
		})
	})
}

func FuzzKey(f *testing.F) {
	f.Add("a/b#c?d\\e^f\t\x7f\u009f")
	f.Fuzz(func(t *testing.T, id string) {
		valid := string([]rune(id))
		if back := UnescapeKey(EscapeKey(valid)); back != valid {
			t.Errorf("%q comes back as %q", valid, back)
		}
		UnescapeKey(id)
	})
}

func FuzzBlobURL(f *testing.F) {
	f.Add("@#$%!/b@z")
	f.Fuzz(func(t *testing.T, blob string) {
		const container = "http://127.0.0.1/account/hub-largemessages"
		back, ok := BlobOfURL(container, BlobURL(container, blob))
		if ok != (blob != "") || back != blob {
			t.Errorf("%q comes back as %q, %v", blob, back, ok)
		}
		BlobOfURL(container, container+"/"+blob)
	})
}
