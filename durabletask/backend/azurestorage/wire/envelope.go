package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

const classMessageData = "DurableTask.AzureStorage.MessageData"

// MaxInlineMessage is how long the JSON of a message may be, in bytes of UTF-8. A longer one stands in a blob (whose name
// is MessageBlob) and its wrapper in the queue. (DTFx: MessageManager, 45 KiB.)
const MaxInlineMessage = 45 << 10

// Message is a message of a control queue or of the work-item queue.
type Message struct {
	// ActivityID identifies the message, in lower case with dashes. It is empty where the sender gave none: such a message
	// is never a repeat of another. Decoding also sets it in the header of the event.
	ActivityID string
	// Event is what the message brings; nil in a wrapper.
	Event history.Event
	// Target is the instance the event is for; for an activity, the one that scheduled it.
	Target Address
	// Tags are those of the sending orchestration, with activities and starts of children (not nil even if it has none);
	// nil with everything else.
	Tags map[string]string
	// Blob, if not empty, makes the message a wrapper: the real one stands in the blob of this name.
	Blob string
	// SequenceNumber counts the messages of the sending process, from 1; it breaks ties of arrival.
	SequenceNumber int64
	// Episode is that of the sending orchestration, for diagnosis; nil from clients.
	Episode *int
	// Began is when the first attempt to process the message began its episode, if that may have sent something; zero if it may not, or nobody has tried. It
	// is our own, on wrappers, too; nobody else reads it.
	Began time.Time
	// Sender is Client() for what clients send, and where a message has none. It is always written: a .NET worker that meets
	// a message without one never touches the instance again.
	Sender Address

	extra, taskExtra, eventExtra []Member
}

var errNoTarget = errors.New("a message without a target")

// DecodeMessage reads the text of a queue message or of the blob of a large one: JSON, or JSON in Base64. It fails on
// what is not a message, with an error that says where; such a text is poison. An event of an unknown kind is no error but
// an *UnknownEvent; an event without Timestamp, which only old hands leave out, has the zero time and happens when it is
// received. The message shares no memory with text.
func DecodeMessage(text []byte) (Message, error) {
	data, err := plain(text)
	if err != nil {
		return Message{}, fmt.Errorf("decode queue message: %w", err)
	}
	var m Message
	if err := m.set(data); err != nil {
		return Message{}, fmt.Errorf("decode queue message: %w", err)
	}
	return m, nil
}

// plain returns the JSON of a message's text.
func plain(text []byte) ([]byte, error) {
	const mark = "\uFEFF"
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte(mark)))
	if !bytes.HasPrefix(text, []byte{'{'}) {
		data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, err := base64.StdEncoding.Decode(data, text)
		if err != nil {
			return nil, errors.New("neither JSON nor Base64")
		}
		text = bytes.TrimPrefix(data[:n], []byte(mark))
	}
	return text, checkObject(text)
}

func (m *Message) set(object []byte) error {
	var task []byte
	m.Sender = Client()
	for raw, value := range members(object) {
		name, err := memberName(raw), error(nil)
		switch strings.ToLower(name) {
		case "activityid":
			err = setGUID(&m.ActivityID, value)
		case "taskmessage":
			task = value
		case "compressedblobname":
			err = setValue(&m.Blob, value)
		case "sequencenumber":
			err = setLong(&m.SequenceNumber, value)
		case "episode":
			err = setValue(&m.Episode, value)
		case "sender":
			err = m.setSender(value)
		case "began":
			err = setTime(&m.Began, value)
		case typeName, "serializabletracecontext":
		default:
			m.extra = append(m.extra, keep(name, value))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if m.Blob != "" { // of a wrapper nothing else is read
		*m = Message{Blob: m.Blob, Began: m.Began}
		return nil
	}
	if task == nil || isNull(task) {
		return errNoEvent
	}
	if err := m.setTaskMessage(task); err != nil {
		return fmt.Errorf("TaskMessage: %w", err)
	}
	m.Event.Head().ActivityID = m.ActivityID
	return nil
}

func (m *Message) setSender(value []byte) error {
	m.Sender = Client()
	if isNull(value) {
		return nil
	}
	if !isObject(value) {
		return errNotObject
	}
	m.Sender = Address{}
	return setAddress(&m.Sender, value)
}

func setGUID(p *string, value []byte) error {
	if isNull(value) {
		*p = ""
		return nil
	}
	text, err := unquote(value)
	if err != nil {
		return err
	}
	*p, err = parseGUID(text)
	return err
}

// Encode returns the JSON of the message, fit for a queue (plain or, for readers of DTFx 1.x, in Base64) and for a blob.
func (m *Message) Encode() []byte {
	dst := beginClass(make([]byte, 0, 1024), classMessageData, true)
	dst = appendGUID(appendName(dst, "ActivityId"), m.ActivityID)
	dst = m.appendTaskMessage(appendName(dst, "TaskMessage"))
	dst = appendText(dst, "CompressedBlobName", m.Blob)
	dst = strconv.AppendInt(appendName(dst, "SequenceNumber"), m.SequenceNumber, 10)
	if m.Episode != nil {
		dst = appendInt(appendName(dst, "Episode"), *m.Episode)
	}
	dst = appendName(dst, "Sender")
	if m.Event == nil {
		dst = append(dst, "null"...)
	} else {
		dst = appendAddress(dst, m.Sender, false)
	}
	dst = append(appendName(dst, "SerializableTraceContext"), "null"...)
	if !m.Began.IsZero() {
		dst = appendTime(appendName(dst, "Began"), m.Began)
	}
	dst = appendMembers(dst, m.extra)
	return escapeKept(append(dst, '}'))
}

// Wrapper returns the message to put into the queue for one that stands in a blob.
func Wrapper(blob string) Message { return Message{Blob: blob} }
