package wire

import (
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// The time of an episode stands on messages and on wrappers, and changes nothing else.
func TestBegan(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 1234500, time.UTC)
	event := &history.EventRaised{Header: history.Header{ID: history.NoID, Time: at}, Name: "E", Input: new("1")}
	for _, m := range []Message{{Event: event, Target: Address{InstanceID: "i"}, Sender: Client()}, Wrapper("i/message-1-EventRaised.json.gz")} {
		plain := m.Encode()
		m.Began = at
		got, err := DecodeMessage(m.Encode())
		if err != nil || !got.Began.Equal(at) || got.Blob != m.Blob {
			t.Errorf("%s: %+v, %v", m.Encode(), got, err)
		}
		got.Began = time.Time{}
		if again := got.Encode(); string(again) != string(plain) {
			t.Errorf("without it: %s, want %s", again, plain)
		}
	}
}
