package replay

import (
	"strconv"

	"github.com/azdurable/azdurable/durabletask/history"
)

// markers are what this engine records for its own use, as GenericEvents that every replay of DTFx passes over.
type markers struct {
	recorded map[string]*history.GenericEvent // of the whole history, also of what has not been replayed yet
	fresh    []*history.GenericEvent          // of this episode
	patched  map[string]bool                  // what Patched has answered
	values   int                              // how many values have been recorded
}

// scan reads the markers of a history before it is replayed.
func (m *markers) scan(past []history.Event) {
	for _, e := range past {
		if g, ok := e.(*history.GenericEvent); ok && g.Marker != "" {
			m.recorded[g.Marker] = g
		}
	}
}

func (m *markers) add(marker string, data *string) {
	g := &history.GenericEvent{Header: history.Header{ID: history.NoID}, Marker: marker, Data: data}
	m.recorded[marker] = g
	m.fresh = append(m.fresh, g)
}

// Patched reports whether the execution came to this point first with code that has the change; only then may the new code run. The
// answer for one change never differs within an execution.
func (x *Execution) Patched(change string) bool {
	x.check()
	if answer, asked := x.markers.patched[change]; asked {
		return answer
	}
	marker := "patch:" + change
	_, answer := x.markers.recorded[marker]
	if !answer && !x.replaying {
		x.markers.add(marker, nil)
		answer = true
	}
	if x.markers.patched == nil {
		x.markers.patched = make(map[string]bool)
	}
	x.markers.patched[change] = answer
	return answer
}

// Record returns the value that fn returned when the execution first came to this point.
func (x *Execution) Record(name string, fn func() string) string {
	x.check()
	marker := "value:" + strconv.Itoa(x.markers.values) + ":" + name
	x.markers.values++
	if g, ok := x.markers.recorded[marker]; ok && g.Data != nil {
		return *g.Data
	}
	value := fn()
	x.markers.add(marker, &value)
	return value
}
