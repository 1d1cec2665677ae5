package hosttest

import "slices"

// vary sends what means the same in another form: members in the reverse order, and in each object of the protocol one that nobody knows.
func vary(body *value) *value {
	out := object()
	for _, m := range slices.Backward(body.members) {
		v := m.value
		if v.kind == kindObject {
			inner := slices.Clone(v.members)
			for i, n := range inner {
				if n.value.kind == kindObject && m.name == "Data" {
					inner[i].value = reversed(n.value)
				}
			}
			v = reversed(object(inner...))
		}
		out.put(m.name, v)
	}
	return out
}

// unknownMember is a member that no protocol has.
const unknownMember = "AnUnknownMember"

func reversed(v *value) *value {
	members := slices.Clone(v.members)
	slices.Reverse(members)
	return object(append([]member{{unknownMember, object(member{"a", number(1)})}}, members...)...)
}
