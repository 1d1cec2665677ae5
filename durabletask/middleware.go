package durabletask

import "github.com/azdurable/azdurable/durabletask/internal/dispatch"

type (
	// OrchestrationWork is one episode of an orchestration on its way through the middleware.
	OrchestrationWork = dispatch.Orchestration
	// ActivityWork is one delivery of an activity on its way through the middleware.
	ActivityWork = dispatch.Activity

	// EntityWork is one batch of an entity's operations on its way through the middleware.
	EntityWork = dispatch.Entity

	// Work is what passes through middleware.
	Work = dispatch.Work
	// Handler carries work out; an error means that it could not be done now and is to come again later.
	Handler[W Work] = dispatch.Handler[W]
	// Middleware wraps a handler in another one.
	Middleware[W Work] = dispatch.Middleware[W]

	// OrchestrationMiddleware sees every episode of every orchestration.
	OrchestrationMiddleware = Middleware[*OrchestrationWork]
	// ActivityMiddleware sees every delivery of every activity.
	ActivityMiddleware = Middleware[*ActivityWork]
	// EntityMiddleware sees every batch of every entity.
	EntityMiddleware = Middleware[*EntityWork]
)
