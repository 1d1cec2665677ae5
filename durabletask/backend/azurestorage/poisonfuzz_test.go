package azurestorage

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// Whatever stands in the poison queue can be shown: anybody may have put it there.
func FuzzDescribe(f *testing.F) {
	message := `{"$type":"DurableTask.AzureStorage.MessageData","TaskMessage":{"Event":{"$type":"DurableTask.Core.History.EventRaisedEvent","EventType":15,"Name":"n",` +
		`"EventId":-1,"Timestamp":"2000-01-01T00:00:00Z"},"OrchestrationInstance":{"InstanceId":"i","ExecutionId":null}}}`
	wrapper := `{"CompressedBlobName":"i/message-0123456789abcdef0123456789abcdef-EventRaised.json.gz"}`
	for _, text := range []string{message, wrapper, `{"CompressedBlobName":"/message-"}`, "nonsense", ""} {
		p, err := json.Marshal(Poison{Queue: "hub-control-00", Message: text, Reason: "bad", Tries: 10, Size: len(text)})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p)
	}
	for _, text := range []string{"", "hello", "[]", `{"queue":1}`, `{"queue":"q"}`, `{"at":"x"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := describe(account.Message{ID: "id", Text: text})
		if d.ID != "id" || d.Queue == "" && d.Reason == "" {
			t.Errorf("%+v", d)
		}
		if utf8.Valid(text) && d.Queue == "" && d.Text != string(text) {
			t.Errorf("the text %q is shown as %q", text, d.Text)
		}
		if placeOf(account.Message{ID: "id", Text: text}) == "" {
			t.Error("it has no place")
		}
	})
}
