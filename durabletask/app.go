package durabletask

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// App is the set of orchestrators, activities and entities that make up a program. Fill it before a worker uses it.
type App struct {
	orchestrators map[string]*OrchestratorFunc
	activities    map[string]*ActivityFunc
	entities      map[string]*EntityFunc
	errors        errorKinds
	http          HTTPOptions

	aroundOrchestrations []OrchestrationMiddleware
	aroundActivities     []ActivityMiddleware
	aroundEntities       []EntityMiddleware
}

// New makes an app and registers what is given.
func New(definitions ...Registration) *App {
	a := &App{
		orchestrators: make(map[string]*OrchestratorFunc), activities: make(map[string]*ActivityFunc), entities: make(map[string]*EntityFunc),
	}
	a.Register(definitions...)
	return a
}

// Registration is something that an app can register: an orchestrator, an activity or an entity.
type Registration interface {
	register(a *App)
}

// Register adds definitions to the app. It panics if a name is taken: names are what running instances find their code by.
// Names that differ only in case are the same name.
func (a *App) Register(definitions ...Registration) {
	for _, d := range definitions {
		d.register(a)
	}
}

// RegisterError gives an error of another package a kind of its own, so that errors.Is finds it behind a TaskError, too.
// Without it the kind of such an error is its Go type.
func (a *App) RegisterError(err error, kind string) {
	a.errors.add(err, kind)
}

// UseOrchestrations adds middleware around the orchestrations of the app. The first added is outermost.
func (a *App) UseOrchestrations(m ...OrchestrationMiddleware) {
	a.aroundOrchestrations = append(a.aroundOrchestrations, m...)
}

// UseActivities adds middleware around the activities of the app. The first added is outermost.
func (a *App) UseActivities(m ...ActivityMiddleware) {
	a.aroundActivities = append(a.aroundActivities, m...)
}

// UseEntities adds middleware around the batches of the app's entities. The first added is outermost.
func (a *App) UseEntities(m ...EntityMiddleware) {
	a.aroundEntities = append(a.aroundEntities, m...)
}

// Orchestrator returns the orchestrator with this name, in any letter case.
func (a *App) Orchestrator(name string) (*OrchestratorFunc, bool) {
	f, ok := a.orchestrators[strings.ToLower(name)]
	return f, ok
}

// Activity returns the activity with this name, in any letter case.
func (a *App) Activity(name string) (*ActivityFunc, bool) {
	f, ok := a.activities[strings.ToLower(name)]
	return f, ok
}

// Entity returns the entity with this name, in any letter case.
func (a *App) Entity(name string) (*EntityFunc, bool) {
	f, ok := a.entities[strings.ToLower(name)]
	return f, ok
}

// Orchestrators returns the registered orchestrators in order of their names.
func (a *App) Orchestrators() []*OrchestratorFunc {
	return slices.SortedFunc(maps.Values(a.orchestrators), func(f, g *OrchestratorFunc) int { return strings.Compare(f.name, g.name) })
}

// Activities returns the registered activities in order of their names.
func (a *App) Activities() []*ActivityFunc {
	return slices.SortedFunc(maps.Values(a.activities), func(f, g *ActivityFunc) int { return strings.Compare(f.name, g.name) })
}

// Entities returns the registered entities in order of their names.
func (a *App) Entities() []*EntityFunc {
	return slices.SortedFunc(maps.Values(a.entities), func(f, g *EntityFunc) int { return strings.Compare(f.name, g.name) })
}

// take makes sure that a name is free.
func take(kind, name, place, takenAt string, taken bool) {
	if taken {
		panic(fmt.Sprintf("durabletask: %s %q is defined twice, at %s and at %s; give one of them another name with durabletask.Named(\"…\")",
			kind, name, takenAt, place))
	}
}
