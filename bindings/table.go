package bindings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Table is the set of an app's triggers, by the names of their functions. Names that differ only in case are the same name.
// Fill it before anything looks into it.
type Table struct{ triggers map[string]Trigger }

// NewTable makes a table of triggers.
func NewTable(triggers ...Trigger) *Table {
	t := &Table{triggers: make(map[string]Trigger, len(triggers))}
	for _, trigger := range triggers {
		t.Register(trigger)
	}
	return t
}

// Register adds a trigger. It panics if a function of that name is there already, of whatever kind: the name is the folder of
// the function under the Functions host, so there can be only one.
func (t *Table) Register(trigger Trigger) {
	key := strings.ToLower(trigger.Name())
	if other, taken := t.triggers[key]; taken {
		panic(fmt.Sprintf("bindings: two functions are named %q: the %s at %s and the %s at %s; give one of them another name "+
			"(durabletask.Named(\"…\"), or the first argument of bindings.HTTP)",
			trigger.Name(), other.Type(), other.Place(), trigger.Type(), trigger.Place()))
	}
	t.triggers[key] = trigger
}

// Lookup returns the trigger of the function with this name, in any letter case.
func (t *Table) Lookup(name string) (Trigger, bool) {
	found, ok := t.triggers[strings.ToLower(name)]
	return found, ok
}

// Orchestration returns the trigger of the orchestrator with this name, in any letter case.
func (t *Table) Orchestration(name string) (*OrchestrationTrigger, bool) {
	found, ok := t.triggers[strings.ToLower(name)].(*OrchestrationTrigger)
	return found, ok
}

// Activity returns the trigger of the activity with this name, in any letter case.
func (t *Table) Activity(name string) (*ActivityTrigger, bool) {
	found, ok := t.triggers[strings.ToLower(name)].(*ActivityTrigger)
	return found, ok
}

// Entity returns the trigger of the entity with this name, in any letter case.
func (t *Table) Entity(name string) (*EntityTrigger, bool) {
	found, ok := t.triggers[strings.ToLower(name)].(*EntityTrigger)
	return found, ok
}

// All returns the triggers in order of their names.
func (t *Table) All() []Trigger {
	return slices.SortedFunc(maps.Values(t.triggers), func(a, b Trigger) int {
		return strings.Compare(strings.ToLower(a.Name()), strings.ToLower(b.Name()))
	})
}

// Names returns the names of the functions with this kind of trigger, in order.
func (t *Table) Names(kind string) []string {
	var names []string
	for _, trigger := range t.All() {
		if trigger.Type() == kind {
			names = append(names, trigger.Name())
		}
	}
	return names
}
