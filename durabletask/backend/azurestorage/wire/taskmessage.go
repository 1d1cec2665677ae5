package wire

import (
	"fmt"
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
)

const (
	classTaskMessage = "DurableTask.Core.TaskMessage"
	classContext     = "DurableTask.Core.OrchestrationExecutionContext"
)

// Address names an instance as target or sender of a message.
type Address struct {
	InstanceID string
	// ExecutionID is nil where any execution is meant. The empty string is an execution that never exists, and what
	// clients are called as senders.
	ExecutionID *string
}

// To returns the address of an execution, or of any execution of an instance if i names none.
func To(i history.Instance) Address {
	if i.ExecutionID == "" {
		return Address{InstanceID: i.ID}
	}
	return Address{InstanceID: i.ID, ExecutionID: &i.ExecutionID}
}

// Client is the sender of the messages of clients.
func Client() Address { return Address{ExecutionID: new(string)} }

// Instance returns the instance, without the difference between no execution and the empty one.
func (a Address) Instance() history.Instance {
	if a.ExecutionID == nil {
		return history.Instance{ID: a.InstanceID}
	}
	return history.Instance{ID: a.InstanceID, ExecutionID: *a.ExecutionID}
}

func setAddress(p *Address, value []byte) error {
	return eachMember(value, func(name string, value []byte) error {
		switch name {
		case "instanceid":
			return setValue(&p.InstanceID, value)
		case "executionid":
			return setValue(&p.ExecutionID, value)
		}
		return nil
	})
}

// appendAddress adds an address. Senders have no $type.
func appendAddress(dst []byte, a Address, typed bool) []byte {
	dst = beginClass(dst, classInstance, typed)
	dst = appendString(appendName(dst, "InstanceId"), a.InstanceID)
	dst = appendValue(appendName(dst, "ExecutionId"), &a.ExecutionID, true, typed)
	return append(dst, '}')
}

// setTaskMessage reads a TaskMessage. Its own SequenceNumber is always 0 and not read.
func (m *Message) setTaskMessage(object []byte) error {
	if !isObject(object) {
		return errNotObject
	}
	for raw, value := range members(object) {
		name, err := memberName(raw), error(nil)
		switch strings.ToLower(name) {
		case "event":
			m.Event, m.eventExtra, err = decodeEvent(value)
		case "orchestrationinstance":
			err = setAddress(&m.Target, value)
		case "orchestrationexecutioncontext":
			err = m.setContext(value)
		case typeName, "sequencenumber":
		default:
			m.taskExtra = append(m.taskExtra, keep(name, value))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if m.Event == nil {
		return errNoEvent
	}
	if m.Target.InstanceID == "" {
		return errNoTarget
	}
	return nil
}

func (m *Message) setContext(value []byte) error {
	m.Tags = nil
	if isNull(value) {
		return nil
	}
	if !isObject(value) {
		return errNotObject
	}
	m.Tags = map[string]string{}
	return eachMember(value, func(name string, value []byte) error {
		if name == "orchestrationtags" && !isNull(value) {
			return setValue(&m.Tags, value)
		}
		return nil
	})
}

func (m *Message) appendTaskMessage(dst []byte) []byte {
	if m.Event == nil {
		return append(dst, "null"...)
	}
	dst = beginClass(dst, classTaskMessage, true)
	dst = appendEvent(appendName(dst, "Event"), m.Event, m.eventExtra)
	dst = appendInt(appendName(dst, "SequenceNumber"), 0)
	dst = appendAddress(appendName(dst, "OrchestrationInstance"), m.Target, true)
	dst = appendName(dst, "OrchestrationExecutionContext")
	if m.Tags == nil {
		dst = append(dst, "null"...)
	} else {
		dst = beginClass(dst, classContext, true)
		dst = appendTags(appendName(dst, "OrchestrationTags"), m.Tags)
		dst = append(dst, '}')
	}
	dst = appendMembers(dst, m.taskExtra)
	return append(dst, '}')
}
