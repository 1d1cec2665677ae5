package wire

import (
	"errors"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// The inputs of the events that entities receive and send. Two programs of the reference write them: the Core dispatcher,
// whose form is written here, and the in-process extension, which leaves out members and adds $type. Both read either.
//
// (DTFx: Core/Entities/EventFormat/*.cs.)

var (
	errNoRequestID = errors.New("a request without id")
	errInput       = errors.New("the input is neither text nor a number")
)

// DecodeEntityRequest reads the input of an event that asks an entity to do something. A text that it refuses is to be
// dropped, for it will never be read. (Differs from DTFx, which gives the whole batch back for ever.)
func DecodeEntityRequest(input string) (history.EntityRequest, error) {
	r, err := decodeRequest([]byte(input), true)
	if err != nil {
		return history.EntityRequest{}, fmt.Errorf("decode entity request: %w", err)
	}
	return r, nil
}

func decodeRequest(data []byte, check bool) (history.EntityRequest, error) {
	var r history.EntityRequest
	if check {
		if err := checkObject(data); err != nil {
			return r, err
		}
	} else if !isObject(data) {
		return r, errNotObject
	}
	if err := eachMember(data, func(name string, value []byte) error { return setRequestMember(&r, name, value) }); err != nil {
		return r, err
	}
	if r.ID == "" {
		return r, errNoRequestID
	}
	return r, nil
}

func setRequestMember(r *history.EntityRequest, name string, value []byte) error {
	switch name {
	case "op":
		return setValue(&r.Operation, value)
	case "signal":
		return setValue(&r.Signal, value)
	case "input":
		return setLooseText(&r.Input, value)
	case "id":
		return setGUID(&r.ID, value)
	case "parent":
		return setValue(&r.Parent, value)
	case "parentexecution":
		return setValue(&r.ParentExecution, value)
	case "due":
		return setValue(&r.Due, value)
	case "timestamp":
		return setValue(&r.Timestamp, value)
	case "predecessor":
		return setValue(&r.Predecessor, value)
	case "lockset":
		return setLockSet(&r.LockSet, value)
	case "pos":
		return setValue(&r.Position, value)
	case "parenttracecontext":
		return setValue(&r.ParentTraceContext, value)
	case "createtrace":
		return setValue(&r.CreateTrace, value)
	case "requesttime":
		return setValue(&r.RequestTime, value)
	}
	return nil
}

// setLooseText takes numbers and booleans for their own text, as .NET does.
func setLooseText(p **string, value []byte) error {
	if isObject(value) || isArray(value) {
		return errInput
	}
	if isNull(value) || value[0] == '"' {
		return setValue(p, value)
	}
	text := string(value)
	*p = &text
	return nil
}

func setLockSet(p *[]history.EntityID, value []byte) error {
	if isNull(value) {
		*p = nil
		return nil
	}
	if !isArray(value) {
		return errors.New("not an array")
	}
	ids := []history.EntityID{}
	for element := range elements(value) {
		if !isObject(element) {
			return errNotObject
		}
		var id history.EntityID
		err := eachMember(element, func(name string, value []byte) error {
			switch name {
			case "name":
				return setValue(&id.Name, value)
			case "key":
				return setValue(&id.Key, value)
			}
			return nil
		})
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	*p = ids
	return nil
}

// EncodeEntityRequest returns the input of the event that asks an entity to do something.
func EncodeEntityRequest(r *history.EntityRequest) string { return string(appendRequest(nil, r)) }

// appendRequest writes the members in the order of Core; readers that look for a reply search for id near the beginning.
func appendRequest(dst []byte, r *history.EntityRequest) []byte {
	dst = append(dst, '{')
	lock := r.LockSet != nil
	dst = appendName(dst, "op")
	if lock && r.Operation == "" {
		dst = append(dst, "null"...)
	} else {
		dst = appendString(dst, r.Operation)
	}
	dst = appendTrue(dst, "signal", r.Signal)
	dst = appendPresent(dst, "input", &r.Input)
	dst = appendGUID(appendName(dst, "id"), r.ID)
	dst = appendPresent(dst, "parent", &r.Parent)
	dst = appendPresent(dst, "parentExecution", &r.ParentExecution)
	dst = appendPresent(dst, "due", &r.Due)
	dst = appendTime(appendName(dst, "Timestamp"), r.Timestamp)
	dst = appendTime(appendName(dst, "Predecessor"), r.Predecessor)
	if lock {
		dst = appendLockSet(appendName(dst, "lockset"), r.LockSet)
	}
	dst = appendPresent(dst, "pos", &r.Position)
	dst = appendValue(appendName(dst, "IsLockRequest"), &lock, false, false)
	dst = appendPresent(dst, "parentTraceContext", &r.ParentTraceContext)
	dst = appendValue(appendName(dst, "createTrace"), &r.CreateTrace, false, false)
	if !r.RequestTime.IsZero() {
		dst = appendOffsetTime(appendName(dst, "requestTime"), r.RequestTime)
	}
	return append(dst, '}')
}

func appendLockSet(dst []byte, ids []history.EntityID) []byte {
	dst = append(dst, '[')
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		dst = appendString(appendName(dst, "name"), id.Name)
		dst = appendString(appendName(dst, "key"), id.Key)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// appendPresent adds a member unless its value is empty.
func appendPresent(dst []byte, name string, ref any) []byte {
	if absent(ref, true) {
		return dst
	}
	return appendValue(appendName(dst, name), ref, true, false)
}

// appendTrue adds a member if it is true.
func appendTrue(dst []byte, name string, value bool) []byte {
	if !value {
		return dst
	}
	return append(appendName(dst, name), "true"...)
}

// delayMark stands between the operation mark and the time in the name of an event that is to come later.
const delayMark = "op@"

// OperationEvent is the name of the event that brings a request.
const OperationEvent = "op"

// DelayedOperationEvent returns the name of the event that brings a request at a time.
func DelayedOperationEvent(at time.Time) string {
	return delayMark + at.UTC().Truncate(history.Resolution).Format(columnForm)
}

// DelayOf returns the time in the name of an event, by which every backend delays the message if it is for an entity.
func DelayOf(event string) (time.Time, bool) {
	if len(event) < len(delayMark) || event[2] != '@' {
		return time.Time{}, false
	}
	at, err := parseTime(event[len(delayMark):])
	return at, err == nil
}
