package history

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// MarshalJSON returns the input of an entity's next execution. It says exists where there is a state, so that in-process
// .NET entities see the state, too. Every time has a zone. (Differs from DTFx, which loses that of times it has computed.)
func (s EntityState) MarshalJSON() ([]byte, error) {
	f := stateForm{
		Exists: s.State != nil, State: (*looseText)(s.State), Queue: s.Queue, LockedBy: s.LockedBy, Suspended: s.Suspended,
		Sorter: sorterForm{ReceiveHorizon: stamp(s.Sorter.ReceiveHorizon), SendHorizon: stamp(s.Sorter.SendHorizon)},
	}
	if s.Sorter.LastSent != nil {
		f.Sorter.LastSent = make(dictionary[stamp], len(s.Sorter.LastSent))
		for id, at := range s.Sorter.LastSent {
			f.Sorter.LastSent[id] = stamp(at)
		}
	}
	if s.Sorter.Received != nil {
		f.Sorter.Received = make(dictionary[sourceForm], len(s.Sorter.Received))
		for id, source := range s.Sorter.Received {
			f.Sorter.Received[id] = sourceForm{stamp(source.Last), source.ExecutionID, source.Buffered}
		}
	}
	return marshal(f)
}

// UnmarshalJSON reads the input of an entity's execution; null is a new entity. An entity exists if it has a state.
// (Differs from in-process .NET, which looks at exists and so loses what Core has written.)
func (s *EntityState) UnmarshalJSON(data []byte) error {
	var f stateForm
	if string(data) == "null" {
		*s = EntityState{}
		return nil
	}
	if err := unmarshalObject(data, &f); err != nil {
		return fmt.Errorf("decode entity state: %w", err)
	}
	*s = EntityState{
		State: (*string)(f.State), Queue: f.Queue, LockedBy: f.LockedBy, Suspended: f.Suspended,
		Sorter: EntitySorter{ReceiveHorizon: time.Time(f.Sorter.ReceiveHorizon), SendHorizon: time.Time(f.Sorter.SendHorizon)},
	}
	if f.Sorter.LastSent != nil {
		s.Sorter.LastSent = make(map[string]time.Time, len(f.Sorter.LastSent))
		for id, at := range f.Sorter.LastSent {
			s.Sorter.LastSent[id] = time.Time(at)
		}
	}
	if f.Sorter.Received != nil {
		s.Sorter.Received = make(map[string]EntitySource, len(f.Sorter.Received))
		for id, source := range f.Sorter.Received {
			s.Sorter.Received[id] = EntitySource{Last: time.Time(source.Last), ExecutionID: source.ExecutionID, Buffered: source.Buffered}
		}
	}
	return nil
}

type (
	stateForm struct {
		Exists    bool            `json:"exists,omitempty"`
		State     *looseText      `json:"state,omitempty"`
		Queue     []EntityRequest `json:"queue,omitempty"`
		LockedBy  string          `json:"lockedBy,omitempty"`
		Suspended bool            `json:"suspended,omitempty"`
		Sorter    sorterForm      `json:"sorter"`
	}
	sorterForm struct {
		LastSent       dictionary[stamp]      `json:"LastSentToInstance,omitzero"`
		Received       dictionary[sourceForm] `json:"ReceivedFromInstance,omitzero"`
		ReceiveHorizon stamp                  `json:"ReceiveHorizon,omitzero"`
		SendHorizon    stamp                  `json:"SendHorizon,omitzero"`
	}
	sourceForm struct {
		Last        stamp    `json:"Last"`
		ExecutionID string   `json:"ExecutionId,omitempty"`
		Buffered    buffered `json:"Buffered,omitzero"`
	}
)

// buffered is an object whose members are requests, named by their time stamps.
type buffered []EntityRequest

// MarshalJSON keeps the order of the requests, which is that of their time stamps.
func (b buffered) MarshalJSON() ([]byte, error) {
	dst := []byte{'{'}
	for i := range b {
		if i > 0 {
			dst = append(dst, ',')
		}
		request, err := b[i].MarshalJSON()
		if err != nil {
			return nil, err
		}
		dst = appendStamp(dst, b[i].Timestamp, utcForm)
		dst = append(append(dst, ':'), request...)
	}
	return append(dst, '}'), nil
}

// UnmarshalJSON puts the requests into the order of their time stamps. Of two with one time stamp, however that is spelt,
// the later one stays, as in .NET.
func (b *buffered) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	requests := buffered{}
	err := eachEntry(data, func(_ string, value json.RawMessage) error {
		var r EntityRequest
		if err := r.UnmarshalJSON(value); err != nil {
			return err
		}
		i, found := slices.BinarySearchFunc(requests, r.Timestamp, func(r EntityRequest, at time.Time) int { return r.Timestamp.Compare(at) })
		if found {
			requests[i] = r
		} else {
			requests = slices.Insert(requests, i, r)
		}
		return nil
	})
	*b = requests
	return err
}
