package wire

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Every recorded message decodes and encodes to the same JSON with the same order of members, but for the $type of
// dictionaries.
func TestRecordedMessages(t *testing.T) {
	t.Parallel()
	n := tally{}
	for _, r := range recordings(t, "messages") {
		body := []byte(r.Body)
		if body[0] == '"' {
			body = []byte(r.text(t))
			n["in Base64"]++
		}
		m, err := DecodeMessage(body)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.From, err, body)
			continue
		}
		n[messageKind(m)]++
		if r.Body[0] == '"' || strings.Contains(string(body), "MessageData, DurableTask") {
			continue // TestLegacyForms
		}
		want := parse(t, body).(object).without(func(name string, value any) bool {
			class, _ := value.(string)
			return name == typeName && strings.HasPrefix(class, "System.Collections.Generic.Dictionary`2")
		})
		same(t, r.From, want.withSortedTags(), parse(t, m.Encode()))
	}
	n.is(t, tally{
		"in Base64": 1, "wrapper": 21, "EventRaised": 285, "ExecutionResumed": 5, "ExecutionStarted": 237, "ExecutionSuspended": 6,
		"ExecutionTerminated": 7, "GenericEvent": 3, "SubOrchestrationInstanceCompleted": 15, "SubOrchestrationInstanceFailed": 4,
		"TaskCompleted": 180, "TaskFailed": 20, "TaskScheduled": 194, "TimerFired": 39,
	})
}

func messageKind(m Message) string {
	if m.Event == nil {
		return "wrapper"
	}
	return m.Event.Type().String()
}

