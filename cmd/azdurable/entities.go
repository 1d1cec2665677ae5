package main

import (
	"strings"

	"github.com/azdurable/azdurable/durabletask"
)

// entitiesCommands are the commands about entities.
type entitiesCommands struct {
	target `embed:""`
	List   entitiesListCommand  `cmd:"" help:"List entities."`
	Get    entityGetCommand     `cmd:"" help:"Print the state of an entity."`
	Signal entitySignalCommand  `cmd:"" help:"Send an operation to an entity."`
	Clean  entitiesCleanCommand `cmd:"" help:"Remove the records of entities that hold nothing any more, and release locks that nobody holds."`
}

// parseEntity reads the id of an entity: name@key, or @name@key.
func parseEntity(id string) (durabletask.EntityID, error) {
	name, key, ok := strings.Cut(strings.TrimPrefix(id, "@"), "@")
	if !ok || name == "" {
		return durabletask.EntityID{}, fail(exitUsage, "%q is no entity: write <name>@<key>, such as counter@a", visible(id))
	}
	return durabletask.EntityID{Name: name, Key: key}, nil
}
