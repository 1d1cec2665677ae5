package wire

import (
	"errors"
	"fmt"
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
)

var (
	errNoClass = errors.New("an event without $type")
	errNoEvent = errors.New("a message without an event")
)

// field returns the field with this name in any case; an exact match comes first.
func (k *kind) field(name []byte) *field {
	memberFields := [...][]field{k.fields, k.first, k.own}
	for _, fields := range memberFields {
		for i := range fields {
			if fields[i].name == string(name) {
				return &fields[i]
			}
		}
	}
	for _, fields := range memberFields {
		for i := range fields {
			if strings.EqualFold(fields[i].name, string(name)) {
				return &fields[i]
			}
		}
	}
	return nil
}

// headerField returns a pointer to the member of the header with this lower-case name, or nil.
func headerField(h *history.Header, name string) any {
	switch name {
	case "eventid":
		return &h.ID
	case "isplayed":
		return &h.IsPlayed
	case "timestamp":
		return &h.Time
	}
	return nil
}

// decodeEvent reads the event of a message. An event without EventId has none; one without Timestamp has the zero time.
func decodeEvent(object []byte) (history.Event, []Member, error) {
	if !isObject(object) {
		return nil, nil, errNoEvent
	}
	class, err := classOf(object)
	if err != nil {
		return nil, nil, err
	}
	k := kindsByClass[class]
	if k == nil {
		e, err := decodeUnknown(object, class)
		return e, nil, err
	}
	e := k.create()
	head := e.Head()
	head.ID = history.NoID
	var extra []Member
	for raw, value := range members(object) {
		if f := k.field(raw); f != nil {
			if err := setValue(f.ref(e), value); err != nil {
				return nil, nil, fmt.Errorf("%s.%s: %w", k.name, f.name, err)
			}
			continue
		}
		name := memberName(raw)
		lower := strings.ToLower(name)
		if p := headerField(head, lower); p != nil {
			if err := setValue(p, value); err != nil {
				return nil, nil, fmt.Errorf("%s.%s: %w", k.name, name, err)
			}
		} else if lower != typeName && lower != "eventtype" {
			extra = append(extra, keep(name, value))
		}
	}
	return e, extra, nil
}

// classOf returns the class that an object says it is, without the assembly that old senders name behind it.
func classOf(object []byte) (string, error) {
	for raw, value := range members(object) {
		if string(raw) == typeName {
			text, err := unquote(value)
			if err != nil {
				return "", fmt.Errorf("$type: %w", err)
			}
			class, _, _ := strings.Cut(text, ",")
			return strings.TrimSpace(class), nil
		}
	}
	return "", errNoClass
}

func decodeUnknown(object []byte, class string) (*UnknownEvent, error) {
	e := &UnknownEvent{Header: history.Header{ID: history.NoID}, Kind: class}
	for raw, value := range members(object) {
		name := memberName(raw)
		if p := headerField(&e.Header, strings.ToLower(name)); p != nil {
			if err := setValue(p, value); err != nil {
				return nil, fmt.Errorf("%s.%s: %w", class, name, err)
			}
		} else if name != typeName {
			e.Members = append(e.Members, keep(name, value))
		}
	}
	return e, nil
}

// appendEvent adds an event as it stands in messages.
func appendEvent(dst []byte, e history.Event, extra []Member) []byte {
	if u, ok := e.(*UnknownEvent); ok {
		dst = appendMembers(beginClass(dst, u.Kind, true), u.Members)
	} else if k := spell(e); k != nil {
		dst = beginClass(dst, k.class, true)
		dst = appendFields(dst, e, k.first)
		dst = appendInt(appendName(dst, "EventType"), int(e.Type()))
		dst = appendFields(dst, e, k.fields)
		for _, f := range k.own {
			dst = appendPresent(dst, f.name, f.ref(e))
		}
	} else {
		panic(fmt.Sprintf("wire: no way to write a %T", e))
	}
	h := e.Head()
	dst = appendMembers(dst, extra)
	dst = appendInt(appendName(dst, "EventId"), h.ID)
	dst = appendValue(appendName(dst, "IsPlayed"), &h.IsPlayed, false, true)
	dst = appendTime(appendName(dst, "Timestamp"), h.Time)
	return append(dst, '}')
}

func appendFields(dst []byte, e history.Event, fields []field) []byte {
	for _, f := range fields {
		dst = appendValue(appendName(dst, f.name), f.ref(e), f.optional, true)
	}
	return dst
}