// The forms in which older senders wrote, and what they leave out, are read as if they had written it.
func TestLegacyForms(t *testing.T) {
	t.Parallel()
	raised := &history.EventRaised{Header: history.Header{ID: history.NoID}, Name: "go", Input: new(`"minimal"`)}
	minimal := Message{Target: Address{InstanceID: "lm-assembly"}, Event: raised, Sender: Client()}
	encoded := *raised
	encoded.Header = history.Header{ID: history.NoID, Time: time.Date(2026, 1, 2, 3, 4, 7, 0, time.UTC), ActivityID: "6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d"}
	encoded.Input = new(`"via base64"`)
	base64 := Message{ActivityID: encoded.ActivityID, Target: Address{InstanceID: "lm-base64"}, Event: &encoded, SequenceNumber: 1, Sender: Client()}
	seen := 0
	for _, r := range recordings(t, "messages") {
		body, want := []byte(r.Body), minimal
		if body[0] == '"' {
			body, want = []byte(r.text(t)), base64
		} else if !strings.Contains(string(body), "MessageData, DurableTask") {
			continue
		}
		m, err := DecodeMessage(body)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		if diff := cmp.Diff(want, m, cmp.AllowUnexported(Message{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", body, diff)
		}
	}
	if seen != 2 {
		t.Errorf("%d messages in old forms, want 2", seen)
	}
}

// The messages of the reference's documentation come out byte for byte.
func TestEncodeMessage(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456700, time.UTC)
	instance := history.Instance{ID: "order-42", ExecutionID: "3f0f6a0e2b8e4a7d9c1b5e6f7a8b9c0d"}
	started := &history.ExecutionStarted{
		Header: history.Header{ID: history.NoID, Time: at}, Instance: instance, Name: "ProcessOrder", Version: new(""),
		Input: new(`{"sku":7}`), Generation: new(0),
	}
	scheduled := &history.TaskScheduled{Header: history.Header{Time: at}, Name: "ChargeCard", Version: new(""), Input: new("[42]")}
	const id = "6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d"
	for name, c := range map[string]struct {
		m    Message
		want string
	}{
		"start": {
			Message{ActivityID: id, Event: started, Target: To(instance), SequenceNumber: 1, Sender: Client()},
			`{"$type":"DurableTask.AzureStorage.MessageData","ActivityId":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","TaskMessage":{"$type":"DurableTask.Core.TaskMessage","Event":{"$type":"DurableTask.Core.History.ExecutionStartedEvent","OrchestrationInstance":{"$type":"DurableTask.Core.OrchestrationInstance","InstanceId":"order-42","ExecutionId":"3f0f6a0e2b8e4a7d9c1b5e6f7a8b9c0d"},"EventType":0,"ParentInstance":null,"Name":"ProcessOrder","Version":"","Input":"{\"sku\":7}","Tags":null,"Correlation":null,"ParentTraceContext":null,"ScheduledStartTime":null,"Generation":0,"GenerateNewTrace":false,"EventId":-1,"IsPlayed":false,"Timestamp":"2026-01-02T03:04:05.1234567Z"},"SequenceNumber":0,"OrchestrationInstance":{"$type":"DurableTask.Core.OrchestrationInstance","InstanceId":"order-42","ExecutionId":"3f0f6a0e2b8e4a7d9c1b5e6f7a8b9c0d"},"OrchestrationExecutionContext":null},"CompressedBlobName":null,"SequenceNumber":1,"Sender":{"InstanceId":"","ExecutionId":""},"SerializableTraceContext":null}`,
		},
		"activity": {
			Message{ActivityID: id, Event: scheduled, Target: To(instance), Tags: map[string]string{}, SequenceNumber: 8, Episode: new(1), Sender: To(instance)},
			`{"$type":"DurableTask.AzureStorage.MessageData","ActivityId":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","TaskMessage":{"$type":"DurableTask.Core.TaskMessage","Event":{"$type":"DurableTask.Core.History.TaskScheduledEvent","EventType":4,"Name":"ChargeCard","Version":"","Input":"[42]","ParentTraceContext":null,"Tags":null,"EventId":0,"IsPlayed":false,"Timestamp":"2026-01-02T03:04:05.1234567Z"},"SequenceNumber":0,"OrchestrationInstance":{"$type":"DurableTask.Core.OrchestrationInstance","InstanceId":"order-42","ExecutionId":"3f0f6a0e2b8e4a7d9c1b5e6f7a8b9c0d"},"OrchestrationExecutionContext":{"$type":"DurableTask.Core.OrchestrationExecutionContext","OrchestrationTags":{}}},"CompressedBlobName":null,"SequenceNumber":8,"Episode":1,"Sender":{"InstanceId":"order-42","ExecutionId":"3f0f6a0e2b8e4a7d9c1b5e6f7a8b9c0d"},"SerializableTraceContext":null}`,
		},
		"wrapper": {
			Wrapper("lg-60k/message-26a8188476fc47db83dd01dce9296790-ExecutionStarted.json.gz"),
			`{"$type":"DurableTask.AzureStorage.MessageData","ActivityId":"00000000-0000-0000-0000-000000000000","TaskMessage":null,"CompressedBlobName":"lg-60k/message-26a8188476fc47db83dd01dce9296790-ExecutionStarted.json.gz","SequenceNumber":0,"Sender":null,"SerializableTraceContext":null}`,
		},
	} {
		if diff := cmp.Diff(c.want, string(c.m.Encode())); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// What this version does not know passes through unchanged.
func TestUnknownParts(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"members": `{"$type":"DurableTask.AzureStorage.MessageData","ActivityId":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","TaskMessage":{"$type":"DurableTask.Core.TaskMessage","Event":{"$type":"DurableTask.Core.History.TimerFiredEvent","EventType":11,"TimerId":1,"FireAt":"2026-01-02T03:04:05Z","New":[1,{"a":"b"}],"EventId":-1,"IsPlayed":false,"Timestamp":"2026-01-02T03:04:05Z"},"SequenceNumber":0,"OrchestrationInstance":{"$type":"DurableTask.Core.OrchestrationInstance","InstanceId":"i","ExecutionId":null},"OrchestrationExecutionContext":null,"Newer":true},"CompressedBlobName":null,"SequenceNumber":1,"Sender":{"InstanceId":"","ExecutionId":""},"SerializableTraceContext":null,"Newest":null}`,
		"event":   `{"$type":"DurableTask.AzureStorage.MessageData","ActivityId":"6f1c2a34-0b57-4c1e-9a5e-8d0f4a7b1c2d","TaskMessage":{"$type":"DurableTask.Core.TaskMessage","Event":{"$type":"DurableTask.Core.History.NovelEvent","EventType":99,"Thing":{"x":null},"EventId":7,"IsPlayed":false,"Timestamp":"2026-01-02T03:04:05Z"},"SequenceNumber":0,"OrchestrationInstance":{"$type":"DurableTask.Core.OrchestrationInstance","InstanceId":"i","ExecutionId":""},"OrchestrationExecutionContext":null},"CompressedBlobName":null,"SequenceNumber":1,"Sender":{"InstanceId":"p","ExecutionId":null},"SerializableTraceContext":null}`,
	} {
		m, err := DecodeMessage([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(text, string(m.Encode())); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if u, ok := m.Event.(*UnknownEvent); ok && (u.Kind != "DurableTask.Core.History.NovelEvent" || u.ID != 7) {
			t.Errorf("the unknown event is %+v", u)
		}
	}
}

func TestDecodeMessageRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":         "not JSON",
		"not JSON": "neither JSON nor Base64",
		"e30=":     "without an event", // {}
		"bm8=":     "not JSON",
		`{"TaskMessage":{"Event":{"Name":"go"},"OrchestrationInstance":{"InstanceId":"i"}}}`:                                   "without $type",
		`{"TaskMessage":{"Event":{"$type":"DurableTask.Core.History.EventRaisedEvent"}}}`:                                      "without a target",
		`{"TaskMessage":{"OrchestrationInstance":{"InstanceId":"i"}}}`:                                                         "without an event",
		`{"TaskMessage":{"Event":{"$type":"DurableTask.Core.History.EventRaisedEvent","Name":1}}}`:                             "EventRaised.Name: 1 is not a string",
		`{"TaskMessage":{"Event":{"$type":"DurableTask.Core.History.TimerFiredEvent","FireAt":"x"}}}`:                          `TimerFired.FireAt: "x" is not a time`,
		`{"TaskMessage":{"Event":{"$type":"DurableTask.Core.History.TimerFiredEvent","EventId":99999999999}}}`:                 "not a 32-bit number",
		`{"TaskMessage":{"Event":{"$type":"DurableTask.Core.History.ExecutionCompletedEvent","OrchestrationStatus":"Happy"}}}`: `"Happy" is not known`,
		`{"ActivityId":"x","TaskMessage":{"Event":{"$type":"E"},"OrchestrationInstance":{"InstanceId":"i"}}}`:                  "not a GUID",
		`{"Sender":1,"TaskMessage":{"Event":{"$type":"E"},"OrchestrationInstance":{"InstanceId":"i"}}}`:                        "Sender: not a JSON object",
	} {
		if _, err := DecodeMessage([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
}

// Text arrives as it was sent, through JSON, and through XML, which has no place for some characters.
func TestMessageText(t *testing.T) {
	t.Parallel()
	text := "a\x00\x1f\b\t\n\f\r\"\\/<>&'\x7f\u0085\u2028\u2029\uFFFE\uFFFF😀é"
	m := Message{Target: Address{InstanceID: "i"}, Event: &history.EventRaised{Name: text, Input: new("bad \xff\xed\xa0\x80")}, Sender: Client()}
	encoded := m.Encode()
	const want = `"Name":"a\u0000\u001f\b\t\n\f\r\"\\/<>&'` + "\x7f" + `\u0085\u2028\u2029\ufffe\uffff😀é","Input":"bad ` + "\uFFFD\uFFFD\uFFFD\uFFFD" + `"`
	if !strings.Contains(string(encoded), want) {
		t.Errorf("encoded %q\nwant %q", encoded, want)
	}
	back, err := DecodeMessage(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Event.(*history.EventRaised).Name; got != text {
		t.Errorf("%q arrives as %q", text, got)
	}
	kept, err := DecodeMessage([]byte(strings.Replace(string(encoded), `"SerializableTraceContext"`, "\"\uFFFE\":\"\uFFFF\",\"S\"", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if again := string(kept.Encode()); strings.ContainsAny(again, "\uFFFE\uFFFF") {
		t.Errorf("XML would not carry %q", again)
	}
}
