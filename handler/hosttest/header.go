package hosttest

import (
	"slices"
	"strings"
)

// field is a header line, and header the lines in their order and spelling: the host's order is part of the protocol, and a map would lose it.
type (
	field  struct{ name, value string }
	header []field
)

// get returns the first value of a name, in any case.
func (h header) get(name string) (value string, ok bool) {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value, true
		}
	}
	return "", false
}

// first is get for those who take an absent field as empty.
func (h header) first(name string) string {
	value, _ := h.get(name)
	return value
}

// has reports whether a comma-separated field has a token.
func (h header) has(name, token string) bool {
	for _, f := range h {
		if !strings.EqualFold(f.name, name) {
			continue
		}
		for part := range strings.SplitSeq(f.value, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

func (h *header) add(name, value string) { *h = append(*h, field{name, value}) }

func (h *header) remove(names ...string) {
	*h = slices.DeleteFunc(*h, func(f field) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, f.name) })
	})
}

// set replaces all fields of a name by one, where the first was.
func (h *header) set(name, value string) {
	for i, f := range *h {
		if strings.EqualFold(f.name, name) {
			(*h)[i].value = value
			rest := (*h)[i+1:]
			rest.remove(name)
			*h = append((*h)[:i+1], rest...)
			return
		}
	}
	h.add(name, value)
}

// group is all values of one name.
type group struct {
	name   string
	values []string
}

// groups puts the fields of a name together, in the order of their first ones.
func (h header) groups() []group {
	var out []group
	for _, f := range h {
		if i := slices.IndexFunc(out, func(g group) bool { return strings.EqualFold(g.name, f.name) }); i >= 0 {
			out[i].values = append(out[i].values, f.value)
			continue
		}
		out = append(out, group{f.name, []string{f.value}})
	}
	return out
}

// ascii reports whether a text may stand in a header field of the host.
func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' })
}

// token reports whether a text may be a field's name.
func token(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
