package wire

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// DecodeEntityState reads the input of an entity's execution. No input is a new entity. (DTFx: Core/Entities/StateFormat;
// the in-process extension writes exists besides. Differs from it: an entity exists if it has a state.)
func DecodeEntityState(input *string) (history.EntityState, error) {
	var s history.EntityState
	if input == nil || *input == "" || *input == "null" {
		return s, nil
	}
	err := decodeMembers(*input, func(name string, value []byte) error {
		switch name {
		case "state":
			return setLooseText(&s.State, value)
		case "queue":
			return setRequests(&s.Queue, value)
		case "lockedby":
			return setValue(&s.LockedBy, value)
		case "suspended":
			return setValue(&s.Suspended, value)
		case "sorter":
			return setSorter(&s.Sorter, value)
		}
		return nil
	})
	if err != nil {
		return history.EntityState{}, fmt.Errorf("decode entity state: %w", err)
	}
	return s, nil
}

// EncodeEntityState returns the input of an entity's next execution. It says exists where there is a state, so that
// in-process .NET entities see the state, too.
func EncodeEntityState(s *history.EntityState) string {
	dst := appendTrue([]byte{'{'}, "exists", s.State != nil)
	dst = appendPresent(dst, "state", &s.State)
	if len(s.Queue) > 0 {
		dst = append(appendName(dst, "queue"), '[')
		for i := range s.Queue {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendRequest(dst, &s.Queue[i])
		}
		dst = append(dst, ']')
	}
	dst = appendPresent(dst, "lockedBy", &s.LockedBy)
	dst = appendTrue(dst, "suspended", s.Suspended)
	dst = appendSorter(appendName(dst, "sorter"), &s.Sorter)
	return string(append(dst, '}'))
}

func setRequests(p *[]history.EntityRequest, value []byte) error {
	*p = nil
	if isNull(value) {
		return nil
	}
	if !isArray(value) {
		return errors.New("not an array")
	}
	for element := range elements(value) {
		r, err := decodeRequest(element, false)
		if err != nil {
			return err
		}
		*p = append(*p, r)
	}
	return nil
}

func setSorter(s *history.EntitySorter, value []byte) error {
	*s = history.EntitySorter{}
	if isNull(value) {
		return nil
	}
	if !isObject(value) {
		return errNotObject
	}
	return eachMember(value, func(name string, value []byte) error {
		switch name {
		case "lastsenttoinstance":
			return setMap(&s.LastSent, value, func(t *time.Time, value []byte) error { return setValue(t, value) })
		case "receivedfrominstance":
			return setMap(&s.Received, value, setSource)
		case "receivehorizon":
			return setValue(&s.ReceiveHorizon, value)
		case "sendhorizon":
			return setValue(&s.SendHorizon, value)
		}
		return nil
	})
}

// setMap reads an object whose members are entries, each with set.
func setMap[V any](p *map[string]V, value []byte, set func(*V, []byte) error) error {
	*p = nil
	if isNull(value) {
		return nil
	}
	if !isObject(value) {
		return errNotObject
	}
	entries := make(map[string]V)
	for raw, value := range members(value) {
		name := memberName(raw)
		if name == typeName {
			continue
		}
		var v V
		if err := set(&v, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		entries[name] = v
	}
	*p = entries
	return nil
}

func setSource(s *history.EntitySource, value []byte) error {
	if !isObject(value) {
		return errNotObject
	}
	return eachMember(value, func(name string, value []byte) error {
		switch name {
		case "last":
			return setValue(&s.Last, value)
		case "executionid":
			return setValue(&s.ExecutionID, value)
		case "buffered":
			return setBuffered(&s.Buffered, value)
		}
		return nil
	})
}

// setBuffered reads requests by time stamp. The names of the members are the time stamps; of two requests with one time
// stamp the later one stays, as in .NET.
func setBuffered(p *[]history.EntityRequest, value []byte) error {
	*p = nil
	if isNull(value) {
		return nil
	}
	if !isObject(value) {
		return errNotObject
	}
	requests := []history.EntityRequest{}
	for raw, value := range members(value) {
		name := memberName(raw)
		if name == typeName {
			continue
		}
		r, err := decodeRequest(value, false)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		i, found := slices.BinarySearchFunc(requests, r.Timestamp, func(r history.EntityRequest, t time.Time) int {
			return r.Timestamp.Compare(t)
		})
		if found {
			requests[i] = r
		} else {
			requests = slices.Insert(requests, i, r)
		}
	}
	*p = requests
	return nil
}

// appendSorter leaves out what is empty. Differs from DTFx: times always have a zone, and maps are in the order of their
// names.
func appendSorter(dst []byte, s *history.EntitySorter) []byte {
	dst = append(dst, '{')
	if s.LastSent != nil {
		dst = append(appendName(dst, "LastSentToInstance"), '{')
		for _, id := range slices.Sorted(maps.Keys(s.LastSent)) {
			dst = appendTime(appendName(dst, id), s.LastSent[id])
		}
		dst = append(dst, '}')
	}
	if s.Received != nil {
		dst = append(appendName(dst, "ReceivedFromInstance"), '{')
		for _, id := range slices.Sorted(maps.Keys(s.Received)) {
			dst = appendSource(appendName(dst, id), s.Received[id])
		}
		dst = append(dst, '}')
	}
	dst = appendPresent(dst, "ReceiveHorizon", &s.ReceiveHorizon)
	dst = appendPresent(dst, "SendHorizon", &s.SendHorizon)
	return append(dst, '}')
}

func appendSource(dst []byte, s history.EntitySource) []byte {
	dst = appendTime(appendName(append(dst, '{'), "Last"), s.Last)
	dst = appendPresent(dst, "ExecutionId", &s.ExecutionID)
	if s.Buffered != nil {
		dst = append(appendName(dst, "Buffered"), '{')
		for i := range s.Buffered {
			at := appendTime(nil, s.Buffered[i].Timestamp)
			dst = appendRequest(appendName(dst, string(at[1:len(at)-1])), &s.Buffered[i])
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}
