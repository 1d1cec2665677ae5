package hubdiff

import (
	"fmt"
	"strings"

	"github.com/azdurable/azdurable/internal/azuretest"
)

// maxShown is how much of a value a report shows, in characters.
const maxShown = 200

func column(e *azuretest.Entity, name string) string {
	for _, p := range e.Properties {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// eventKey is what two rows must share to be the same event: the kind, and the number of the task that it is about.
func eventKey(e *azuretest.Entity) string {
	return strings.Join([]string{column(e, "EventType"), column(e, "EventId"), column(e, "TaskScheduledId"), column(e, "TimerId")}, "/")
}

// eventLabel names a row in a report: an event by its key and kind, any other by its key.
func eventLabel(e *azuretest.Entity) string {
	kind := column(e, "EventType")
	if kind == "" {
		return label(e)
	}
	return strings.TrimLeft(e.RowKey, "0") + ":" + kind
}

func label(e *azuretest.Entity) string {
	if e.RowKey == "" {
		return "row"
	}
	return e.RowKey
}

func rowList(rows []azuretest.Entity) string {
	var all []string
	for i := range rows {
		all = append(all, eventLabel(&rows[i]))
	}
	return strings.Join(all, " ")
}

func describe(e *azuretest.Entity) string {
	var all []string
	for _, p := range e.Properties {
		all = append(all, p.Name+"="+short(p.Value))
	}
	return short(strings.Join(all, " "))
}

func typed(p *azuretest.Property) string {
	return strings.TrimPrefix(p.Type, "Edm.") + " " + short(p.Value)
}

// short cuts a value that is too long to be read.
func short(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", s[:maxShown], len(s))
}
