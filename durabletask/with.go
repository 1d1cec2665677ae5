package durabletask

import (
	"maps"
	"slices"
)

// With returns a copy of the app in which the definitions stand in for those of the same name, if there are any: for tests that replace
// activities, and for middleware that the app itself is not to have.
func (a *App) With(definitions ...Registration) *App {
	c := &App{
		orchestrators: maps.Clone(a.orchestrators), activities: maps.Clone(a.activities), entities: maps.Clone(a.entities), errors: slices.Clone(a.errors),
		http:                 a.http,
		aroundOrchestrations: slices.Clone(a.aroundOrchestrations), aroundActivities: slices.Clone(a.aroundActivities),
		aroundEntities: slices.Clone(a.aroundEntities),
	}
	for _, d := range definitions {
		one := New(d)
		one.errors = c.errors
		maps.Copy(c.orchestrators, one.orchestrators)
		maps.Copy(c.activities, one.activities)
		maps.Copy(c.entities, one.entities)
	}
	return c
}
