package wire

import (
	"fmt"

	"github.com/azdurable/azdurable/durabletask/history"
)

// ReleaseEvent and ContinueEvent are the names of events that entities receive. (A response has the id of its request.)
const (
	ReleaseEvent  = "release"
	ContinueEvent = "continue"
)

// LockGranted is the result of a response that grants a lock. Readers don't look at it.
const LockGranted = "Lock Acquisition Completed"

// DecodeEntityResponse reads the input of an event that answers a request.
func DecodeEntityResponse(input string) (history.EntityResponse, error) {
	var r history.EntityResponse
	err := decodeMembers(input, func(name string, value []byte) error {
		switch name {
		case "result":
			return setLooseText(&r.Result, value)
		case "exceptiontype":
			return setValue(&r.Exception, value)
		case "failuredetails":
			return setValue(&r.Failure, value)
		}
		return nil
	})
	if err != nil {
		return history.EntityResponse{}, fmt.Errorf("decode entity response: %w", err)
	}
	return r, nil
}

// EncodeEntityResponse returns the input of the event that answers a request.
func EncodeEntityResponse(r *history.EntityResponse) string {
	dst := []byte{'{'}
	dst = appendValue(appendName(dst, "result"), &r.Result, true, false)
	dst = appendPresent(dst, "exceptionType", &r.Exception)
	dst = appendPresent(dst, "failureDetails", &r.Failure)
	return string(append(dst, '}'))
}

// DecodeEntityRelease reads the input of an event that gives a lock back.
func DecodeEntityRelease(input string) (history.EntityRelease, error) {
	var r history.EntityRelease
	err := decodeMembers(input, func(name string, value []byte) error {
		switch name {
		case "parent":
			return setValue(&r.Parent, value)
		case "id":
			return setValue(&r.ID, value)
		}
		return nil
	})
	if err != nil {
		return history.EntityRelease{}, fmt.Errorf("decode entity release: %w", err)
	}
	return r, nil
}

// EncodeEntityRelease returns the input of the event that gives a lock back.
func EncodeEntityRelease(r history.EntityRelease) string {
	dst := []byte{'{'}
	dst = appendText(dst, "parent", r.Parent)
	dst = appendText(dst, "id", r.ID)
	return string(append(dst, '}'))
}

// DecodeEntityStatus reads the custom status of an entity. What the in-process extension tells beyond the three members
// is not read.
func DecodeEntityStatus(text string) (history.EntityStatus, error) {
	var s history.EntityStatus
	err := decodeMembers(text, func(name string, value []byte) error {
		switch name {
		case "entityexists":
			return setValue(&s.Exists, value)
		case "queuesize":
			return setValue(&s.QueueSize, value)
		case "lockedby":
			return setValue(&s.LockedBy, value)
		}
		return nil
	})
	if err != nil {
		return history.EntityStatus{}, fmt.Errorf("decode entity status: %w", err)
	}
	return s, nil
}

// EncodeEntityStatus returns the custom status of an entity. Empty members are left out: the reference looks for the word
// entityExists to see whether the entity exists.
func EncodeEntityStatus(s history.EntityStatus) string {
	dst := appendTrue([]byte{'{'}, "entityExists", s.Exists)
	dst = appendPresent(dst, "queueSize", &s.QueueSize)
	dst = appendPresent(dst, "lockedBy", &s.LockedBy)
	return string(append(dst, '}'))
}

func decodeMembers(text string, set func(name string, value []byte) error) error {
	data := []byte(text)
	if err := checkObject(data); err != nil {
		return err
	}
	return eachMember(data, set)
}
