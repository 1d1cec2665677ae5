package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// The stored form of an event is one JSON object whose first member is its kind:
//
//	{"type":"TaskCompleted","id":-1,"time":"2026-11-23T17:35:30.8064402Z","taskId":0,"result":"\"Hello\""}
//
// A row of a store holds one event or several, one after the other with a line feed behind each. The
// kind stands first so that a reader knows what to decode before it decodes.
const typePrefix = `{"type":"`

// Append adds the stored form of the events to dst and returns the longer slice.
// The only errors are those of encoding/json, which none of this package's events can cause.
func Append(dst []byte, events ...Event) ([]byte, error) {
	for _, e := range events {
		body, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encode %v event: %w", e.Type(), err)
		}
		dst = append(dst, typePrefix...)
		dst = append(dst, e.Type().String()...)
		dst = append(dst, `",`...)
		dst = append(dst, body[1:]...)
		dst = append(dst, '\n')
	}
	return dst, nil
}

// errNotEvent is what Decode wraps for text that Append did not write.
var errNotEvent = errors.New(`not an event: it must begin with {"type":"`)

// ErrUnknownKind is what Decode wraps for a kind that this program does not know: a newer version wrote it.
var ErrUnknownKind = errors.New("is not known to this version")

// Decode reads what Append wrote. It fails on text that is not an event and, with ErrUnknownKind, on a kind that this
// program does not know.
func Decode(data []byte) ([]Event, error) {
	events := make([]Event, 0, bytes.Count(data, []byte{'\n'}))
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		e, err := decodeOne(line)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
		data = rest
	}
	return events, nil
}

func decodeOne(line []byte) (Event, error) {
	tail, ok := bytes.CutPrefix(line, []byte(typePrefix))
	if !ok {
		return nil, errNotEvent
	}
	name, _, ok := bytes.Cut(tail, []byte{'"'})
	if !ok {
		return nil, errNotEvent
	}
	for _, k := range kinds {
		if k.name != string(name) {
			continue
		}
		e := k.make()
		if err := json.Unmarshal(line, e); err != nil {
			return nil, fmt.Errorf("decode %s event: %w", k.name, err)
		}
		return e, nil
	}
	return nil, fmt.Errorf("decode event: kind %q %w", name, ErrUnknownKind)
}
