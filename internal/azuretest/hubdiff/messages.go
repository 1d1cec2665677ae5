package hubdiff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// flat is a message with its members by their paths.
type flat struct {
	text    string
	members map[string]string
}

// key is what two messages must share to be the same one: the kind of event, and what it is about. Ids are left out.
func (m *flat) key() string {
	var all []string
	for _, path := range []string{
		"TaskMessage.Event.EventType", "TaskMessage.Event.EventId", "TaskMessage.Event.TaskScheduledId", "TaskMessage.Event.TimerId", "TaskMessage.Event.Name",
	} {
		text := m.members[path]
		if strings.Contains(text, "T") {
			text = varying.ReplaceAllString(text, "…")
		}
		all = append(all, text)
	}
	return strings.Join(all, "/")
}

// messages makes messages comparable, in an order that does not depend on when they came.
func (c *comparison) messages(messages []azuretest.Message) []*flat {
	var all []*flat
	for _, m := range messages {
		f := flatMessage(m.Text)
		if !slices.Contains(c.o.Without, f.members["TaskMessage.OrchestrationInstance.InstanceId"]) {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b *flat) int { return strings.Compare(a.key(), b.key()) })
	return all
}

func flatMessage(text string) *flat {
	f := &flat{text: short(text), members: map[string]string{}}
	if v, ok := parse(text); ok {
		flatten("", v, f.members)
	} else {
		f.members[""] = text
	}
	return f
}

func flatten(path string, v any, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			flatten(strings.TrimPrefix(path+"."+name, "."), v[name], into)
		}
	case []any:
		for i := range v {
			flatten(fmt.Sprintf("%s[%d]", path, i), v[i], into)
		}
	case nil:
		into[path] = "null"
	case string:
		into[path] = v
	default:
		into[path] = fmt.Sprint(v)
	}
}

// message compares two messages.
func (c *comparison) message(kind, name string, a, b *flat) {
	for _, path := range union(slices.Collect(maps.Keys(a.members)), slices.Collect(maps.Keys(b.members))) {
		x, inA := a.members[path]
		y, inB := b.members[path]
		f := &Finding{Place: kind, Instance: name, Row: a.key(), Column: path, Recorded: short(x), Ours: short(y)}
		switch {
		case !inB:
			f.Kind = Missing
		case !inA:
			f.Kind = Extra
		default:
			if f.Kind = c.values(x, y); f.Kind == Same {
				continue
			}
		}
		c.found(f)
	}
}
