package durabletask

// StartOption is a property of one start of an instance.
type StartOption interface{ start(*start) }

type start struct {
	id             string
	anyID, anyName bool
}

// InstanceID gives an instance its id; without it the id is random. See CheckID for what an id may look like.
type InstanceID string

func (id InstanceID) start(s *start) { s.id = string(id) }

type startFunc func(*start)

func (f startFunc) start(s *start) { f(s) }

// AsReceived starts an instance whose name and id come from outside, as the management API of the Durable Functions extension does: any name
// goes (an instance without code fails and says so), and so does every id that storage can keep.
func AsReceived() StartOption {
	return startFunc(func(s *start) { s.anyID, s.anyName = true, true })
}
