package main

import "github.com/azdurable/azdurable/durabletask"

// What goes wrong in the same way over HTTP and in a store, in the words of func durable where it has some (core-tools: DurableManager).

func noInstance(id string) error {
	return fail(exitNotFound, "Could not find an orchestration instance with id '%s'", visible(id))
}

func noEntity(id durabletask.EntityID) error {
	return fail(exitNotFound, "Could not find an entity with id '%s'", visible(id.String()))
}

func noMessage(id string) error {
	return fail(exitNotFound, "Could not find a message with id '%s' among those that were given up: it has been replayed or dropped", visible(id))
}

func badToken() error {
	return fail(exitUsage, "the token was not made for this list: pass on the one of the page before, unchanged")
}

func hasEnded(id string) error {
	return fail(exitState, "the instance '%s' has ended: nothing would read what is sent to it. 'azdurable instances restart' starts it again", visible(id))
}

func notRewound(why string) error {
	return fail(exitState, "Orchestration instance not rewound. Must have a status of 'Failed', or an EventType of 'TaskFailed' or "+
		"'SubOrchestrationInstanceFailed' to be rewound. (%s)", why)
}

func stillRunning(why string) error {
	return fail(exitState, "%s. 'azdurable instances terminate' ends it", why)
}

func alreadyThere(id, why string) error {
	return fail(exitState, "Could not start new instance '%s'. %s Choose another id, or terminate that one first", visible(id), why)
}

// notOverHTTP refuses what the HTTP API has no endpoint for.
func notOverHTTP(what string) error {
	return fail(exitUsage, "%s is not available over HTTP; use --connection or --data", what)
}
